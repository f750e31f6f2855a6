"""Apply: a plan becomes what is live, and what is remembered (sync.md, Apply).

Last step of the pipeline. The database part is one transaction with its ledger entries, audit
and revision; then the gateway, change by change, each remembered at once. Killed anywhere, the
next plan reads back what was done and the same command does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import OutcomeUnknown, PenguinError, StalePlan, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.live.config.row import KIND as CONFIG
from penguin_compile.live.config.row import Row
from penguin_compile.live.config.writing import SettingsWriter, Written
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, Plan
from penguin_compile.model.record import VALUE, Desired, Live, SecretState
from penguin_compile.sync.edits import find_edits, mark_edits
from penguin_compile.sync.holder import user_name
from penguin_compile.sync.lock import Lock, hold_lock
from penguin_compile.sync.outcome import GatewayWriter, Outcome, Progress
from penguin_compile.sync.remembered import AuditEntry, Entry, RevisionStart
from penguin_compile.sync.requests import Recorder, apply_requests, ledger_entry, step_of
from penguin_compile.sync.state import State

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HINT: Final = "make a new plan: penguin-compile plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who applies, for the history. `plan` is the plan's JSON, without secrets.

    `note` says what it is where it is no plain apply.
    """

    name: str | None = None
    git_commit: str | None = None
    plan: str | None = None
    note: str | None = None


def apply_plan(
    plan: Plan,
    *,
    config: ConfigBackend | None,
    gateway: GatewayWriter | None,
    state: State,
    desired: Mapping[Address, Desired],
    lock_timeout: float = 0.0,
    progress: Progress | None = None,
    author: Author | None = None,
    parallelism: int = 1,
    bulk: bool = False,
) -> Outcome:
    """Do the plan, exactly. `lock_timeout` in seconds.

    `parallelism` and `bulk` are of the gateway's part; see `apply_requests`. Raises StalePlan
    (nothing was written), LockHeld, SecretUnavailable, DatabaseFailure. What the gateway doesn't
    take is no exception but part of the outcome.
    """
    touched = [one for one in plan.changes if _touches(one)]
    if not touched:
        return Outcome()
    run = _Run(
        plan=plan,
        rows=[one for one in touched if one.address.kind == CONFIG],
        resources=[one for one in touched if one.address.kind != CONFIG],
        config=config,
        gateway=gateway,
        state=state,
        desired=desired,
        author=author or Author(),
        progress=progress or _ignore,
    )
    run.check_systems()
    run.check_config_early()
    with hold_lock(state, holder=run.actor, timeout=lock_timeout) as lock:
        run.check_gateway()
        revision = run.apply_database(lock)
        rows = [one.address for one in run.rows if one.action is not Action.NONE]
        requests = run.requests
        outcome = Outcome(
            done=tuple(rows),
            settled=len(touched) - len(rows) - len(requests),
            revision=revision,
        )
        if gateway is None or not requests:
            return outcome
        recorder = Recorder(state=state, lock=lock, revision=revision, actor=run.actor)
        return apply_requests(
            requests,
            gateway,
            recorder,
            desired=desired,
            progress=run.progress,
            outcome=outcome,
            parallelism=parallelism,
            bulk=bulk,
        )


def _touches(change: Change) -> bool:
    return change.action is not Action.NONE or change.ledger_changes


