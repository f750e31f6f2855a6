"""The gateway's part of apply: change by change, each remembered at once.

After the database part (`application.py`). The intent is recorded before a request and its
outcome after it, so that history tells what a killed run may have done. Changes of one level go
out several at a time; one thread alone writes what is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from itertools import groupby
from typing import Any, Final

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT, Action, Change
from penguin_compile.model.record import Desired
from penguin_compile.sync.crew import Crew, Withdrawn
from penguin_compile.sync.lock import Lock
from penguin_compile.sync.outcome import Failed, GatewayWriter, Outcome, Progress, Skipped
from penguin_compile.sync.remembered import AuditEntry, Entry, Step
from penguin_compile.sync.state import State

# The fields of a mapping that name services. Source: services.json and mappings.json.
_REFERENCES: Final = ("source_services", "dest_services")
_SERVICE: Final = "service"
_MAPPING: Final = "mapping"
_BULK: Final = frozenset((Action.CREATE, Action.UPDATE))
_WORTH_A_LIST: Final = 64
_STOPPED: Final = "the run was stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Notes intents and outcomes of one revision; each in a transaction that confirms the lock."""

    state: State
    lock: Lock
    revision: int
    actor: str

    def advance(
        self, done: Sequence[Change], intents: Sequence[Change], ends: str | None = None
    ) -> None:
        """In one transaction: what was done, with ledger entry and audit, and what is sent next.

        LockHeld where another run took over: then no request must be made. With the last request,
        `ends` is how the revision ended: there is no moment between.
        """
        with self.state.database.writing("recording an outcome") as connection:
            self.lock.confirm(connection)
            for changes, status in ((done, "done"), (intents, "intent")):
                addresses = [one.address for one in changes]
                self.state.mark(connection, self.revision, addresses, status)
            if done:
                entries = [ledger_entry(one) for one in done]
                known = [one.address for one in done if one.ledger_revision is not None]
                self.state.settle(connection, self.revision, entries, known=known)
                audit = [_audit(one) for one in done]
                self.state.audit(connection, audit, actor=self.actor, revision=self.revision)
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
    parallelism: int = 1,
    bulk: bool = False,
) -> Outcome:
    """Make the changes, level after level, and add to the outcome what became of them.

    What depends on a change that failed is skipped, the rest goes on; a fatal failure skips
    everything after it. `bulk` makes creates and updates by one request.
    """
    run = _Requests(
        gateway=gateway, recorder=recorder, desired=desired, progress=progress, outcome=outcome
    )
    run.left = len(changes)
    if bulk:
        run.do_all([one for one in changes if one.action in _BULK])
        changes = [one for one in changes if one.action not in _BULK]
    with Crew(gateway, parallelism) as crew:
        for _, level in groupby(changes, key=_level):
            run.do_level(crew, deque(level))
    return run.outcome


def _level(change: Change) -> tuple[bool, str]:
    """Changes of one level don't depend on each other; the plan has the levels in order."""
    return change.action is Action.DELETE, change.address.kind


