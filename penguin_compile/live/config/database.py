"""One database: transactions for reading and for writing, and failures a person can act on.

The backend `config` and the state tables stand on it. Reading creates nothing, not even the file
of a SQLite database; a write transaction of SQLite takes the write lock when it begins, so that
what it reads is what it changes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import DatabaseFailure, PenguinError
from penguin_compile.live.config.database_url import (
    MYSQL,
    POSTGRESQL,
    SQLITE,
    describe_url,
    identify_url,
    parse_url,
    sqlite_path,
)

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from sqlalchemy import Connection, Engine

_BUSY_SECONDS: Final = 10.0
_LOGGER: Final = "penguin-compile"
_CLOCKS: Final = {
    POSTGRESQL: "SELECT extract(epoch FROM clock_timestamp())",
    MYSQL: "SELECT unix_timestamp(now(6))",
}
_UNKNOWN_OPTION: Final = re.compile(r"__init__\(\) got an unexpected keyword argument '(\w+)'")
_EXTRAS: Final = {POSTGRESQL: "postgres", MYSQL: "mysql"}


def fetch_tuples(connection: Connection, query: Any) -> list[tuple[Any, ...]]:
    """All rows as the driver returns them: a mapping of each costs more than the SELECT."""
    result = connection.execute(query)
    rows = result.cursor.fetchall()
    result.close()
    return list(rows)


class Database:
    """A database by its URL. Nothing is opened before the first transaction."""

    def __init__(self, url: str) -> None:
        """DatabaseFailure where the text is no URL of a database that we speak to."""
        self._url = parse_url(url)
        backend = self._url.drivername.partition("+")[0]
        self.dialect = MYSQL if backend == "mariadb" else backend

    @classmethod
    def of_file(cls, path: Path) -> Database:
        """A SQLite database by its file."""
        from sqlalchemy import URL

        url = URL.create(SQLITE, database=str(path.absolute()))
        return cls(url.render_as_string(hide_password=False))

    def describe(self) -> str:
        """The URL without user, password and options."""
        return describe_url(self._url)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return sqlite_path(self._url) if self.dialect == SQLITE else None

    def is_same(self, other: Database) -> bool:
        """Whether both are one database, so that one transaction covers both."""
        return identify_url(self._url) == identify_url(other._url)

    @contextmanager
    def reading(self, operation: str) -> Iterator[Connection | None]:
        """One consistent view, of which nothing is written; None where there is no database yet.

        `operation` says in messages what was being done, such as `reading table config`.
        """
        with self._failures(operation):
            if self.dialect == SQLITE and not sqlite_path(self._url).exists():
                yield None
                return
            with self._reader.connect() as connection:
                yield connection

    @contextmanager
    def writing(self, operation: str) -> Iterator[Connection]:
        """One transaction: all of the block or none of it. Creates the file of SQLite."""
        with self._failures(operation):
            if self.dialect == SQLITE:
                sqlite_path(self._url).parent.mkdir(parents=True, exist_ok=True)
            with self._writer.begin() as connection:
                yield connection

    def now(self, connection: Connection) -> float:
        """Seconds since 1970 by the clock that all who use this database share."""
        clock = _CLOCKS.get(self.dialect)
        if clock is None:  # a file: whoever shares it shares the host's clock
            return time.time()
        return float(connection.exec_driver_sql(clock).scalar_one())

    def close(self) -> None:
        """Give back all connections."""
        for name in ("_reader", "_writer"):
            engine = self.__dict__.pop(name, None)
            if engine is not None:
                engine.dispose()

    @cached_property
    def _reader(self) -> Engine:
        if self.dialect != SQLITE:
            return self._writer
        # "rw", not "ro": after a kill the first to read has to roll the journal back.
        return self._open_sqlite("rw", "BEGIN", "PRAGMA query_only = ON")

    @cached_property
    def _writer(self) -> Engine:
        if self.dialect == SQLITE:
            return self._open_sqlite("rwc", "BEGIN IMMEDIATE", None)
        from sqlalchemy import create_engine

        # Rows that a transaction reads again must show what others committed meanwhile.
        level = "READ COMMITTED"
        return create_engine(
            self._url, pool_pre_ping=True, isolation_level=level, **_without_values()
        )

    def _open_sqlite(self, mode: str, begin: str, pragma: str | None) -> Engine:
        import sqlite3

        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool

        address = f"{sqlite_path(self._url).as_uri()}?mode={mode}"
        timeout = self._busy_seconds()

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(
                address, uri=True, isolation_level=None, check_same_thread=False, timeout=timeout
            )
            if pragma is not None:
                connection.execute(pragma)
            return connection

        engine = create_engine(
            "sqlite+pysqlite://", creator=connect, poolclass=NullPool, **_without_values()
        )
        # The driver's own idea of transactions commits before DDL; ours begin and end by name.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def _busy_seconds(self) -> float:
        text = self._url.query.get("timeout")
        try:
            return _BUSY_SECONDS if text is None else float(str(text))
        except ValueError:
            raise DatabaseFailure(f"{self.describe()}: timeout is a number of seconds") from None

    @contextmanager
    def _failures(self, operation: str) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except PenguinError as failure:
            _forget_values(failure)
            raise
        except (SQLAlchemyError, OSError, ImportError) as error:
            explained = self._explain(operation, error)
            _forget_values(error)
            raise explained from None
        except TypeError as error:
            option = _UNKNOWN_OPTION.search(str(error))
            if option is None:
                raise
            raise DatabaseFailure(
                f"{self.describe()}: the driver knows no option {option[1]}",
                hint="see what stands after the `?` of the URL",
            ) from None

    def _explain(self, operation: str, error: Exception) -> DatabaseFailure:
        reason, hint = _reason(error, sqlite=self.dialect == SQLITE)
        if self.dialect == SQLITE and sqlite_path(self._url).is_dir():
            reason, hint = "it is a folder", "a SQLite URL names a file"
        if is_denied(error):
            reason, hint = "this user may not do that", _RIGHTS
        if isinstance(error, ImportError):
            reason = f"the driver {error.name} is not installed"
            hint = f"pip install 'penguin-compile[{_EXTRAS.get(self.dialect, 'all')}]'"
        return DatabaseFailure(f"{self.describe()}: {operation} failed: {reason}", hint=hint)


def _without_values() -> dict[str, Any]:
    """Options of an engine that logs statements alone, whatever level is asked of SQLAlchemy."""
    import logging

    logger = logging.getLogger(f"sqlalchemy.engine.Engine.{_LOGGER}")
    if logger.getEffectiveLevel() < logging.INFO:  # at DEBUG it logs every row that it reads
        logger.setLevel(logging.INFO)
    return {"hide_parameters": True, "logging_name": _LOGGER}


def _forget_values(error: BaseException | None) -> None:
    """Take rows and parameters out of an error and those behind it: they come along as context."""
    from sqlalchemy.exc import StatementError

    while error is not None:
        if isinstance(error, StatementError):
            error.args = (type(error).__name__,)
            error.params, error.orig = None, None
            error.__cause__ = error.__context__ = None
        error = error.__context__


_RIGHTS: Final = (
    "give it the right: GRANT SELECT on the table to plan, INSERT, UPDATE and DELETE to apply, and"
    " the same on the penguin_ tables where they are in this database"
)
# Source: PostgreSQL, "Error Codes"; MySQL, "Server Error Message Reference".
_DENIED: Final = frozenset(("42501", 1044, 1142, 1143, 1227, 1370))


def is_denied(error: Exception) -> bool:
    """Whether a server refused because its user lacks a right."""
    original = getattr(error, "orig", None)
    first = next(iter(getattr(original, "args", ())), None)
    return getattr(original, "sqlstate", None) in _DENIED or first in _DENIED


_SQLITE_HINTS: Final = {
    "unable to open": "check the path, and that this user may read and write the file and folder",
    "is locked": "another process is writing to it; try again when it is done",
    "readonly": "this user needs the right to write to the file and its folder",
    "not a database": "the URL names a file that is no SQLite database",
    "malformed": "the file is damaged: bring back a backup",
    "is full": "make room on the disk and run the same command again",
}


def _reason(error: Exception, *, sqlite: bool) -> tuple[str, str | None]:
    """What the driver said, as far as it can't hold a value, and what to do about it."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a part of its path is a file, not a folder", "check the path"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__, "check the path and its rights"
    original = getattr(error, "orig", None)
    if original is None:
        return type(error).__name__, None
    lines = str(original).splitlines() or [type(original).__name__]
    if sqlite:
        hint = next((hint for part, hint in _SQLITE_HINTS.items() if part in lines[0]), None)
        return lines[0], hint
    # Servers quote rows in their messages; only a failure to connect can't hold one.
    if getattr(error, "statement", None) is None:
        return lines[0], "check the URL, the server and the credentials"
    code = getattr(original, "sqlstate", None) or next(iter(original.args), "")
    code = code if isinstance(code, int) or len(str(code)) == 5 else ""
    return f"{type(original).__name__} {code}".strip(), "the server's log tells more"
