"""Sensitive values sealed with an older key, sealed anew with the first one (sync.md, Secrets).

For `rotate-keys`. The values stay what they are, an admin's edits included: only the text at rest
changes, and with it what the ledger and the audit say of it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from penguin_compile import __version__
from penguin_compile.core.errors import SecretUnavailable, StalePlan, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.backend import READING, ConfigBackend
from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Row
from penguin_compile.live.config.sealing import Keyring, key_of, keys_hint, seal, unseal
from penguin_compile.live.config.table import NewValues
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import VALUE, Base, Live, SecretState
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.edits import find_edits, mark_edits
from penguin_compile.sync.holder import user_name
from penguin_compile.sync.kept_plan import keep_plan
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.remembered import AuditEntry, Entry, RevisionStart, Step

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from penguin_compile.sync.session import Session

_VALUE_COLUMN: Final = FIELD_COLUMNS[VALUE]
_OPERATION: Final = "rotating keys"
_VIA: Final = "rotate-keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """A row whose text at rest is to change, or has changed; nothing here is the value."""

    address: Address
    row: Row
    key: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What there is to do. `older` maps a key's id to the settings sealed with it.

    `unknown` are those whose key isn't here, `damaged` those that don't open with theirs, `clear`
    sensitive ones that aren't sealed at all: all of them are left. `behind` are entries of the
    ledger that a run that was killed left behind.
    """

    first: str
    older: Mapping[str, Sequence[str]]
    unknown: Mapping[str, Sequence[str]]
    damaged: Sequence[str]
    clear: Sequence[str]
    removable: Sequence[str]
    behind: Sequence[Address]

    @property
    def count(self) -> int:
        """How many values are to be sealed anew."""
        return sum(map(len, self.older.values()))

    @property
    def has_work(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.older or self.behind)


