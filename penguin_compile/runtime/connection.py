"""Connections by URL, and the few things in which the three kinds of database differ.

Between `database_url.py` and the statements. A driver is imported when its database is opened:
psycopg 3, PyMySQL, or the standard library's sqlite3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.runtime.database_url import MYSQL, POSTGRESQL, SQLITE, DatabaseUrl

_DRIVERS: Final = {POSTGRESQL: ("psycopg", "postgres"), MYSQL: ("pymysql", "mysql")}
_SECONDS: Final = 5  # to connect; a URL may state its own connect_timeout
_BUSY_SECONDS: Final = 10.0
# A server that vanishes without a word is noticed after as many seconds, not after a quarter hour.
_PATIENCE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# Source: sqlalchemy.dialects.mysql, whose options in URLs are the compiler's.
_MYSQL_NUMBERS: Final = ("connect_timeout", "read_timeout", "write_timeout", "client_flag")
_MYSQL_FLAGS: Final = ("compress", "local_infile", "use_unicode")
_TLS: Final = "ssl_"
_TLS_OPTIONS: Final = ("ca", "key", "cert", "capath", "cipher", "check_hostname")
_TRUE: Final = frozenset(("true", "1", "yes", "on", "y", "t"))


def require_driver(url: DatabaseUrl) -> None:
    """DatabaseFailure where the driver isn't installed, which no waiting mends."""
    driver, extra = _DRIVERS.get(url.dialect, (None, None))
    if driver is not None and find_spec(driver) is None:
        raise DatabaseFailure(
            f"{url.describe()}: the driver {driver} is not installed",
            hint=f"pip install 'penguin-compile[{extra}]'",
        )


def connect(url: DatabaseUrl, program: str) -> Any:
    """A connection of the driver that commits each statement; the driver's errors, OSError.

    `program` is what PostgreSQL's administrator sees in pg_stat_activity.
    """
    if url.dialect == POSTGRESQL:
        return _connect_postgresql(url, program)
    return _connect_mysql(url) if url.dialect == MYSQL else _connect_sqlite(url)


def _connect_postgresql(url: DatabaseUrl, program: str) -> Any:
    import psycopg

    parts = {"host": url.host, "port": url.port, "user": url.user, "password": url.password}
    options: dict[str, Any] = {
        "connect_timeout": _SECONDS,
        "fallback_application_name": program,
        **_PATIENCE,
        **{name: value for name, value in parts.items() if value is not None},
        **({"dbname": url.database} if url.database else {}),
        **url.query,
    }
    return psycopg.connect(autocommit=True, **options)


def _connect_mysql(url: DatabaseUrl) -> Any:
    import pymysql

    options: dict[str, Any] = {"connect_timeout": _SECONDS, "read_timeout": 30, **url.query}
    tls = {name: options.pop(_TLS + name) for name in _TLS_OPTIONS if _TLS + name in options}
    if "check_hostname" in tls:
        tls["check_hostname"] = tls["check_hostname"].lower() in _TRUE
    if tls:
        options["ssl"] = tls
    for name in _MYSQL_NUMBERS:
        if name in options:
            options[name] = int(options[name])
    for name in _MYSQL_FLAGS:
        if name in options:
            options[name] = str(options[name]).lower() in _TRUE
    parts = {"host": url.host, "port": url.port, "user": url.user, "password": url.password}
    stated = {name: value for name, value in parts.items() if value is not None}
    return pymysql.connect(
        autocommit=True, **{**stated, "database": url.database or None, **options}
    )


def _connect_sqlite(url: DatabaseUrl) -> Any:
    import sqlite3

    address = f"{Path(url.database or '').absolute().as_uri()}?mode=rw"
    timeout = float(url.query.get("timeout", _BUSY_SECONDS))
    # The thread that follows changes goes on with the connection that read the settings first.
    return sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, timeout=timeout
    )


def fetch(
    connection: Any, statement: str, values: tuple[Any, ...] = ()
) -> Sequence[tuple[Any, ...]]:
    """All rows of a query, as the driver returns them."""
    with closing(connection.cursor()) as cursor:
        if values:
            cursor.execute(statement, values)
        else:
            cursor.execute(statement)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return rows


def execute(connection: Any, statement: str, values: tuple[Any, ...] = ()) -> None:
    """One statement that returns nothing."""
    with closing(connection.cursor()) as cursor:
        if values:
            cursor.execute(statement, values)
        else:
            cursor.execute(statement)


@contextmanager
def transaction(connection: Any, dialect: str) -> Iterator[None]:
    """All of the block or none of it; SQLite takes its write lock at the beginning."""
    execute(connection, "BEGIN IMMEDIATE" if dialect == SQLITE else "BEGIN")
    try:
        yield
    except BaseException:
        execute(connection, "ROLLBACK")
        raise
    execute(connection, "COMMIT")


@contextmanager
def savepoint(connection: Any) -> Iterator[None]:
    """A part of a transaction that may fail alone."""
    execute(connection, "SAVEPOINT penguin_settings")
    try:
        yield
    except BaseException:
        execute(connection, "ROLLBACK TO SAVEPOINT penguin_settings")
        raise
    execute(connection, "RELEASE SAVEPOINT penguin_settings")
