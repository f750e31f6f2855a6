"""A plan is a value: what differs, what apply would do about it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address

FORMAT = 1


class ChangeClass(StrEnum):
    """The classes of sync.md's table."""

    CREATE = "create"
    ADOPT = "adopt"
    LEFT = "left"
    OVERRIDE_KEPT = "override kept"
    CONFLICT = "conflict"
    UNCHANGED = "unchanged"
    UPDATE = "update"
    RESTORE = "restore"
    CONVERGED = "converged"
    DELETED_OUTSIDE = "deleted outside"
    RECREATE = "recreate"
    REPLACE = "replace"
    DELETE = "delete"
    RELEASE = "release"
    FORGET = "forget"
    UNMANAGED = "unmanaged"


class Action(StrEnum):
    """What apply writes to the live system."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"  # delete and create: what differs can't be changed in place
    DELETE = "delete"


class Absent:
    """There is no such value: not null, not empty."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field's three values; ABSENT where there is none, fingerprints where it is secret."""

    path: str
    base: Any
    live: Any
    desired: Any
    sensitive: bool = False


class Origin(StrEnum):
    """Where the running app finds a setting: the standard's precedence."""

    ROW = "row"
    VARIABLE = "variable"
    DEFAULT = "default"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The value of a setting that the running app sees, as far as that can be known.

    A variable's value is what compile writes; ABSENT where only the deployment knows it.
    """

    value: Any
    origin: Origin
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource: its class, the action, and what the ledger will hold afterwards.

    `ledger` is None when the entry goes away, and the entry's present fields when it stays.
    `precondition` is the digest of what was live when the plan was made, or None for nothing.
    `writes` are the fields that the action sets. `kept` goes into the ledger: the digest of LIVE
    where an edit was knowingly kept. `sees` is there where the running app sees another value than
    the spec's.
    """

    address: Address
    klass: ChangeClass
    action: Action
    fields: tuple[FieldChange, ...] = ()
    writes: Mapping[str, Any] | None = None
    ledger: Mapping[str, Any] | None = None
    ledger_changes: bool = False
    manage: str = "merge"
    protected: bool = False
    reason: str = ""
    origin: str | None = None
    precondition: str | None = None
    ledger_revision: int | None = None
    kept: str | None = None
    edited_by: str | None = None
    edited_at: str | None = None
    sees: Sight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes of one app and environment, in the order in which apply takes them.

    `targets` are the systems as a person may see them, without passwords. `unchanged` counts, by
    kind, what there is nothing to say or to do about; it is not among the changes.
    `refusals` are why apply would refuse it, conflicts apart.
    """

    app: str
    environment: str
    protected: bool
    spec_digest: str
    tool_version: str
    created_at: str
    targets: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    refusals: tuple[str, ...] = ()