def _ignore(change: Change, status: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One apply, from the first check to the outcome.

    `rows` are changes of the config table, those of its ledger entries alone included, `resources`
    all others.
    """

    plan: Plan
    rows: Sequence[Change]
    resources: Sequence[Change]
    config: ConfigBackend | None
    gateway: GatewayWriter | None
    state: State
    desired: Mapping[Address, Desired]
    author: Author
    progress: Progress

    @property
    def actor(self) -> str:
        return self.author.name or user_name()

    @property
    def _keys(self) -> set[str]:
        return {one.address.name for one in self.rows}

    @property
    def requests(self) -> list[Change]:
        """Changes that the gateway has to be asked for, in the order of the plan."""
        return [one for one in self.resources if one.action is not Action.NONE]

    def check_systems(self) -> None:
        """UsageError where the plan needs a system that this environment has none of."""
        for missing, changes, name in (
            (self.config is None, self.rows, "database"),
            (self.gateway is None, self.requests, "marchproxy"),
        ):
            if missing and changes:
                message = f"{self.plan.environment} has no {name}, and the plan changes one"
                raise UsageError(message, hint=f"add `{name}:` to the environment")

    def check_config_early(self) -> None:
        """A plan that is stale already creates nothing, neither files nor tables."""
        if self.config is None or not self.rows:
            return
        with self.config.database.reading("reading the config table") as connection:
            rows = {} if connection is None else self.config.read_rows(connection, self._keys)
        _refuse_moved([one.address for one in self.rows if not _is_as_seen(one, rows)])

    def check_gateway(self) -> None:
        """Read the gateway again; StalePlan where something moved since the plan."""
        if self.gateway is None or not self.resources:
            return
        live = self.gateway.read().live
        _refuse_moved(
            [
                one.address
                for one in self.resources
                if (live[one.address].digest if one.address in live else None) != one.precondition
            ]
        )

    def apply_database(self, lock: Lock) -> int:
        """The database's part, all of it or nothing; the number of the revision.

        Where the answer to the commit was lost, what is there tells whether it was done.
        """
        revision: list[int] = []
        try:
            self._write_database(lock, revision)
        except OutcomeUnknown:
            if not self._is_written(lock, revision[0]):
                raise
        return revision[0]

    def _is_written(self, lock: Lock, revision: int) -> bool:
        """Read back under the lock, which nobody gets while the lost transaction is still open."""
        with (
            suppress(PenguinError),
            self.state.database.writing("reading back what was written") as memory,
        ):
            lock.confirm(memory)
            return self.state.has_revision(memory, revision)
        return False

    def _write_database(self, lock: Lock, begun: list[int]) -> None:
        """All of the config table, its memory, and the plan's begin: in one transaction."""
        seen = {one.address: one.ledger_revision for one in (*self.rows, *self.resources)}
        with self._transaction() as (memory, table):
            lock.confirm(memory)
            _refuse_moved(self.state.moved(memory, seen))
            writer = self._open_table(table)
            revision = self.state.begin_revision(memory, self._start())
            begun.append(revision)
            if writer is not None and all(one.ledger_revision is None for one in self.rows):
                self.state.note_table(memory, writer.table_name)
            written = {} if writer is None else writer.write(self.rows)
            ledger_only = [one for one in self.resources if one.action is Action.NONE]
            settled = (*self.rows, *ledger_only)
            told = self._telling("remembered", settled)
            entries = (self._entry(one, written, writer) for one in told)
            known = [one.address for one in settled if one.ledger_revision is not None]
            self.state.settle(memory, revision, entries, known=known)
            self._remember(memory, revision, written)
            lock.confirm(memory)

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, Connection | None]]:
        """The state's transaction and the config table's: one and the same wherever possible.

        Of two, the table's commits first: a change without its memory is found equal and
        adopted by the next plan, a memory without its change would be a lie.
        """
        operation = "applying the config table"
        with self.state.database.writing(operation) as memory:
            if self.config is None or not self.rows:
                yield memory, None
            elif self.config.database.is_same(self.state.database):
                yield memory, memory
            else:
                with self.config.database.writing(operation) as table:
                    yield memory, table

    def _start(self) -> RevisionStart:
        return RevisionStart(
            actor=self.actor,
            tool_version=self.plan.tool_version,
            spec_digest=self.plan.spec_digest,
            git_commit=self.author.git_commit,
            plan=self.author.plan,
            note=self.author.note,
            complete=not self.requests,
        )

    def _open_table(self, table: Connection | None) -> SettingsWriter | None:
        """What writes to the config table, which is there and as the plan saw it."""
        if self.config is None or table is None:
            return None
        salt = self.state.salt()
        writer = SettingsWriter(
            self.config,
            table,
            self._keys,
            salt=salt,
            desired=self.desired,
            progress=self.progress,
        )
        _refuse_moved(writer.moved(self.rows))
        if any(one.action is not Action.NONE for one in self.rows):
            writer.create_table()
        return writer

    def _entry(
        self, change: Change, written: Mapping[Address, Written], writer: SettingsWriter | None
    ) -> Entry:
        entry = ledger_entry(change)
        given = (entry.fields or {}).get(VALUE)
        if entry.fields is None or writer is None or not isinstance(given, SecretState):
            return entry
        before = writer.live_fields(change.address).get(VALUE)
        stored = written.get(change.address)
        now = before if stored is None else (stored.after or {}).get(VALUE)
        if VALUE not in (change.writes or {}):
            now = _settle_unwritten(given, before, now)
        fields = {**entry.fields, VALUE: now}
        kept = entry.kept
        if kept is not None and stored is not None:  # sealed, a kept edit is another text
            after = Live(address=change.address, fields=stored.after or {}, digest="")
            kept = mark_edits(find_edits(fields, after))
        return entry._replace(fields=fields, kept=kept)

    def _telling(self, status: str, changes: Iterable[Change]) -> Iterator[Change]:
        """Changes, of which whoever watches hears as they go by."""
        for change in changes:
            yield change
            if change.action is not Action.NONE:
                self.progress(change, status)

    def _remember(
        self, memory: Connection, revision: int, written: Mapping[Address, Written]
    ) -> None:
        """The audit of what was written, which is its outcome, too; and what is to come."""
        done = (one for one in self.rows if one.action is not Action.NONE)
        audit = (_audit(one, written.get(one.address)) for one in self._telling("noted", done))
        self.state.audit(memory, audit, actor=self.actor, revision=revision)
        steps = [step_of(one, "pending") for one in self.requests]
        self.state.record(memory, revision, steps, first=True)


def _audit(change: Change, written: Written | None) -> AuditEntry:
    """What was written; a row that was created is what the plan says, unless it is a secret."""
    before, after = (None, change.writes) if written is None else (written.before, written.after)
    return AuditEntry(
        address=change.address, action=change.action.value, before=before, after=after
    )


def _settle_unwritten(given: SecretState, before: Any, now: Any) -> SecretState:
    """A secret that the plan leaves: by the text that stands there, where that is the settled one.

    The text may be another without being written anew: a row that becomes sensitive is sealed.
    """
    if not isinstance(now, SecretState) or not given.same(before):
        return given
    return SecretState(fingerprint=now.fingerprint or given.fingerprint, stored=now.stored)


def _is_as_seen(change: Change, rows: Mapping[str, Row]) -> bool:
    row = rows.get(change.address.name)
    return (None if row is None else row.digest) == change.precondition


def _refuse_moved(moved: Sequence[Address]) -> None:
    if moved:
        listed = ", ".join(str(one) for one in moved[:10])
        more = f" and {len(moved) - 10} more" if len(moved) > 10 else ""
        raise StalePlan(f"changed since the plan was made: {listed}{more}", hint=_HINT)
