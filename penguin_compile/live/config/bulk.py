"""Many rows in one go, by the fastest way that each driver has.

Under the config table and the state tables. PostgreSQL copies; for MySQL rows are joined into long
statements; SQLite repeats a prepared one. Never for secrets: a server may quote what it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.live.config.database_url import MYSQL, POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LEAST_TO_COPY: Final = 100  # below that a COPY costs more than it saves
_MOST_AT_ONCE: Final = 20_000  # rows in memory at a time
_LONG_STATEMENT: Final = 250_000  # characters: of four bytes each, a million, as the driver has it
_MOST_IN_LIST: Final = 500  # parameters that every database takes in one statement
_MARKS: Final = {POSTGRESQL: "%s", MYSQL: "%s", "mariadb": "%s", SQLITE: "?"}

Row = Sequence[Any]


def insert_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    constants: Mapping[str, Any] | None = None,
) -> None:
    """Add rows, the columns in that order, and columns that say the same in each.

    Raises SQLAlchemy's errors, as its own statements do.
    """
    fixed = constants or {}
    names, values = [*columns, *fixed], (*fixed.values(),)
    waiting = iter(rows)
    first = list(islice(waiting, _LEAST_TO_COPY))
    many = len(first) == _LEAST_TO_COPY
    waiting = chain(first, waiting)
    dialect = connection.dialect.name
    if many and dialect not in {POSTGRESQL, SQLITE}:
        _join(connection, table, columns, waiting, fixed)
        return
    complete = ((*row, *values) for row in waiting) if fixed else waiting
    if many and dialect == POSTGRESQL:
        _copy(connection, table, names, complete)
        return
    marks = ", ".join([_MARKS[dialect]] * len(names))
    statement = f"INSERT INTO {_target(connection, table, names)} VALUES ({marks})"  # noqa: S608
    while some := [tuple(row) for row in islice(complete, _MOST_AT_ONCE)]:
        connection.exec_driver_sql(statement, some)


def _target(connection: Connection, table: str, columns: Sequence[str]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table)} ({', '.join(map(quote, columns))})".replace("%", "%%")


def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    statement = f"COPY {_target(connection, table, columns)} FROM STDIN"
    with _cursor(connection, statement) as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _join(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    constants: Mapping[str, Any],
) -> None:
    """By statements as long as PyMySQL's own, which would write the constants anew in each row."""
    target = _target(connection, table, (*columns, *constants)).replace("%%", "%")
    statement = f"INSERT INTO {target} VALUES "  # noqa: S608
    with _cursor(connection, statement) as cursor:
        fixed = [cursor.mogrify("%s", (one,)).replace("%", "%%") for one in constants.values()]
        shape = f"({', '.join([*(['%s'] * len(columns)), *fixed])})"
        texts, size = list[str](), 0
        for row in rows:
            texts.append(cursor.mogrify(shape, tuple(row)))
            size += len(texts[-1])
            if size > _LONG_STATEMENT:
                cursor.execute(statement + ",".join(texts))
                texts, size = [], 0
        if texts:
            cursor.execute(statement + ",".join(texts))


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[Any]:
    """The driver's own cursor; its errors become SQLAlchemy's, without the rows."""
    from sqlalchemy.exc import DBAPIError

    dialect: Any = connection.dialect
    driver: Any = connection.connection
    try:
        with driver.cursor() as cursor:
            yield cursor
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True
        ) from None


def in_lists(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Values by as many as one statement takes."""
    for start in range(0, len(values), _MOST_IN_LIST):
        yield values[start : start + _MOST_IN_LIST]
