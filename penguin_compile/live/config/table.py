"""The config table itself: its columns as this app names them, its DDL, and its statements.

Under the backend and its writes. Every statement moves a whole set of rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.bulk import in_lists, insert_rows
from penguin_compile.live.config.database import fetch_tuples
from penguin_compile.live.config.database_url import POSTGRESQL, SQLITE
from penguin_compile.live.config.lines import select_line, text_part
from penguin_compile.live.config.row import FIELD_COLUMNS, TOOL, Row, Rows
from penguin_compile.live.config.table_shape import (
    are_texts,
    find_problems,
    holds_text,
    unwritable,
)
from penguin_compile.model.app import ConfigTable
from penguin_compile.model.plan import Change

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table, TableClause

_KEY: Final = "config_key"
_VALUE: Final = "config_value"
_DESCRIPTION: Final = "description"
_SENSITIVE: Final = "is_sensitive"
_CREATED: Final = "created_at"  # written once, read by nobody here
_STAMPS: Final = ("last_updated", _CREATED)
_MOST_BY_KEY: Final = 1000  # beyond that one SELECT of everything is the faster one


@dataclass(frozen=True, slots=True, kw_only=True)
class NewValues:
    """What a statement sets in one row, by the standard's column names."""

    row: Row | None
    key: str
    values: Mapping[str, Any] = field(repr=False)


