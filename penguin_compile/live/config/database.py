"""One database: transactions for reading and for writing, and failures a person can act on.

The backend `config` and the state tables stand on it. Reading creates nothing, not even the file
of a SQLite database; a write transaction of SQLite takes the write lock when it begins, so that
what it reads is what it changes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import Collided, DatabaseFailure, OutcomeUnknown, PenguinError
from penguin_compile.live.config.database_error import explain_error, is_collision
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


class Prepared:
    """A query compiled once for a dialect: what is asked at every turn need not be built again."""

    def __init__(self, query: Any, dialect: Any) -> None:
        compiled = query.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order = compiled.positiontup
        self._fixed = dict(compiled.params)

    def fetch(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows as the driver returns them, with these values for its named parameters."""
        every = {**self._fixed, **values}
        given = every if self._order is None else tuple(every[name] for name in self._order)
        result = connection.exec_driver_sql(self._sql, given)
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
        """One transaction: all of the block or none of it. Creates the file of SQLite.

        OutcomeUnknown where the connection was lost after the commit was sent.
        """
        from sqlalchemy.exc import DBAPIError

        with self._failures(operation):
            if self.dialect == SQLITE:
                sqlite_path(self._url).parent.mkdir(parents=True, exist_ok=True)
            written = False
            try:
                with self._writer.begin() as connection:
                    yield connection
                    written = True
            except DBAPIError as error:
                if written and error.connection_invalidated:
                    raise self._unknown(operation) from None
                raise

    def _unknown(self, operation: str) -> OutcomeUnknown:
        """The commit was sent, and no answer came."""
        return OutcomeUnknown(
            f"{self.describe()}: {operation}: the connection was lost before the database said "
            "whether all of it was written or nothing",
            hint="run the same command again: it looks at what is there, and does the rest",
        )

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
        reason, hint = explain_error(error, sqlite=self.dialect == SQLITE)
        if self.dialect == SQLITE and sqlite_path(self._url).is_dir():
            reason, hint = "it is a folder", "a SQLite URL names a file"
        if isinstance(error, ImportError):
            reason = f"the driver {error.name} is not installed"
            hint = f"pip install 'penguin-compile[{_EXTRAS.get(self.dialect, 'all')}]'"
        kind = Collided if is_collision(error) else DatabaseFailure
        return kind(f"{self.describe()}: {operation} failed: {reason}", hint=hint)


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
