"""What a database server is, and what its user may do there; found out without writing.

For `doctor`. What a server doesn't tell is None, never guessed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from penguin_compile.core.records import dataclass
from penguin_compile.live.config.database_url import MYSQL, POSTGRESQL

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OLDEST: Final = {"PostgreSQL": (13,), "MySQL": (8,), "MariaDB": (10, 6)}
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")
_GRANT: Final = re.compile(r"GRANT (?P<what>.+?) ON (?P<where>.+?) TO ", re.DOTALL)
_PLACE: Final = re.compile(r"(?:TABLE )?(?P<database>\*|`[^`]+`)\.(?P<table>\*|`[^`]+`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server: name, version, the oldest that is supported, and why it takes no writes."""

    name: str
    version: str
    oldest: str | None
    supported: bool
    read_only: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRights:
    """What the user may do with one table that is there; None where that can't be told."""

    read: bool | None
    write: bool | None


def find_server(connection: Connection) -> Server:
    """What the connection leads to."""
    dialect = connection.dialect.name
    if dialect == POSTGRESQL:
        version = str(connection.exec_driver_sql("SHOW server_version").scalar_one()).split()[0]
        recovering = connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()
        default = connection.exec_driver_sql("SHOW default_transaction_read_only").scalar_one()
        reason = "it is in recovery" if recovering else None
        reason = reason or ("default_transaction_read_only is on" if default == "on" else None)
        return _server("PostgreSQL", version, reason)
    if dialect in {MYSQL, "mariadb"}:
        text = str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())
        locked = connection.exec_driver_sql("SELECT @@global.read_only").scalar_one()
        name = "MariaDB" if "mariadb" in text.lower() else "MySQL"
        version = text.split("-", maxsplit=1)[0]
        return _server(name, version, "read_only is on" if locked else None)
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # the file is read only now
    version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar_one())
    return _server("SQLite", version, None)


def find_table_rights(connection: Connection, table: str) -> TableRights:
    """What the user may do with a table that is there."""
    dialect = connection.dialect.name
    if dialect == POSTGRESQL:
        name = connection.dialect.identifier_preparer.quote(table)
        rights = [
            bool(
                _ask(
                    connection, "SELECT has_table_privilege(CAST(:name AS text), :what)", name, one
                )
            )
            for one in ("SELECT", *_WRITES)
        ]
        return TableRights(read=rights[0], write=all(rights[1:]))
    if dialect in {MYSQL, "mariadb"}:
        return TableRights(
            read=_is_granted(connection, ("SELECT",), table),
            write=_is_granted(connection, _WRITES, table),
        )
    return TableRights(read=True, write=_is_writable(connection))


def may_create_tables(connection: Connection) -> bool | None:
    """Whether the user may create tables where ours would stand."""
    dialect = connection.dialect.name
    if dialect == POSTGRESQL:
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one_or_none()
        if schema is None:
            return False
        query = "SELECT has_schema_privilege(CAST(:name AS text), :what)"
        return bool(_ask(connection, query, str(schema), "CREATE"))
    if dialect in {MYSQL, "mariadb"}:
        return _is_granted(connection, ("CREATE", "ALTER"), None)
    return _is_writable(connection)


def may_create_file(path: Path) -> bool:
    """Whether a file could be made there, with the folders that are missing."""
    folder = next(one for one in path.absolute().parents if one.exists())
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _server(name: str, version: str, read_only: str | None) -> Server:
    oldest = _OLDEST.get(name)
    numbers = tuple(int(one) for one in re.findall(r"\d+", version)[:3])
    return Server(
        name=name,
        version=version,
        oldest=None if oldest is None else ".".join(map(str, oldest)),
        supported=oldest is None or numbers >= oldest,
        read_only=read_only,
    )


def _ask(connection: Connection, query: str, name: str, what: str) -> object:
    from sqlalchemy import text

    return connection.execute(text(query), {"name": name, "what": what}).scalar()


def _is_granted(connection: Connection, rights: Sequence[str], table: str | None) -> bool | None:
    """By SHOW GRANTS; None where a role might grant what is missing."""
    lines = [str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")]
    database = str(connection.exec_driver_sql("SELECT DATABASE()").scalar())
    granted = set(_granted(lines, database, table))
    if "ALL PRIVILEGES" in granted or granted.issuperset(rights):
        return True
    return None if any(" ON " not in one for one in lines) else False


def _granted(lines: Iterable[str], database: str, table: str | None) -> Iterable[str]:
    for line in lines:
        grant = _GRANT.match(line)
        place = None if grant is None else _PLACE.fullmatch(grant["where"].strip())
        if grant is None or place is None or not _covers(place["database"], database):
            continue
        if place["table"] == "*" or (table is not None and place["table"].strip("`") == table):
            yield from (one.strip().upper() for one in grant["what"].split(","))


def _covers(granted: str, database: str) -> bool:
    """The name in a grant is a pattern: `_` and `%`, a backslash before those that are meant."""
    if granted == "*":
        return True
    name = granted.strip("`")
    pattern = re.sub(r"\\([_%])|([_%*?\[])", _glob, name)
    return fnmatchcase(database, pattern)


def _glob(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return {"_": "?", "%": "*"}.get(found[2], f"[{found[2]}]")


def _is_writable(connection: Connection) -> bool:
    """The file of SQLite and its folder, where its journal stands."""
    path = Path(str(connection.exec_driver_sql("PRAGMA database_list").all()[0][2]))
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
