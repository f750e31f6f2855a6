"""The state tables as statements see them, and their schema's version.

Under `state.py` and `lock.py`. The DDL stands in `migrations/`; the table that notes its version
has a name of its own, because apps have an `alembic_version` themselves.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from penguin_compile.core.errors import Collided, DatabaseFailure
from penguin_compile.live.config.database_error import is_denied

if TYPE_CHECKING:
    from sqlalchemy import Connection, TableClause

VERSION_TABLE: Final = "penguin_schema"
HEAD: Final = "0002"
FIRST: Final = "0001"
_KNOWN: Final = frozenset({FIRST, HEAD})
_SINCE: Final = {"penguin_past": "0002"}  # the others are as old as the first version

_PLACE: Final = ("app", "environment")
_COLUMNS: Final = {
    "penguin_meta": (*_PLACE, "name", "value"),
    "penguin_ledger": (
        *_PLACE,
        "address",
        "fields",
        "manage",
        "protected",
        "kept",
        "revision",
    ),
    "penguin_revision": (
        *_PLACE,
        "id",
        "started_at",
        "finished_at",
        "actor",
        "tool_version",
        "git_commit",
        "spec_digest",
        "status",
        "plan",
        "note",
    ),
    "penguin_past": (
        *_PLACE,
        "address",
        "replaced",
        "revision",
        "fields",
        "manage",
        "protected",
    ),
    "penguin_outcome": (*_PLACE, "revision", "address", "action", "status", "message", "at"),
    "penguin_audit": (
        *_PLACE,
        "address",
        "id",
        "at",
        "actor",
        "via",
        "action",
        "revision",
        "before",
        "after",
    ),
    "penguin_lock": (
        *_PLACE,
        "token",
        "lock_id",
        "holder",
        "host",
        "machine",
        "process",
        "process_start",
        "started_at",
        "expires_at",
    ),
}


@cache
def state_table(name: str) -> TableClause:
    """One of our tables, by its name without `penguin_`."""
    from sqlalchemy import column, table

    full = f"penguin_{name}"
    return table(full, *(column(one) for one in _COLUMNS[full]))


def list_tables(connection: Connection) -> list[str]:
    """Those of our tables that are there."""
    from sqlalchemy import inspect

    there = set(inspect(connection).get_table_names())
    return [one for one in (*_COLUMNS, VERSION_TABLE) if one in there]


def find_missing_tables(connection: Connection, database: str) -> list[str]:
    """Those that tables of that version have and that are not there; none before the first apply.

    DatabaseFailure as `read_version`.
    """
    version = read_version(connection, database)
    if version is None:
        return []
    there = set(list_tables(connection))
    return [one for one in _COLUMNS if one not in there and _SINCE.get(one, FIRST) <= version]


def read_version(connection: Connection, database: str) -> str | None:
    """The schema's version, None where there are no tables.

    DatabaseFailure where a newer tool made them: what it wrote there, this one can't judge.
    """
    from sqlalchemy import column, func, select, table

    if not _has_version_table(connection):
        return None
    versions = table(VERSION_TABLE, column("version_num"))
    # MySQL commits at every DDL: two runs that create the tables at once may note a version each.
    version = connection.execute(select(func.max(versions.c.version_num))).scalar()
    if version is not None and version not in _KNOWN:
        raise DatabaseFailure(
            f"{database}: the state tables have version {version}, this tool knows {HEAD}",
            hint="a newer penguin-compile wrote them: use that version, or a later one",
        )
    return version


def _has_version_table(connection: Connection) -> bool:
    """Also for a user of MySQL without rights on it: there DESCRIBE would be an error."""
    from sqlalchemy import inspect, text

    if connection.dialect.name not in {"mysql", "mariadb"}:
        return inspect(connection).has_table(VERSION_TABLE)
    query = (
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = :name"
    )
    return bool(connection.execute(text(query), {"name": VERSION_TABLE}).scalar())


def migrate(connection: Connection, database: str) -> None:
    """Bring the tables to our version, inside the connection's transaction.

    Collided where another run does so at the same time, DatabaseFailure where the user may not do
    that: the state can be elsewhere.
    """
    version = read_version(connection, database)
    if version == HEAD:
        return
    from sqlalchemy import column, delete, table

    if version is not None:
        noted = table(VERSION_TABLE, column("version_num"))
        connection.execute(delete(noted).where(noted.c.version_num != version))
    _upgrade(connection, database)


def restore_tables(connection: Connection, database: str) -> list[str]:
    """Create those that went missing, empty, and tell which; the others keep what they hold."""
    from sqlalchemy import column, delete, select, table

    missing = find_missing_tables(connection, database)
    if not missing:
        return []
    meta = state_table("meta")
    kept = [] if "penguin_meta" in missing else list(connection.execute(select(meta)).mappings())
    # Each step creates what isn't there: all of them once more, as after a kill between two.
    connection.execute(delete(table(VERSION_TABLE, column("version_num"))))
    _upgrade(connection, database)
    if kept and "penguin_past" not in missing:  # a step noted where a past begins that is older
        connection.execute(delete(meta))
        connection.execute(meta.insert(), [dict(one) for one in kept])
    return missing


def _upgrade(connection: Connection, database: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", "penguin_compile.sync:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Collided(
            f"{database}: another run is creating the state tables",
            hint="run the same command again",
        ) from error
    except DBAPIError as error:
        if not is_denied(error):
            raise
        raise DatabaseFailure(
            f"{database}: this user may not create the tables that hold the state",
            hint="keep the state elsewhere, in the environment: "
            "`state: {url: sqlite:///.penguin/state.db}`, or another database; or let a user who"
            " may create tables apply once",
        ) from None
