"""What apply remembers (sync.md, State): ledger, revisions, audit, salt.

Beside the config table, so that one transaction holds a change and the memory of it; or in a
file, or where the environment's `state` says. Reading creates nothing: no tables, no memory.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import StalePlan
from penguin_compile.live.config.bulk import in_lists, insert_rows
from penguin_compile.live.config.database import Database, fetch_tuples
from penguin_compile.live.config.lines import select_line
from penguin_compile.model.address import Address
from penguin_compile.model.record import Base
from penguin_compile.sync.kept_plan import unpack_plan
from penguin_compile.sync.ledger import Ledger, LedgerRow
from penguin_compile.sync.ledger_text import write_fields
from penguin_compile.sync.remembered import AuditEntry, Entry, Revision, RevisionStart, Step
from penguin_compile.sync.state_tables import FIRST, migrate, read_version, state_table

if TYPE_CHECKING:
    from sqlalchemy import Connection, TableClause, Update

FOLDER: Final = Path(".penguin")
CONFIG_TABLE: Final = "config_table"  # what the meta table calls the name of an app's table
_IN_ONE_GO: Final = "config"  # changes of this kind are done with their revision, or none is
_SALT_BYTES: Final = 32
_MOST_BY_ADDRESS: Final = 1000  # beyond that one SELECT of everything is the faster one
_READING: Final = "reading the state"


def open_state(
    app: str,
    environment: str,
    *,
    database: Database | None = None,
    url: str | None = None,
    folder: Path = FOLDER,
) -> State:
    """The state of one app in one environment; nothing is opened yet.

    `url` (the environment's `state`) before `database` before a file in `folder`. A state of its
    own URL in the very same database shares its transactions.
    """
    if url is not None:
        own = Database(url)
        shared = database is not None and own.is_same(database)
        return State(database if shared and database is not None else own, app, environment)
    if database is not None:
        return State(database, app, environment)
    return State(Database.of_file(folder / f"{environment}.db"), app, environment)


class State:
    """Ledger, revisions, audit and salt of one app in one environment."""

    def __init__(self, database: Database, app: str, environment: str) -> None:
        self.database = database
        self.app = app
        self.environment = environment
        self._salt: bytes | None = None

    def describe(self) -> str:
        """Where it is kept: a URL without user and password."""
        return self.database.describe()

    def ledger(self, addresses: Collection[str] | None = None) -> Ledger:
        """All that was settled here, by address; empty where nothing was applied yet.

        Of those addresses alone where they are few.
        """
        table = state_table("ledger")
        with self.database.reading(_READING) as connection:
            if connection is None or self._version(connection) is None:
                return Ledger((), self.describe())
            query = self._entries()
            queries = [query]
            if addresses is not None and len(addresses) <= _MOST_BY_ADDRESS:
                queries = [
                    query.where(table.c.address.in_(some)) for some in in_lists(list(addresses))
                ]
            found = (row for one in queries for row in fetch_tuples(connection, one))
            return Ledger(found, self.describe())

    def ledger_lines(self, kind: str) -> tuple[list[str | None], Ledger]:
        """The entries of a kind as lines of address, `manage`, `protected` and then the fields.

        And those that are no line: of other kinds, and of edits that are kept.
        """
        from sqlalchemy import and_, not_, select

        table = state_table("ledger")
        with self.database.reading(_READING) as connection:
            if connection is None or self._version(connection) is None:
                return [], Ledger((), self.describe())
            head = select_line(
                self.database.dialect, (table.c.address, table.c.manage, table.c.protected)
            )
            of_kind = and_(table.c.address.startswith(f"{kind}/"), table.c.kept.is_(None))
            lines = select(head + table.c.fields).where(*self._place(table), of_kind)
            others = self._entries().where(not_(of_kind))
            return (
                [line for (line,) in fetch_tuples(connection, lines)],
                Ledger(fetch_tuples(connection, others), self.describe()),
            )

    def _entries(self) -> Any:
        table = state_table("ledger")
        return self._select("ledger").with_only_columns(
            *(table.c[name] for name in LedgerRow._fields)
        )

    def bases(self) -> dict[Address, Base]:
        """The same, read to the end."""
        return dict(self.ledger())

    def salt(self) -> bytes:
        """What keys fingerprints here; before the first apply, the one that it would keep."""
        if self._salt is None:
            with self.database.reading(_READING) as connection:
                there = connection is not None and self._version(connection) is not None
                stored = self._meta(connection, "salt") if there and connection else None
            self._salt = os.urandom(_SALT_BYTES) if stored is None else bytes.fromhex(stored)
        return self._salt

    def forget_salt(self) -> None:
        """For a new plan after one that another run made stale: it reads the salt again."""
        self._salt = None

    def history(self) -> list[Revision]:
        """All revisions, newest first."""
        from sqlalchemy import desc

        table = state_table("revision")
        with self.database.reading(_READING) as connection:
            version = None if connection is None else self._version(connection)
            if connection is None or version is None:
                return []
            names = [one for one in Revision.__slots__ if one != "note" or version != FIRST]
            query = self._select("revision").with_only_columns(*(table.c[one] for one in names))
            rows = connection.execute(query.order_by(desc(table.c.id)))
            return [Revision(**{name: row[name] for name in names}) for row in rows.mappings()]

    def steps(self, revision: int) -> list[Step]:
        """What became of each change of a revision, by address.

        What one transaction wrote with the revision itself was done, and its audit tells it.
        """
        with self.database.reading(_READING) as connection:
            if connection is None or self._version(connection) is None:
                return []
            steps = [
                Step(
                    address=Address.parse(row["address"]),
                    action=row["action"],
                    status=row["status"],
                    message=row["message"],
                )
                for row in connection.execute(self._of("outcome", revision)).mappings()
            ]
            known = {one.address for one in steps}
            written = connection.execute(self._of("audit", revision)).mappings()
            found = ((Address.parse(row["address"]), row["action"]) for row in written)
            steps += [
                Step(address=address, action=action, status="done")
                for address, action in found
                if address.kind == _IN_ONE_GO and address not in known
            ]
            return sorted(steps, key=lambda one: str(one.address))

    def _of(self, name: str, revision: int) -> Any:
        return self._select(name).where(state_table(name).c.revision == revision)

    def plan_text(self, revision: int) -> str | None:
        """The plan of a revision as JSON; None where none was kept."""
        table = state_table("revision")
        with self.database.reading(_READING) as connection:
            if connection is None or self._version(connection) is None:
                return None
            query = self._select("revision").where(table.c.id == revision)
            text = connection.execute(query.with_only_columns(table.c.plan)).scalar()
            return None if text is None else unpack_plan(str(text))

    def prepare(self, connection: Connection) -> None:
        """Create or migrate our tables and keep the salt, inside the transaction.

        StalePlan where another run gave this environment its salt since the plan was made.
        """
        migrate(connection, self.describe())
        stored = self._meta(connection, "salt")
        if stored is None:
            self._insert(connection, "meta", {"name": "salt", "value": self.salt().hex()})
        elif self._salt is not None and self._salt != bytes.fromhex(stored):
            raise StalePlan(
                "another run was the first to apply here", hint="run the same command again"
            )
        else:
            self._salt = bytes.fromhex(stored)

    def note_table(self, connection: Connection, name: str) -> None:
        """Remember in which config table the app's keys stand: it serves one app."""
        from sqlalchemy import delete

        table = state_table("meta")
        connection.execute(delete(table).where(*self._place(table), table.c.name == CONFIG_TABLE))
        self._insert(connection, "meta", {"name": CONFIG_TABLE, "value": name})

    def moved(self, connection: Connection, seen: Mapping[Address, int | None]) -> list[Address]:
        """Those whose entry isn't of the revision any more that the plan saw (None: no entry)."""
        table = state_table("ledger")
        query = self._select("ledger").with_only_columns(table.c.address, table.c.revision)
        queries = [query]
        if len(seen) <= _MOST_BY_ADDRESS:
            lists = in_lists([str(one) for one in seen])
            queries = [query.where(table.c.address.in_(some)) for some in lists]
        found = dict(row for one in queries for row in fetch_tuples(connection, one))
        return [one for one, revision in seen.items() if found.get(str(one)) != revision]

    def begin_revision(self, connection: Connection, start: RevisionStart) -> int:
        """A new revision, running; one that a killed run left running is noted as interrupted."""
        from sqlalchemy import func, select

        table = state_table("revision")
        newest = select(func.max(table.c.id)).where(*self._place(table))
        number = (connection.execute(newest).scalar() or 0) + 1
        self._interrupt(connection)
        now = _now()
        values = {
            "id": number,
            "started_at": now,
            "finished_at": now if start.complete else None,
            "actor": start.actor,
            "tool_version": start.tool_version,
            "git_commit": start.git_commit,
            "spec_digest": start.spec_digest,
            "status": "done" if start.complete else "running",
            "plan": start.plan,
            "note": start.note,
        }
        self._insert(connection, "revision", values)
        return number

    def finish_revision(self, connection: Connection, revision: int, status: str) -> None:
        """Note how a revision ended: done or partial."""
        from sqlalchemy import update

        table = state_table("revision")
        connection.execute(
            update(table)
            .where(*self._place(table), table.c.id == revision)
            .values(status=status, finished_at=_now())
        )

    def has_revision(self, connection: Connection, revision: int) -> bool:
        """Whether there is a revision of that number."""
        table = state_table("revision")
        query = self._select("revision").where(table.c.id == revision)
        return connection.execute(query.with_only_columns(table.c.id)).first() is not None

    def record(
        self, connection: Connection, revision: int, steps: Iterable[Step], *, first: bool = False
    ) -> None:
        """Note what became of changes; a later note replaces an earlier one.

        `first`: nothing was noted of this revision yet.
        """
        table, now, every = state_table("outcome"), _now(), list(steps)
        if not first:
            self._delete(
                connection,
                table,
                [str(one.address) for one in every],
                table.c.revision == revision,
            )
        columns = ("revision", "address", "action", "status", "message", "at")
        rows = (
            (revision, str(one.address), one.action, one.status, one.message, now) for one in every
        )
        self._insert_rows(connection, "outcome", columns, rows)

    def mark(
        self, connection: Connection, revision: int, addresses: Iterable[Address], status: str
    ) -> None:
        """Note of changes that something is noted of already how far they are."""
        now = _now()
        for some in in_lists([str(one) for one in addresses]):
            values = {
                "of_app": self.app,
                "of_environment": self.environment,
                "of_revision": revision,
                "of_addresses": some,
                "status": status,
                "message": None,
                "at": now,
            }
            connection.execute(_marking(), values)

    def settle(
        self,
        connection: Connection,
        revision: int,
        entries: Iterable[Entry],
        *,
        known: Iterable[Address] | None = None,
    ) -> None:
        """Replace entries of the ledger, keeping the old ones; those without fields go away.

        `known` are addresses of which it may have one; without them, all.
        """
        if known is None:
            entries = list(entries)
            known = [one.address for one in entries]
        replaced = [str(one) for one in known]
        self._retire(connection, revision, replaced)
        self._delete(connection, state_table("ledger"), replaced)
        rows = (
            (
                str(one.address),
                write_fields(one.fields),
                one.manage,
                one.protected,
                one.kept,
            )
            for one in entries
            if one.fields is not None
        )
        columns = ("address", "fields", "manage", "protected", "kept")
        self._insert_rows(connection, "ledger", columns, rows, revision=revision)

    def _retire(self, connection: Connection, revision: int, addresses: list[str]) -> None:
        """Keep what is about to be replaced: the past that rollback goes back to."""
        from sqlalchemy import insert, literal, select

        ledger, past = state_table("ledger"), state_table("past")
        names = ("app", "environment", "address", "revision", "fields", "manage", "protected")
        for some in in_lists(addresses):
            old = select(*(ledger.c[one] for one in names), literal(revision)).where(
                *self._place(ledger),
                ledger.c.revision < revision,
                ledger.c.address.in_(some),
            )
            connection.execute(insert(past).from_select([*names, "replaced"], old))

    def audit(
        self,
        connection: Connection,
        entries: Iterable[AuditEntry],
        *,
        actor: str,
        via: str = "apply",
        revision: int | None = None,
    ) -> None:
        """Note who changed what, through apply, the API or the console (`via`)."""
        # Finer than elsewhere: the console may change one key several times in a millisecond.
        now, run = datetime.now(UTC).isoformat(timespec="microseconds"), uuid.uuid4().hex[:20]
        columns = ("address", "id", "at", "actor", "via", "action", "revision", "before", "after")
        rows = (
            (
                str(one.address),
                f"{run}{number:012x}",
                now,
                actor,
                via,
                one.action,
                revision,
                None if one.before is None else write_fields(one.before),
                None if one.after is None else write_fields(one.after),
            )
            for number, one in enumerate(entries)
        )
        self._insert_rows(connection, "audit", columns, rows)

    def audit_settled(
        self, connection: Connection, revision: int, *, action: str, actor: str
    ) -> None:
        """Note of all entries that the revision has settled so far that apply made them so.

        The database copies them: the same texts need not be sent twice.
        """
        from sqlalchemy import insert, literal, select

        ledger, audit = state_table("ledger"), state_table("audit")
        noted = {
            "id": uuid.uuid4().hex,  # one for all: each stands beside its own address
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "actor": actor,
            "via": "apply",
            "action": action,
            "revision": revision,
        }
        copied = (ledger.c.app, ledger.c.environment, ledger.c.address, ledger.c.fields)
        rows = (
            select(*copied, *map(literal, noted.values()))
            .where(*self._place(ledger), ledger.c.revision == revision)
            .order_by(ledger.c.address)
        )
        names = ("app", "environment", "address", "after", *noted)
        connection.execute(insert(audit).from_select(names, rows))

    def _interrupt(self, connection: Connection) -> None:
        """Only called under the lock: what still runs by its own account was killed."""
        from sqlalchemy import select, update

        revisions, outcomes = state_table("revision"), state_table("outcome")
        query = select(revisions.c.id).where(
            *self._place(revisions), revisions.c.status == "running"
        )
        killed = list(connection.execute(query).scalars())
        if not killed:
            return
        connection.execute(
            update(revisions)
            .where(*self._place(revisions), revisions.c.id.in_(killed))
            .values(status="interrupted", finished_at=_now())
        )
        connection.execute(
            update(outcomes)
            .where(
                *self._place(outcomes),
                outcomes.c.revision.in_(killed),
                outcomes.c.status == "intent",
            )
            .values(status="unknown", message="interrupted; the next plan read it back")
        )

    def _version(self, connection: Connection) -> str | None:
        return read_version(connection, self.describe())

    def _place(self, table: TableClause) -> tuple[Any, Any]:
        return table.c.app == self.app, table.c.environment == self.environment

    def _select(self, name: str) -> Any:
        from sqlalchemy import select

        table = state_table(name)
        return select(table).where(*self._place(table))

    def _insert(self, connection: Connection, name: str, values: Mapping[str, Any]) -> None:
        self._insert_rows(connection, name, tuple(values), [tuple(values.values())])

    def _insert_rows(
        self,
        connection: Connection,
        name: str,
        columns: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
        **constants: Any,
    ) -> None:
        place = {"app": self.app, "environment": self.environment}
        insert_rows(connection, state_table(name).name, columns, rows, {**place, **constants})

    def _delete(
        self, connection: Connection, table: TableClause, addresses: Sequence[str], *where: Any
    ) -> None:
        from sqlalchemy import delete

        for some in in_lists(addresses):
            connection.execute(
                delete(table).where(*self._place(table), *where, table.c.address.in_(some))
            )

    def _meta(self, connection: Connection, name: str) -> str | None:
        table = state_table("meta")
        query = self._select("meta").where(table.c.name == name).with_only_columns(table.c.value)
        value = connection.execute(query).scalar()
        return None if value is None else str(value)


@cache
def _marking() -> Update:
    """Built once: to build it takes longer than to run it, and it runs between requests."""
    from sqlalchemy import bindparam, update

    table = state_table("outcome")
    return (
        update(table)
        .where(
            table.c.app == bindparam("of_app"),
            table.c.environment == bindparam("of_environment"),
            table.c.revision == bindparam("of_revision"),
            table.c.address.in_(bindparam("of_addresses", expanding=True)),
        )
        .values(
            status=bindparam("status"),
            message=bindparam("message"),
            at=bindparam("at"),
        )
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
