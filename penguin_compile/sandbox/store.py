"""The sandbox's memory: clusters, services and mappings in SQLite, for many threads at once."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from penguin_compile.core.errors import FileFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penguin_compile.sandbox.fields import JsonObject

Table = Literal["clusters", "services", "mappings", "assignments", "assigned_services"]

# "PCsb": tells a file of the sandbox from any other SQLite database.
_APPLICATION_ID = 0x50437362
_FORMAT = 2
_BOOLEANS = frozenset({"tls_enabled", "tls_verify", "health_check_enabled", "is_active"})
_LISTS = frozenset({"source_services", "dest_services"})
# Text of services may be null where the real server keeps what it can not show.
_SCHEMA = """
CREATE TABLE clusters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    api_key_hash TEXT NOT NULL DEFAULT (lower(hex(randomblob(32)))),
    is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE services (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, ip_fqdn TEXT NOT NULL,
    port INTEGER NOT NULL, protocol TEXT, collection TEXT,
    cluster_id INTEGER NOT NULL REFERENCES clusters (id), auth_type TEXT,
    tls_enabled INTEGER, tls_verify INTEGER, health_check_enabled INTEGER,
    health_check_path TEXT, health_check_interval INTEGER, jwt_expiry INTEGER, jwt_algorithm TEXT,
    token_base64 TEXT, jwt_secret TEXT, is_active INTEGER DEFAULT 1,
    created_by INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE mappings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT,
    source_services TEXT NOT NULL, dest_services TEXT NOT NULL, listen_port INTEGER,
    protocol TEXT, path_prefix TEXT, cluster_id INTEGER NOT NULL REFERENCES clusters (id),
    is_active INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE assignments (
    user_id INTEGER NOT NULL, service_id INTEGER NOT NULL REFERENCES services (id)
    ON DELETE CASCADE, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    UNIQUE (user_id, service_id) ON CONFLICT REPLACE);
CREATE VIEW assigned_services AS
    SELECT services.*, user_id FROM services JOIN assignments ON service_id = services.id
"""


class Store:
    """Rows of the tables as JSON objects; every write belongs inside `transaction()`.

    Statements are put together from names in this package alone; values are always bound.
    """

    def __init__(self, database: str | os.PathLike[str] | None = None) -> None:
        """Open or create the file, or a database in memory; FileFailure where it can't be used."""
        self._lock = threading.RLock()
        self._pretending = False
        self._connection = _open(database)
        if self.find("clusters", id=1) is None:
            self.insert("clusters", {"name": "default"})

    def close(self) -> None:
        """Close the database; what was committed stays in its file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block or none of it; other threads and processes wait."""
        with self._lock:
            if self._pretending:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    @contextmanager
    def pretence(self) -> Iterator[None]:
        """Show the block its own writes, and then forget them all."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._pretending = True
            try:
                yield
            finally:
                self._pretending = False
                self._connection.rollback()

    def read(
        self, table: Table, page: tuple[int, int] = (-1, 0), /, **equal: object
    ) -> list[JsonObject]:
        """Return the rows where each named column has that value, newest first.

        A page is how many at most, and how many to skip before.
        """
        query = f"SELECT * FROM {table} WHERE {_match(equal)} ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608
        with self._lock:
            cursor = self._connection.execute(query, (*equal.values(), *page))
            columns = [column[0] for column in cursor.description]
            return [_decode(columns, row) for row in cursor]

    def count(self, table: Table, **equal: object) -> int:
        """Return how many rows `read` would return without a limit."""
        query = f"SELECT count(*) FROM {table} WHERE {_match(equal)}"  # noqa: S608
        with self._lock:
            return int(self._connection.execute(query, tuple(equal.values())).fetchone()[0])

    def find(self, table: Table, **equal: object) -> JsonObject | None:
        """Return the one row with those values, if there is one."""
        return next(iter(self.read(table, **equal)), None)

    def insert(self, table: Table, values: Mapping[str, object]) -> JsonObject:
        """Add a row and return it whole, with its id and times."""
        now = _now()
        row = {**values, "created_at": now, "updated_at": now}
        marks = ", ".join("?" * len(row))
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) RETURNING *"  # noqa: S608
        return self._write(statement, row)

    def update(self, table: Table, row_id: object, values: Mapping[str, object]) -> JsonObject:
        """Change the columns of a row and return it whole; `updated_at` moves in any case."""
        row = {**values, "updated_at": _now()}
        settings = ", ".join(f"{column} = ?" for column in row)
        statement = f"UPDATE {table} SET {settings} WHERE id = ? RETURNING *"  # noqa: S608
        return self._write(statement, row, row_id)

    def delete(self, table: Table, row_id: object) -> bool:
        """Remove a row for good; False if there was none."""
        with self._lock:
            statement = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608
            return self._connection.execute(statement, (row_id,)).rowcount > 0

    def _write(self, statement: str, row: Mapping[str, object], *more: object) -> JsonObject:
        values = [_encode(value) for value in row.values()]
        with self._lock:
            cursor = self._connection.execute(statement, (*values, *more))
            columns = [column[0] for column in cursor.description]
            return _decode(columns, cursor.fetchall()[0])


def _open(database: str | os.PathLike[str] | None) -> sqlite3.Connection:
    target = ":memory:" if database is None else os.fspath(database)
    try:
        with ExitStack() as undo:
            connection = sqlite3.connect(target, check_same_thread=False, isolation_level=None)
            undo.callback(connection.close)
            _prepare(connection, target)
            undo.pop_all()
    except sqlite3.Error as error:
        raise _refuse(target, str(error)) from error
    return connection


def _prepare(connection: sqlite3.Connection, target: str) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # At once, so that a file that may only be read is refused here and not at the first write.
    connection.execute("BEGIN IMMEDIATE")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and version == 0 and tables == 0:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
    elif application != _APPLICATION_ID:
        raise _refuse(target, "it is a database of something else")
    elif version != _FORMAT:
        raise _refuse(target, f"it has format {version}, this version reads {_FORMAT}")
    connection.commit()


def _refuse(target: str, reason: str) -> FileFailure:
    return FileFailure(
        f"the sandbox can't use the database file {target}: {reason}",
        hint="name another file with --database, or leave it out to keep everything in memory",
    )


def _match(equal: Mapping[str, object]) -> str:
    return " AND ".join(f"{column} = ?" for column in equal) or "1"


def _encode(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


def _decode(columns: list[str], row: tuple[object, ...]) -> JsonObject:
    decoded = dict(zip(columns, row, strict=True))
    for column in _BOOLEANS & decoded.keys():
        if decoded[column] is not None:
            decoded[column] = bool(decoded[column])
    for column in _LISTS & decoded.keys():
        decoded[column] = json.loads(str(decoded[column]))
    return decoded


def _now() -> str:
    """Return UTC without saying so, as the real server writes it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat()
