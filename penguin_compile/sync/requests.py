"""The gateway's part of apply: change by change, each remembered at once.

After the database part (`application.py`). The intent is recorded before a request and its
outcome after it, so that history tells what a killed run may have done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT, Action, Change
from penguin_compile.model.record import Desired
from penguin_compile.sync.lock import Lock
from penguin_compile.sync.outcome import Failed, GatewayWriter, Outcome, Progress, Skipped
from penguin_compile.sync.state import AuditEntry, Entry, State, Step

# The fields of a mapping that name services. Source: services.json and mappings.json.
_REFERENCES: Final = ("source_services", "dest_services")
_SERVICE: Final = "service"
_MAPPING: Final = "mapping"
_STOPPED: Final = "the run was stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Notes intents and outcomes of one revision; each in a transaction that confirms the lock."""

    state: State
    lock: Lock
    revision: int
    actor: str

    def intend(self, change: Change) -> None:
        """LockHeld where another run took over: then the request must not be made."""
        with self.state.database.writing("recording an intent") as connection:
            self.lock.confirm(connection)
            self.state.record(connection, self.revision, [step_of(change, "intent")])

    def conclude(self, change: Change, ends: str | None) -> None:
        """A request that was done: its outcome, ledger entry and audit.

        With the last request, `ends` is how the revision ended: there is no moment between.
        """
        with self.state.database.writing("recording an outcome") as connection:
            self.lock.confirm(connection)
            self.state.record(connection, self.revision, [step_of(change, "done")])
            self.state.settle(connection, self.revision, [ledger_entry(change)])
            audit = AuditEntry(
                address=change.address,
                action=change.action.value,
                before=_side(change, "live"),
                after=None if change.action is Action.DELETE else change.writes,
            )
            self.state.audit(connection, [audit], actor=self.actor, revision=self.revision)
            if ends is not None:
                self.state.finish_revision(connection, self.revision, ends)

    def note(self, steps: Iterable[Step], *, last: bool) -> None:
        """Changes that were not done; the last ones end the revision as a partial one."""
        with self.state.database.writing("recording an outcome") as connection:
            self.lock.confirm(connection)
            self.state.record(connection, self.revision, steps)
            if last:
                self.state.finish_revision(connection, self.revision, "partial")


def apply_requests(
    changes: Sequence[Change],
    gateway: GatewayWriter,
    recorder: Recorder,
    *,
    desired: Mapping[Address, Desired],
    progress: Progress,
    outcome: Outcome,
) -> Outcome:
    """Make the changes in their order and add to the outcome what became of them.

    What depends on a change that failed is skipped, the rest goes on; a fatal failure skips
    everything after it.
    """
    undone: dict[Address, Change] = {}
    for position, change in enumerate(changes):
        rest = changes[position + 1 :]
        obstacle = _find_obstacle(change, undone, desired)
        if obstacle is not None:
            undone[change.address] = change
            recorder.note([step_of(change, "skipped", _reason(obstacle))], last=not rest)
            outcome = _skip(outcome, [change], _reason(obstacle), progress)
            continue
        recorder.intend(change)
        try:
            gateway.write(change)
        except GatewayFailure as failure:
            undone[change.address] = change
            left = rest if failure.fatal else ()
            steps = [step_of(change, "failed", failure.message)]
            steps += [step_of(one, "skipped", _STOPPED) for one in left]
            recorder.note(steps, last=len(left) == len(rest))
            progress(change, "failed")
            outcome = _fail(outcome, change, failure)
            if failure.fatal:
                return _skip(outcome, left, _STOPPED, progress)
            continue
        ends = "done" if outcome.complete else "partial"
        recorder.conclude(change, None if rest else ends)
        progress(change, "done")
        outcome = replace(outcome, done=(*outcome.done, change.address))
    return outcome


def _reason(obstacle: Address) -> str:
    return f"{obstacle} was not done"


def _fail(outcome: Outcome, change: Change, failure: GatewayFailure) -> Outcome:
    failed = Failed(address=change.address, message=failure.message, hint=failure.hint)
    fatal = failure if failure.fatal else None
    return replace(outcome, failed=(*outcome.failed, failed), fatal=fatal)


def _skip(outcome: Outcome, changes: Sequence[Change], reason: str, progress: Progress) -> Outcome:
    for one in changes:
        progress(one, "skipped")
    skipped = (Skipped(address=one.address, reason=reason) for one in changes)
    return replace(outcome, skipped=(*outcome.skipped, *skipped))


def _find_obstacle(
    change: Change, undone: Mapping[Address, Change], desired: Mapping[Address, Desired]
) -> Address | None:
    """The undone change that this one needs: services before mappings, the reverse to delete."""
    if change.address.kind == _MAPPING and change.action is not Action.DELETE:
        wanted = desired.get(change.address)
        named = _names(change.writes or {}) | _names({} if wanted is None else wanted.fields)
        needed = {Address(_SERVICE, name) for name in named}
        return next((one for one in undone if one in needed), None)
    if change.address.kind == _SERVICE and change.action is Action.DELETE:
        for address, other in undone.items():
            # A field that the change doesn't show is live as the ledger will have it.
            live = {**(other.ledger or {}), **(_side(other, "live") or {})}
            if address.kind == _MAPPING and change.address.name in _names(live):
                return address
    return None


def _names(fields: Mapping[str, Any]) -> set[str]:
    return {name for path in _REFERENCES for name in fields.get(path) or ()}


def _side(change: Change, side: str) -> dict[str, Any] | None:
    """One of the three sides of the fields that a change shows; None where it has none."""
    shown = {one.path: getattr(one, side) for one in change.fields}
    return {path: value for path, value in shown.items() if value is not ABSENT} or None


def ledger_entry(change: Change) -> Entry:
    """The ledger's entry after a change, as the plan has it."""
    return Entry(
        address=change.address,
        fields=change.ledger,
        manage=change.manage,
        protected=change.protected,
        kept=change.kept,
    )


def step_of(change: Change, status: str, message: str | None = None) -> Step:
    """What is noted of a change."""
    return Step(address=change.address, action=change.action.value, status=status, message=message)
