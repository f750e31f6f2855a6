"""What the state keeps, as values: ledger entries, revisions with their steps, and the audit.

Under `state.py`, which reads and writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.model.setting import Manage


class Entry(NamedTuple):
    """What the ledger is to hold of an address; `fields` None: nothing."""

    address: Address
    fields: Mapping[str, Any] | None
    manage: str = Manage.MERGE.value
    protected: bool = False
    kept: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionStart:
    """What a revision knows when it begins. `plan` is JSON without secrets.

    `note` says what it was where it was no plain apply: a rollback, an acknowledgement. `complete`:
    it is done in the transaction that begins it.
    """

    actor: str
    tool_version: str
    spec_digest: str
    git_commit: str | None = None
    plan: str | None = None
    note: str | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One apply. `status` is running, done, partial, or interrupted (found running by a later)."""

    id: int
    started_at: str
    finished_at: str | None
    actor: str
    tool_version: str
    git_commit: str | None
    spec_digest: str
    status: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one change: pending, intent, done, failed, skipped, or unknown."""

    address: Address
    action: str
    status: str
    message: str | None = None


class AuditEntry(NamedTuple):
    """Who changed what, from what to what; secrets as their state."""

    address: Address
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