class SettingsTable:
    """The table that the spec maps; `database` names its database in messages."""

    def __init__(self, table: ConfigTable, database: str) -> None:
        self.name = table.name
        self._database = database
        self._columns = {
            standard: name for standard, name in table.columns.items() if name is not None
        }
        self.unwritten: frozenset[str] = frozenset()  # of other types; known once it was read
        # Asked of the database once in each transaction.
        self._types: WeakKeyDictionary[Connection, dict[str, Any] | None] = WeakKeyDictionary()

    def has(self, standard: str) -> bool:
        """Whether the spec says that the table has this column of the standard's."""
        return standard in self._columns

    def column(self, standard: str) -> str:
        """What this table calls a column of the standard's that it has."""
        return self._columns[standard]

    def problems(
        self,
        connection: Connection,
        changes: Sequence[Change],
        text: Callable[[Change], str | None],
    ) -> list[str]:
        """What the database would refuse or cut short of these changes; `text` is of a value."""
        return list(find_problems(connection, self.name, self._columns, changes, text))

    def exists(self, connection: Connection) -> bool:
        """Whether the table is there; DatabaseFailure where it lacks a column."""
        return self._check_columns(connection) is not None

    def read(self, connection: Connection, keys: Collection[str] | None = None) -> Rows | None:
        """Rows by key, None where there is no table; of `keys` alone where they are few.

        DatabaseFailure where a column is missing or a key stands there twice.
        """
        from sqlalchemy import select

        if self._check_columns(connection) is None:
            return None
        table = self.clause
        names = [_KEY, *(one for one in self._columns if one not in {_KEY, _CREATED})]
        query = select(*(table.c[self._columns[one]] for one in names))
        if keys is None or len(keys) > _MOST_BY_KEY:
            found = fetch_tuples(connection, query)
        else:
            key = table.c[self._columns[_KEY]]
            queries = (query.where(key.in_(some)) for some in in_lists(list(keys)))
            # A collation may find Theme where theme was asked for.
            every = (row for one in queries for row in fetch_tuples(connection, one))
            found = [row for row in every if str(row[0]) in keys]
        rows = Rows(names, found)
        if len(rows) < len(found):
            seen = Counter(str(one[0]) for one in found)
            raise DatabaseFailure(
                f"{self._database}: table {self.name} has several rows of"
                f" {seen.most_common(1)[0][0]}",
                hint="one config table serves one app: a key must be there once; where another"
                " column tells rows apart, use a table, or a view, of one of its values",
            )
        return rows

    def read_lines(self, connection: Connection, dialect: str) -> list[str | None] | None:
        """Rows as lines of key, value, type, category, description and two flags.

        Those columns that it has; the flags say that there is no description, and that the row is
        not sensitive. None where there is no table, and for columns of types that lines may not
        tell apart.
        """
        from sqlalchemy import String, cast, func, literal, select
        from sqlalchemy.exc import DBAPIError

        types = self._check_columns(connection)
        if types is None or not are_texts(self._columns, types):
            return None
        table, parts = self.clause, list[Any]()
        for name in (_KEY, *FIELD_COLUMNS.values()):
            if not self.has(name):
                continue
            column = table.c[self._columns[name]]
            if name == _DESCRIPTION:
                parts += [func.coalesce(cast(column, String()), ""), column.is_(None)]
            elif name == _SENSITIVE:
                false = literal(self._flags(connection)[False])
                parts.append(func.coalesce(column, false) == false)
            else:
                parts.append(text_part(dialect, column))
        query = select(select_line(dialect, parts)).select_from(table)
        driver: Any = connection.dialect.loaded_dbapi
        try:
            return [line for (line,) in fetch_tuples(connection, query)]
        except (DBAPIError, driver.Error):
            if dialect != SQLITE:
                raise
            return None  # a BLOB, which JSON can't hold, or a SQLite without JSON

    def create(self, connection: Connection) -> None:
        """The standard's table and its two indexes. Source: integration-standards."""
        from sqlalchemy import Index

        table = self._definition()
        if self.has("category"):
            Index(f"idx_{self.name}_category", table.c[self._columns["category"]])
        Index(f"idx_{self.name}_key", table.c[self._columns[_KEY]])
        table.create(connection)
        self._types.pop(connection, None)

    def insert(
        self,
        connection: Connection,
        names: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        secret: bool = False,
    ) -> None:
        """Add rows of a key and the columns `names`, in the standard's words.

        The database's IntegrityError passes where a key is there already. `secret` rows take the
        way on which no server quotes them.
        """
        constants = {
            **self._author(),
            **dict.fromkeys(self._stamps(*_STAMPS), self._now(connection)),
        }
        columns = [self._columns[name] for name in (_KEY, *names)]
        spelled = self._spelled(connection, names, rows)
        if secret:
            complete = ((*row, *constants.values()) for row in spelled)
            self._insert_quietly(connection, [*columns, *constants], complete)
        else:
            insert_rows(connection, self.name, columns, spelled, constants)

    def _spelled(
        self, connection: Connection, names: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> Iterable[Sequence[Any]]:
        """Rows with booleans as this table has them."""
        flags = self._flags(connection)
        if _SENSITIVE not in names or flags == {True: True, False: False}:
            return rows
        place = 1 + names.index(_SENSITIVE)
        return ((*row[:place], flags[row[place]], *row[place + 1 :]) for row in rows)

    def _insert_quietly(
        self, connection: Connection, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        from sqlalchemy import insert

        parameters = [dict(zip(columns, row, strict=True)) for row in rows]
        connection.execute(insert(self.clause), parameters)

    def update(
        self,
        connection: Connection,
        rows: Sequence[NewValues],
        *,
        sign: bool = True,
        author: str = TOOL,
    ) -> int:
        """Change rows whose value is still the one that was read; how many there were.

        Without `sign`, who edited a row when stays what it is; else it was `author`, now.
        """
        from sqlalchemy import bindparam, func, update

        flag = self._flags(connection)
        stamps = self._stamps("last_updated") if sign else []
        changed = 0
        for columns, group in _alike(rows):
            statement = (
                update(self.clause)
                .where(*self._same_row(connection))
                .values(
                    {
                        **{self._columns[name]: bindparam(f"new_{name}") for name in columns},
                        **(self._author(author) if sign else {}),
                        **{name: func.current_timestamp() for name in stamps},
                    }
                )
            )
            result = connection.execute(
                statement, [self._parameters(one, flag) | _seen(one) for one in group]
            )
            changed += result.rowcount
        return changed

    def delete(self, connection: Connection, rows: Sequence[NewValues]) -> int:
        """Remove rows whose value is still the one that was read; how many there were."""
        from sqlalchemy import delete

        if not rows:
            return 0
        statement = delete(self.clause).where(*self._same_row(connection))
        parameters = [{"row_key": one.key, **_seen(one)} for one in rows]
        return connection.execute(statement, parameters).rowcount

    def _same_row(self, connection: Connection) -> tuple[Any, ...]:
        from sqlalchemy import LargeBinary, String, bindparam, cast

        table = self.clause
        old: Any = bindparam("old_value")
        key: Any = table.c[self._columns[_KEY]]
        value: Any = table.c[self._columns[_VALUE]]
        same_key: tuple[Any, ...] = (key == bindparam("row_key"),)  # by its index
        if connection.dialect.name in {"mysql", "mariadb"}:
            # Its default collation takes an edit from Dark to dark for none, and Theme for theme.
            value, old = cast(value, LargeBinary), bindparam("old_value", type_=String())
            its_key = cast(key, LargeBinary)
            same_key = (*same_key, its_key == bindparam("row_key", type_=String()))
        return (*same_key, value.is_not_distinct_from(old))

    def _parameters(self, new: NewValues, flag: Mapping[bool, Any]) -> dict[str, Any]:
        values = self._values(new, flag)
        return {"row_key": new.key, **{f"new_{name}": value for name, value in values.items()}}

    def _values(self, new: NewValues, flag: Mapping[bool, Any]) -> Mapping[str, Any]:
        if _SENSITIVE not in new.values:
            return new.values
        return {**new.values, _SENSITIVE: flag[new.values[_SENSITIVE]]}

    def _now(self, connection: Connection) -> Any:
        """The time as the database's own defaults have it, in the zone of the session."""
        clock = "LOCALTIMESTAMP" if connection.dialect.name == POSTGRESQL else "CURRENT_TIMESTAMP"
        return connection.exec_driver_sql(f"SELECT {clock}").scalar_one()

    def _author(self, name: str = TOOL) -> dict[str, Any]:
        written = self.has("updated_by") and "updated_by" not in self.unwritten
        return {self._columns["updated_by"]: name} if written else {}

    def _stamps(self, *names: str) -> list[str]:
        return [
            self._columns[name] for name in names if self.has(name) and name not in self.unwritten
        ]

    @cached_property
    def clause(self) -> TableClause:
        """The table without types: values come and go as the driver has them."""
        from sqlalchemy import column, table

        return table(self.name, *(column(name) for name in self._columns.values()))

    def _check_columns(self, connection: Connection) -> dict[str, Any] | None:
        """The types of the table's columns; None where there is no table."""
        if connection not in self._types:
            self._types[connection] = self._inspect(connection)
        return self._types[connection]

    def _inspect(self, connection: Connection) -> dict[str, Any] | None:
        from sqlalchemy import inspect

        inspector = inspect(connection)
        if not inspector.has_table(self.name):
            return None
        types = {one["name"]: one["type"] for one in inspector.get_columns(self.name)}
        # SQLite takes an unknown quoted column for a text, so nothing else would tell.
        for standard, name in self._columns.items():
            if name not in types:
                raise DatabaseFailure(
                    f"{self._database}: table {self.name} has no column {name}",
                    hint=f"say in the spec how it is called, or null for none: "
                    f"outputs.sql.columns.{standard}",
                )
            if standard in {_KEY, _VALUE} and not holds_text(types[name]):
                raise DatabaseFailure(
                    f"{self._database}: column {name} of table {self.name} is {types[name]}",
                    hint="keys and values are texts: the column has to be TEXT or VARCHAR",
                )
        self.unwritten = unwritable(self._columns, types)
        return types

    def _flags(self, connection: Connection) -> Mapping[bool, Any]:
        """How this table spells booleans: pyDAL keeps `T` and `F` in a text column."""
        from sqlalchemy import Boolean, Integer, String

        types = self._check_columns(connection) or {}
        kind = types.get(self._columns.get(_SENSITIVE, ""))
        if isinstance(kind, String):
            return {True: "T", False: "F"}
        if isinstance(kind, Integer) and not isinstance(kind, Boolean):
            return {True: 1, False: 0}
        return {True: True, False: False}

    def _definition(self) -> Table:
        from sqlalchemy import (
            Boolean,
            Column,
            DateTime,
            Integer,
            MetaData,
            String,
            Table,
            Text,
            false,
            func,
        )
        from sqlalchemy.dialects.mysql import LONGTEXT

        long_text = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
        now = func.current_timestamp()
        shapes: dict[str, tuple[Any, dict[str, Any]]] = {
            _KEY: (String(255), {"nullable": False, "unique": True}),
            _VALUE: (long_text, {"nullable": False}),
            "config_type": (String(50), {"nullable": False}),
            "category": (String(100), {"nullable": False}),
            "description": (Text(), {}),
            _SENSITIVE: (Boolean(), {"server_default": false()}),
            "last_updated": (DateTime(), {"server_default": now}),
            "updated_by": (String(255), {}),
            _CREATED: (DateTime(), {"server_default": now}),
        }
        columns: list[Column[Any]] = []
        for standard, name in self._columns.items():
            kind, options = shapes[standard]
            columns.append(Column(name, kind, **options))
        number = Column("id", Integer(), primary_key=True)
        # As target `sql` has it: the server's default may hold no emoji.
        return Table(
            self.name,
            MetaData(),
            number,
            *columns,
            mysql_charset="utf8mb4",
            mariadb_charset="utf8mb4",
        )


def _seen(new: NewValues) -> dict[str, Any]:
    return {"old_value": None if new.row is None else new.row.columns[_VALUE]}


def _alike(rows: Iterable[NewValues]) -> Iterator[tuple[tuple[str, ...], list[NewValues]]]:
    """Rows that set the same columns: one statement each."""
    groups: dict[tuple[str, ...], list[NewValues]] = defaultdict(list)
    for one in rows:
        groups[tuple(one.values)].append(one)
    yield from groups.items()
