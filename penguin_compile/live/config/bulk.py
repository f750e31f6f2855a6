"""Many rows in one go, by the fastest way that each driver has.

Under the config table and the state tables. PostgreSQL copies; PyMySQL joins rows into long
statements; SQLite repeats a prepared one. Never for secrets: a server may quote what it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.live.config.database_url import MYSQL, POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LEAST_TO_COPY: Final = 100  # below that a COPY costs more than it saves
_MOST_AT_ONCE: Final = 20_000  # rows in memory at a time
_MOST_IN_LIST: Final = 500  # parameters that every database takes in one statement
_MARKS: Final = {POSTGRESQL: "%s", MYSQL: "%s", "mariadb": "%s", SQLITE: "?"}

Row = Sequence[Any]


def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Add rows, the columns in that order. Raises SQLAlchemy's errors, as its own statements do."""
    waiting = iter(rows)
    first = list(islice(waiting, _LEAST_TO_COPY))
    if connection.dialect.name == POSTGRESQL and len(first) == _LEAST_TO_COPY:
        _copy(connection, table, columns, chain(first, waiting))
        return
    marks = ", ".join([_MARKS[connection.dialect.name]] * len(columns))
    statement = f"INSERT INTO {_target(connection, table, columns)} VALUES ({marks})"  # noqa: S608
    waiting = chain(first, waiting)
    while some := [tuple(row) for row in islice(waiting, _MOST_AT_ONCE)]:
        connection.exec_driver_sql(statement, some)


def _target(connection: Connection, table: str, columns: Sequence[str]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table)} ({', '.join(map(quote, columns))})".replace("%", "%%")


def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    from sqlalchemy.exc import DBAPIError

    dialect: Any = connection.dialect
    driver: Any = connection.connection
    statement = f"COPY {_target(connection, table, columns)} FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True
        ) from None


def in_lists(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Values by as many as one statement takes."""
    for start in range(0, len(values), _MOST_IN_LIST):
        yield values[start : start + _MOST_IN_LIST]
