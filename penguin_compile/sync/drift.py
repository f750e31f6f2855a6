"""Drift: the live edits of an environment, and the note that a person knows of them.

A plan that looks for live edits only. BASE against LIVE, whatever the spec says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Any

from penguin_compile.core.errors import StalePlan
from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import ABSENT, Action, Change, ChangeClass, FieldChange, Plan
from penguin_compile.model.record import VALUE, Base, Live, SecretState
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.edits import DELETED, find_edits, mark_edits
from penguin_compile.sync.holder import user_name
from penguin_compile.sync.kept_plan import keep_plan
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.planning import Situation
from penguin_compile.sync.remembered import AuditEntry, Entry, RevisionStart, Step
from penguin_compile.sync.settlement import settled_value
from penguin_compile.sync.state import State

_ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEdit:
    """One resource that is otherwise live than it was settled.

    `fields` have no `desired`: the spec is not asked. `change` is what a plain apply would do, None
    where the plan doesn't speak of it.
    """

    base: Base
    live: Live | None
    fields: tuple[FieldChange, ...]
    mark: str
    change: Change | None = field(default=None, repr=False)

    @property
    def deleted(self) -> bool:
        """Whether the whole resource is gone."""
        return self.live is None

    @property
    def kept(self) -> bool:
        """Whether a person knows of exactly this edit and keeps it."""
        return self.base.kept == self.mark


def find_drift(plan: Plan, situation: Situation) -> list[LiveEdit]:
    """Every live edit, in the order of the plan's kinds and then by address."""
    changes = {one.address: one for one in plan.changes}
    found = []
    for address in sorted(situation.bases):
        if address.kind not in situation.kinds:
            continue
        edit = find_edit(situation.bases[address], situation.live.get(address))
        if edit is not None:
            found.append(replace(edit, change=changes.get(address)))
    return sorted(found, key=lambda one: situation.kinds.index(one.base.address.kind))


def find_edit(base: Base, live: Live | None) -> LiveEdit | None:
    """What was edited of one settled resource; None where it is live as it was settled."""
    if live is None:
        fields = tuple(_field(path, value, ABSENT) for path, value in base.fields.items())
        return LiveEdit(base=base, live=None, fields=fields, mark=DELETED)
    settled = dict(base.fields)
    if VALUE in settled:  # by the type that the spec gives it by now
        settled[VALUE] = settled_value(base, live)
    edits = find_edits(settled, live)
    mark = mark_edits(edits)
    if mark is None:
        return None
    fields = tuple(_field(path, settled.get(path, ABSENT), one) for path, one in edits.items())
    return LiveEdit(base=base, live=live, fields=fields, mark=mark)


def select_edits(edits: Iterable[LiveEdit], globs: Sequence[str]) -> list[LiveEdit]:
    """The edits not kept yet that one of the globs means."""
    return [
        one
        for one in edits
        if not one.kept and any(fnmatchcase(str(one.base.address), glob) for glob in globs)
    ]


def acknowledge(
    state: State,
    plan: Plan,
    edits: Sequence[LiveEdit],
    *,
    spec: str,
    git_commit: str | None = None,
    actor: str | None = None,
    lock_timeout: float = 0.0,
) -> int:
    """Note in the ledger that these edits of the plan are kept, as one revision; its number.

    `spec` is the spec's path. Raises LockHeld, and StalePlan where the ledger moved since the edits
    were looked for.
    """
    who = actor or user_name()
    start = _start(plan, edits, spec=spec, git_commit=git_commit, actor=who)
    with (
        hold_lock(state, holder=who, timeout=lock_timeout) as lock,
        state.database.writing("acknowledging live edits") as connection,
    ):
        lock.confirm(connection)
        seen = {one.base.address: one.base.revision for one in edits}
        if state.moved(connection, seen):
            raise StalePlan(
                "another run settled these addresses meanwhile",
                hint="look again: penguin-compile drift",
            )
        revision = state.begin_revision(connection, start)
        state.settle(connection, revision, [_entry(one) for one in edits])
        state.audit(
            connection, [_audit(one) for one in edits], actor=who, via="drift", revision=revision
        )
        steps = [
            Step(address=one.base.address, action=_ACKNOWLEDGE, status="done") for one in edits
        ]
        state.record(connection, revision, steps)
        lock.confirm(connection)
    return revision


def _start(
    plan: Plan, edits: Sequence[LiveEdit], *, spec: str, git_commit: str | None, actor: str
) -> RevisionStart:
    """A revision whose plan holds the edits, and writes nothing."""
    changes = tuple(
        Change(
            address=one.base.address,
            klass=ChangeClass.DELETED_OUTSIDE if one.deleted else ChangeClass.OVERRIDE_KEPT,
            action=Action.NONE,
            fields=one.fields,
            ledger_changes=True,
            manage=one.base.manage.value,
            precondition=None if one.live is None else one.live.digest,
            ledger_revision=one.base.revision,
            reason="acknowledged",
        )
        for one in edits
    )
    edited = "1 live edit" if len(edits) == 1 else f"{len(edits)} live edits"
    return RevisionStart(
        actor=actor,
        tool_version=plan.tool_version,
        spec_digest=plan.spec_digest,
        git_commit=git_commit,
        plan=keep_plan(replace(plan, changes=changes), spec, Decisions()),
        note=f"acknowledged {edited}",
        complete=True,
    )


def _entry(edit: LiveEdit) -> Entry:
    base = edit.base
    return Entry(
        address=base.address,
        fields=base.fields,
        manage=base.manage.value,
        protected=base.protected,
        kept=edit.mark,
    )


def _audit(edit: LiveEdit) -> AuditEntry:
    after = {one.path: one.live for one in edit.fields if one.live is not ABSENT}
    return AuditEntry(
        address=edit.base.address,
        action=_ACKNOWLEDGE,
        before={one.path: one.base for one in edit.fields if one.base is not ABSENT},
        after=None if edit.deleted else after,
    )


def _field(path: str, base: Any, live: Any) -> FieldChange:
    secret = isinstance(base, SecretState) or isinstance(live, SecretState)
    return FieldChange(path=path, base=base, live=live, desired=ABSENT, sensitive=secret)
