"""A plan is a value: what differs, what apply would do about it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    DELETE = "delete"
    RELEASE = "release"
    FORGET = "forget"
    UNMANAGED = "unmanaged"


class Action(StrEnum):
    """What apply writes to the live system."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource: its class, the action, and what the ledger will hold afterwards.

    `ledger` is None when the entry goes away, and the entry's present fields when it stays.
    `precondition` is the digest of what was live when the plan was made, or None for nothing.
    `writes` are the fields that the action sets. `kept` goes into the ledger: the digest of LIVE
    where an edit was knowingly kept.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes of one app and environment, in the order in which apply takes them.

    `targets` are the systems as a person may see them, without passwords. `unmanaged` counts
    what neither spec nor ledger knows. `refusals` are why apply would refuse it, conflicts apart.
    """

    app: str
    environment: str
    protected: bool
    spec_digest: str
    tool_version: str
    created_at: str
    targets: tuple[str, ...]
    changes: tuple[Change, ...]
    notices: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    refusals: tuple[str, ...] = ()
