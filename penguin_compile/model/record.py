"""A resource as fields, the one form in which spec, live system and ledger are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from hmac import compare_digest
from typing import Any

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import Masked
from penguin_compile.model.address import Address
from penguin_compile.model.setting import Manage

VALUE = "value"  # the field of a config row that `manage` governs


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """A secret in place of its value: comparable, storable, and of no use to a thief.

    `fingerprint` is HMAC-SHA-256 of the value, keyed by a salt of the environment; `stored` is
    SHA-256 of the text that the row holds (a ciphertext, say). Neither is there for what the spec
    wants in a plain plan, which resolves no secret: it is known at apply.
    """

    fingerprint: str | None = None
    stored: str | None = None

    def same(self, other: object) -> bool | None:
        """Whether both stand for one value; None when that can't be told yet."""
        if not isinstance(other, SecretState):
            return False
        if self.fingerprint is not None and other.fingerprint is not None:
            return compare_digest(self.fingerprint, other.fingerprint)
        if self.stored is not None and other.stored is not None:
            return compare_digest(self.stored, other.stored)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the spec says of one resource.

    `fields` hold canonical values; a config key that has no value in the spec has no `value`
    field. `pointer` is the node of the spec that says it. `secret` is the value of a sensitive key
    where it was resolved; it is used by the write alone and enters no plan.
    """

    address: Address
    fields: Mapping[str, Any]
    pointer: Pointer
    manage: Manage = Manage.MERGE
    protected: bool = False
    required: bool = False
    secret: Masked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What is there now.

    `digest` is of all that was read and goes into the plan as its precondition. `owner` names
    another collection or cluster where the resource isn't ours to touch. `fixed` are fields that
    would have to change and can't be, each with its live and its wanted value: only a delete and a
    create make them so. `remote` is whatever the backend needs to find it again; it never enters a
    plan. `read_as` is the type by which a row's text was read.
    """

    address: Address
    fields: Mapping[str, Any]
    digest: str
    owner: str | None = None
    edited_by: str | None = None
    edited_at: str | None = None
    fixed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    remote: Mapping[str, Any] = field(default_factory=dict)
    read_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What was last settled here: the ledger's entry."""

    address: Address
    fields: Mapping[str, Any]
    manage: Manage
    protected: bool
    revision: int
    kept: str | None = None
