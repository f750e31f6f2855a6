"""Database URLs: the forms that people write, and the one that SQLAlchemy takes.

First step of the backend `config` and of the state tables. Nothing here opens a connection, and
no message holds a URL as it was given: it may hold a password.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from penguin_compile.core.errors import DatabaseFailure

if TYPE_CHECKING:
    from sqlalchemy import URL

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
MYSQL: Final = "mysql"

_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_HINT: Final = "such as sqlite:///data/app.db or postgresql://user@host/app"


def parse_url(text: str) -> URL:
    """SQLAlchemy's URL with the driver that we use; DatabaseFailure where there is none."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseFailure("this is no database URL", hint=_HINT) from None
    backend = url.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        # What it names is not shown: a text that is no URL may be a password.
        raise DatabaseFailure(
            "the database URL names a kind of database that is not supported",
            hint="there are: sqlite, postgresql, mysql, mariadb",
        )
    url = url.set(drivername=_DRIVERS[backend])  # other tools name drivers that we don't have
    return _check_sqlite(url) if backend == SQLITE else url


def _check_sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise DatabaseFailure(
            "a SQLite database must be a file here: one in memory ends with the command",
            hint="relative: sqlite:///data/app.db, absolute: sqlite:////srv/app.db",
        )
    unknown = sorted(set(url.query) - {"timeout"})
    if unknown:
        raise DatabaseFailure(
            f"{describe_url(url)}: unknown option {', '.join(unknown)}",
            hint="SQLite URLs take timeout=SECONDS alone",
        )
    return url


def describe_url(url: URL) -> str:
    """The URL as a person may see it: no user, no password, no options."""
    backend = url.drivername.partition("+")[0]
    host = url.host or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{url.port}" if url.port else ""
    return f"{backend}://{host}{port}/{url.database or ''}"


def identify_url(url: URL) -> str:
    """Equal for two URLs of one database, as far as their text can tell; never to be shown."""
    backend = url.drivername.partition("+")[0]
    if backend == SQLITE:
        return f"{SQLITE}:{os.path.realpath(url.database or '')}"
    # `options` of PostgreSQL may set the search path: the same names are other tables then.
    return f"{url.username}@{describe_url(url)}?{url.query.get('options', '')}"


def sqlite_path(url: URL) -> Path:
    """The file of a SQLite URL; relative paths start at the working directory."""
    return Path(url.database or "").absolute()