@dataclass(slots=True, kw_only=True)
class _Requests:
    """The requests of one run, recorded by one thread while others wait for answers.

    `left` counts the changes of which nothing final is recorded yet. `unconfirmed` are answered and
    not read back; `worth` is how many of them are read back at once.
    """

    gateway: GatewayWriter
    recorder: Recorder
    desired: Mapping[Address, Desired]
    progress: Progress
    outcome: Outcome
    left: int = 0
    undone: dict[Address, Change] = field(default_factory=dict)
    unconfirmed: list[Change] = field(default_factory=list)
    worth: int = _WORTH_A_LIST

    def do_level(self, crew: Crew, waiting: deque[Change]) -> None:
        """All changes of a level, as many at a time as there are hands."""
        done: list[Change] = []
        while waiting or crew.busy or done:
            room = 0 if self.outcome.fatal or self._is_due else crew.free
            following = self._choose(waiting, room)
            self._record(done, following)
            for one in following:
                crew.begin(one)
            if crew.busy:
                done = self._hold(self._finish_some(crew))
            elif self._is_due:  # when all hands are idle: no request more than there are hands
                done = self._confirm()
            else:
                self._skip_all(waiting)
                break
        self._record(self._confirm(), [])

    @property
    def _is_due(self) -> bool:
        """Whether so many wait to be read back that it is worth a list."""
        return len(self.unconfirmed) >= self.worth

    def _hold(self, done: list[Change]) -> list[Change]:
        """Keep what has to be read back first; return what is done."""
        self.unconfirmed += [one for one in done if self.gateway.must_confirm(one.address.kind)]
        return [one for one in done if not self.gateway.must_confirm(one.address.kind)]

    def _confirm(self) -> list[Change]:
        """Read back what was kept: those that are as they were meant; the others have failed."""
        if self._is_due:
            self.worth *= 2  # so that many changes take few lists, and a kill forgets few of few
        held, self.unconfirmed = self.unconfirmed, []
        failed = self.gateway.confirm(held) if held else {}
        for one in held:
            if one.address in failed:
                self._fail(one, failed[one.address])
        return [one for one in held if one.address not in failed]

    def _finish_some(self, crew: Crew) -> list[Change]:
        """Wait for answers and take all that are there; return what is done, record failures."""
        done: list[Change] = []
        while True:
            change, failure = crew.finish()
            if failure is None:
                done.append(change)
            elif isinstance(failure, Withdrawn):
                self._skip([change], _STOPPED)
            else:
                self._fail(change, failure)
            if not crew.ready and (failure is not None or not crew.supplied):
                return done

    def do_all(self, changes: Sequence[Change]) -> None:
        """All of them by one request."""
        if not changes:
            return
        self.recorder.advance([], changes)
        try:
            failed = self.gateway.write_all(changes)
        except GatewayFailure as failure:
            failed = {one.address: failure for one in changes}
        self._record([one for one in changes if one.address not in failed], [])
        for one in changes:
            if one.address in failed:
                self._fail(one, failed[one.address])

    def _choose(self, waiting: deque[Change], room: int) -> list[Change]:
        """The next changes that nothing stands in the way of; the others are skipped."""
        chosen: list[Change] = []
        while waiting and len(chosen) < room:
            change = waiting.popleft()
            obstacle = _find_obstacle(change, self.undone, self.desired)
            if obstacle is None:
                chosen.append(change)
            else:
                self._skip([change], f"{obstacle} was not done")
        return chosen

    def _record(self, done: Sequence[Change], following: Sequence[Change]) -> None:
        if not done and not following:
            return
        self.left -= len(done)
        ends = "done" if self.outcome.complete else "partial"
        self.recorder.advance(done, following, None if self.left else ends)
        for change in done:
            self.progress(change, "done")
        addresses = (one.address for one in done)
        self.outcome = replace(self.outcome, done=(*self.outcome.done, *addresses))

    def _fail(self, change: Change, failure: GatewayFailure) -> None:
        self.left -= 1
        self.undone[change.address] = change
        step = step_of(change, "failed", failure.message)
        self.recorder.note([step], last=not self.left)
        self.progress(change, "failed")
        failed = Failed(address=change.address, message=failure.message, hint=failure.hint)
        self.outcome = replace(
            self.outcome,
            failed=(*self.outcome.failed, failed),
            fatal=self.outcome.fatal or (failure if failure.fatal else None),
        )

    def _skip_all(self, waiting: deque[Change]) -> None:
        changes = list(waiting)
        waiting.clear()
        if changes:
            self._skip(changes, _STOPPED)

    def _skip(self, changes: Sequence[Change], reason: str) -> None:
        self.left -= len(changes)
        self.undone.update((one.address, one) for one in changes)
        steps = [step_of(one, "skipped", reason) for one in changes]
        self.recorder.note(steps, last=not self.left)
        for one in changes:
            self.progress(one, "skipped")
        skipped = (Skipped(address=one.address, reason=reason) for one in changes)
        self.outcome = replace(self.outcome, skipped=(*self.outcome.skipped, *skipped))


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


def _audit(change: Change) -> AuditEntry:
    return AuditEntry(
        address=change.address,
        action=change.action.value,
        before=_side(change, "live"),
        after=None if change.action is Action.DELETE else change.writes,
    )


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