class KeyRotation:
    """One app's config table in one environment, with the keys that are here."""

    def __init__(self, session: Session) -> None:
        """UsageError where there is no database, SecretUnavailable where there are no keys."""
        if session.database is None:
            name = session.app.environment.name
            raise UsageError(
                f'the environment "{name}" has no database: nothing is stored encrypted',
                hint=f"add environments.{name}.database: {{url: …}}",
            )
        self._session = session
        self._ledger = session.state.ledger()
        self._backend = ConfigBackend(
            session.database,
            session.app,
            salt=session.state.salt(),
            secret_keys=self._ledger.secret_keys(KIND),
        )
        if self._backend.keyring is None:
            raise SecretUnavailable("there are no keys to rotate to", hint=keys_hint())
        self._keyring: Keyring = self._backend.keyring

    def look(self) -> Rotation:
        """What there is to do; writes nothing."""
        operation = READING.format(self._backend.table.name)
        with self._backend.database.reading(operation) as connection:
            rows = {} if connection is None else self._backend.read_rows(connection)
        older: dict[str, list[str]] = {}
        unknown: dict[str, list[str]] = {}
        damaged: list[str] = []
        clear: list[str] = []
        used: set[str] = set()
        for row in rows.values():
            text = row.text(_VALUE_COLUMN)
            key = None if text is None else key_of(text)
            if text is None or key is None:
                if text and self._is_secret(row):
                    clear.append(row.key)
            elif key not in self._keyring.keys:
                unknown.setdefault(key, []).append(row.key)
            elif unseal(self._keyring, row.key, text) is None:
                damaged.append(row.key)
                used.add(key)
            elif key != self._keyring.first:
                older.setdefault(key, []).append(row.key)
        return Rotation(
            first=self._keyring.first,
            older=older,
            unknown=unknown,
            damaged=damaged,
            clear=clear,
            removable=[
                one for one in self._keyring.keys if one not in used | {self._keyring.first}
            ],
            behind=[address for address, _ in self._find_behind(rows, self._ledger)],
        )

    def run(self, *, spec: str, lock_timeout: float = 0.0) -> int:
        """Seal anew, as one revision; its number. `spec` is the spec's path.

        Raises LockHeld; StalePlan, having written nothing, where a row changed meanwhile.
        """
        state, actor = self._session.state, user_name()
        with hold_lock(state, holder=actor, timeout=lock_timeout) as lock:
            bases = state.bases()
            with self._transaction() as (memory, table):
                lock.confirm(memory)
                rows = self._backend.read_rows(table)
                done = list(self._reseal(rows))
                self._write(table, done)
                entries, audit = self._remember(rows, done, bases)
                revision = state.begin_revision(memory, self._start(done, bases, spec, actor))
                state.settle(memory, revision, entries)
                state.audit(memory, audit, actor=actor, via=_VIA, revision=revision)
                steps = [Step(address=one.address, action=_VIA, status="done") for one in audit]
                state.record(memory, revision, steps)
                state.finish_revision(memory, revision, "done")
                lock.confirm(memory)
        return revision

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, Connection]]:
        """The memory's and the table's: one wherever possible, else the table's commits first.

        What the memory then lacks, the same command finds by the fingerprints and adds.
        """
        state = self._session.state
        with state.database.writing(_OPERATION) as memory:
            if self._backend.database.is_same(state.database):
                yield memory, memory
            else:
                with self._backend.database.writing(_OPERATION) as table:
                    yield memory, table

    def _is_secret(self, row: Row) -> bool:
        return isinstance(self._live(row).fields.get(VALUE), SecretState)

    def _live(self, row: Row) -> Live:
        return self._backend.interpreter(self._session.state.salt()).read(row)

    def _reseal(self, rows: Mapping[str, Row]) -> Iterator[Resealed]:
        for row in rows.values():
            text = row.text(_VALUE_COLUMN)
            key = None if text is None else key_of(text)
            if text is None or key is None or key == self._keyring.first:
                continue
            value = unseal(self._keyring, row.key, text)
            if value is not None:
                sealed = seal(self._keyring, row.key, value)
                yield Resealed(address=Address(KIND, row.key), row=row, key=key, text=sealed)

    def _write(self, table: Connection, done: Sequence[Resealed]) -> None:
        news = [
            NewValues(row=one.row, key=one.address.name, values={_VALUE_COLUMN: one.text})
            for one in done
        ]
        if news and self._backend.table.update(table, news, sign=False) != len(news):
            raise StalePlan(
                "a row was changed while its key was rotated", hint="run the same command again"
            )

    def _remember(
        self, rows: Mapping[str, Row], done: Sequence[Resealed], bases: Mapping[Address, Base]
    ) -> tuple[list[Entry], list[AuditEntry]]:
        """The ledger's entries and the audit of all that changed at rest."""
        entries: list[Entry] = []
        audit: list[AuditEntry] = []
        for one in done:
            now = Row(key=one.row.key, columns={**one.row.columns, _VALUE_COLUMN: one.text})
            before, after = self._live(one.row), self._live(now)
            audit.append(_audit(one.address, before.fields[VALUE], after.fields[VALUE]))
            base = bases.get(one.address)
            entry = None if base is None else _follow(base, before, after)
            if entry is not None:
                entries.append(entry)
        changed = {one.address for one in done}
        for address, live in self._find_behind(rows, bases):
            base = bases.get(address)
            entry = None if base is None or address in changed else _follow(base, live, live)
            if base is not None and entry is not None:
                entries.append(entry)
                audit.append(_audit(address, base.fields[VALUE], live.fields[VALUE]))
        return entries, audit

    def _find_behind(
        self, rows: Mapping[str, Row], bases: Mapping[Address, Base]
    ) -> Iterator[tuple[Address, Live]]:
        """Entries whose secret is the live one, sealed in another text than they say."""
        for address, base in bases.items():
            row = rows.get(address.name) if address.kind == KIND else None
            settled = base.fields.get(VALUE)
            if row is None or not isinstance(settled, SecretState):
                continue
            live = self._live(row)
            stored = live.fields[VALUE]
            sealed_first = key_of(row.text(_VALUE_COLUMN) or "") == self._keyring.first
            if sealed_first and settled.same(stored) and settled.stored != stored.stored:
                yield address, live

    def _start(
        self, done: Sequence[Resealed], bases: Mapping[Address, Base], spec: str, actor: str
    ) -> RevisionStart:
        """A revision whose plan lists the addresses, and writes no value."""
        session = self._session
        changes = tuple(
            Change(
                address=one.address,
                klass=ChangeClass.UNCHANGED,
                action=Action.NONE,
                ledger_changes=one.address in bases,
                reason=f"sealed with {self._keyring.first} instead of {one.key}",
                precondition=one.row.digest,
            )
            for one in done
        )
        plan = Plan(
            app=session.app.name,
            environment=session.app.environment.name,
            protected=session.app.environment.protected,
            spec_digest=session.spec_digest,
            tool_version=__version__,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            targets=(self._backend.describe(),),
            changes=changes,
        )
        values = "1 value" if len(done) == 1 else f"{len(done)} values"
        return RevisionStart(
            actor=actor,
            tool_version=__version__,
            spec_digest=session.spec_digest,
            git_commit=session.git_commit,
            plan=keep_plan(plan, spec, Decisions()),
            note=f"{values} sealed with {self._keyring.first}",
        )


def _audit(address: Address, before: SecretState, after: SecretState) -> AuditEntry:
    return AuditEntry(address=address, action=_VIA, before={VALUE: before}, after={VALUE: after})


def _follow(base: Base, before: Live, after: Live) -> Entry | None:
    """The ledger's entry where its secret is sealed in another text now; None where it stays.

    An edit keeps its base, and its mark where a person knows of it.
    """
    settled, was, now = (one.get(VALUE) for one in (base.fields, before.fields, after.fields))
    fields = dict(base.fields)
    if isinstance(settled, SecretState) and isinstance(now, SecretState) and settled.same(was):
        fields[VALUE] = SecretState(
            fingerprint=settled.fingerprint or now.fingerprint, stored=now.stored
        )
    kept = base.kept
    if kept is not None and kept == mark_edits(find_edits(base.fields, before)):
        kept = mark_edits(find_edits(fields, after))
    if fields == base.fields and kept == base.kept:
        return None
    return Entry(
        address=base.address,
        fields=fields,
        manage=base.manage.value,
        protected=base.protected,
        kept=kept,
    )
