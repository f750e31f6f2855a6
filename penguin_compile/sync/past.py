"""What the state remembers of earlier times: the ledger as it stood, and who changed an address.

Over `state.py`, for `rollback` and `why`. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import DatabaseFailure, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.bulk import in_lists
from penguin_compile.live.config.database import Prepared
from penguin_compile.live.config.database_url import POSTGRESQL
from penguin_compile.model.address import Address
from penguin_compile.model.record import Base
from penguin_compile.sync.ledger import Ledger, LedgerRow
from penguin_compile.sync.ledger_text import read_fields
from penguin_compile.sync.remembered import Revision
from penguin_compile.sync.state import CONFIG_TABLE, State
from penguin_compile.sync.state_tables import FIRST, read_version, state_table

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Connection, Dialect, TableClause

_READING: Final = "reading the state"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An audit entry as it was kept: with who, when, through what and in which revision."""

    at: str
    actor: str
    via: str
    action: str
    revision: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def find_revision(state: State, number: int) -> Revision | None:
    """One revision by its number."""
    return next((one for one in state.history() if one.id == number), None)


def count_steps(state: State) -> dict[int, dict[str, int]]:
    """How many changes of each revision were done, how many failed, and so on; see `steps`."""
    from sqlalchemy import func, literal, select

    outcome, audit = state_table("outcome"), state_table("audit")
    noted = (
        select(outcome.c.revision, outcome.c.status, func.count())
        .where(*_place(state, outcome))
        .group_by(outcome.c.revision, outcome.c.status)
    )
    twice = select(outcome.c.address).where(
        *_place(state, outcome),
        outcome.c.revision == audit.c.revision,
        outcome.c.address == audit.c.address,
    )
    written = select(audit.c.revision, literal("done"), func.count()).where(
        *_place(state, audit),
        audit.c.revision.is_not(None),
        audit.c.address.like("config/%"),
        ~twice.exists(),
    )
    counts: dict[int, Counter[str]] = {}
    with state.database.reading(_READING) as connection:
        if connection is None or read_version(connection, state.describe()) is None:
            return {}
        for query in (noted, written.group_by(audit.c.revision)):
            for revision, status, number in connection.execute(query):
                counts.setdefault(revision, Counter())[status] += number
    return {revision: dict(sorted(one.items())) for revision, one in counts.items()}


def find_other_apps(state: State, config_table: str) -> tuple[str, ...]:
    """Other apps whose keys the ledger has, as far as it knows in that very config table."""
    from sqlalchemy import select

    ledger, meta = state_table("ledger"), state_table("meta")
    owners = (
        select(ledger.c.app)
        .distinct()
        .where(ledger.c.app != state.app, ledger.c.address.like("config/%"))
    )
    tables = select(meta.c.app, meta.c.value).where(meta.c.name == CONFIG_TABLE)
    with state.database.reading(_READING) as connection:
        if connection is None or read_version(connection, state.describe()) is None:
            return ()
        others = set(connection.execute(owners).scalars())
        named = [(app, table) for app, table in connection.execute(tables) if app in others]
    elsewhere = others & {app for app, _ in named} - {
        app for app, table in named if table == config_table
    }
    return tuple(sorted(others - elsewhere))


def settled_at(state: State, revision: int) -> dict[Address, Base]:
    """The ledger as it stood when a revision ended.

    Raises UsageError for a revision that there is none of, DatabaseFailure for one so old that
    its ledger was not kept.
    """
    from sqlalchemy import select

    if find_revision(state, revision) is None:
        raise UsageError(
            f"{state.app} in {state.environment} has no revision {revision}",
            hint=f"they are listed by: penguin-compile history --env {state.environment}",
        )
    ledger, past, meta = (state_table(one) for one in ("ledger", "past", "meta"))
    begin = select(meta.c.value).where(*_place(state, meta), meta.c.name == "past_since")
    now = select(ledger).where(*_place(state, ledger), ledger.c.revision <= revision)
    old = select(past).where(
        *_place(state, past), past.c.revision <= revision, past.c.replaced > revision
    )
    with state.database.reading(_READING) as connection:
        version = None if connection is None else read_version(connection, state.describe())
        known = connection is not None and version not in {None, FIRST}
        since = connection.execute(begin).scalar() if connection is not None and known else None
        if connection is None or not known or revision < int(since or 0):
            raise DatabaseFailure(
                f"{state.describe()}: what revision {revision} had settled was not kept",
                hint="it is kept from the first apply with this version on; instead bring the "
                "spec of that time back in git, and apply that",
            )
        rows = [dict(row) for row in connection.execute(now).mappings()]
        rows += [{**row, "kept": None} for row in connection.execute(old).mappings()]
    tuples = [tuple(row[name] for name in LedgerRow._fields) for row in rows]
    return dict(Ledger(tuples, state.describe()))


def read_entries(state: State, connection: Connection, addresses: Iterable[Address]) -> Ledger:
    """What the ledger has of a few addresses, inside a transaction of the state's database."""
    found: list[tuple[Any, ...]] = []
    for some in in_lists([str(one) for one in addresses]):
        query = _prepare_entries(connection.dialect, len(some))
        values: dict[str, Any] = {f"address_{number}": one for number, one in enumerate(some)}
        if connection.dialect.name == POSTGRESQL:
            values = {"addresses": list(some)}
        place = {"app": state.app, "environment": state.environment}
        found += query.fetch(connection, values | place)
    return Ledger(found, state.describe())


@lru_cache(maxsize=256)
def _prepare_entries(dialect: Dialect, count: int) -> Prepared:
    from sqlalchemy import any_, bindparam, select

    table = state_table("ledger")
    addresses: list[BindParameter[str]] = [
        bindparam(f"address_{number}") for number in range(count)
    ]
    query = select(*(table.c[name] for name in LedgerRow._fields)).where(
        table.c.app == bindparam("app"),
        table.c.environment == bindparam("environment"),
        # PostgreSQL compares one by one with a list of parameters, an array it hashes.
        table.c.address == any_(bindparam("addresses"))
        if dialect.name == POSTGRESQL
        else table.c.address.in_(addresses),
    )
    return Prepared(query, dialect)


def read_audit(state: State, address: Address, limit: int = 10) -> list[AuditRecord]:
    """Who changed an address through us, newest first."""
    from sqlalchemy import desc, select

    table = state_table("audit")
    query = select(table).where(*_place(state, table), table.c.address == str(address))
    with state.database.reading(_READING) as connection:
        if connection is None or read_version(connection, state.describe()) is None:
            return []
        rows = connection.execute(query.order_by(desc(table.c.at)).limit(limit)).mappings()
        return [_read(dict(row)) for row in rows]


def _read(row: Mapping[str, Any]) -> AuditRecord:
    return AuditRecord(
        at=row["at"],
        actor=row["actor"],
        via=row["via"],
        action=row["action"],
        revision=row["revision"],
        before=_side(row["before"]),
        after=_side(row["after"]),
    )


def _side(text: str | None) -> Mapping[str, Any] | None:
    """None also for a damaged record, which must not hide the others."""
    try:
        return None if text is None else read_fields(text)
    except (ValueError, KeyError, TypeError):
        return None


def _place(state: State, table: TableClause) -> tuple[Any, Any]:
    return table.c.app == state.app, table.c.environment == state.environment
