"""The settings table as the app maps it: read whole, asked whether it changed, given missing rows.

Under the watcher and the bootstrap. Reading is one SELECT, so that a snapshot is of one moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from penguin_compile.runtime.connection import execute, fetch, transaction
from penguin_compile.runtime.database_url import MYSQL, POSTGRESQL, SQLITE
from penguin_compile.runtime.manifest import Manifest

CHANNEL: Final = "penguin_settings"
_TRIGGER: Final = "penguin_settings_notify"
_READ: Final = ("config_key", "config_value", "config_type", "is_sensitive")
_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION {_TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('{CHANNEL}', TG_TABLE_NAME);
  RETURN NULL;
END $$
"""
_STAMPS: Final = ("last_updated", "created_at")

Rows = Mapping[str, tuple[Any, ...]]


class SettingsTable:
    """Statements for one table in one kind of database."""

    def __init__(self, manifest: Manifest, dialect: str) -> None:
        self.name = manifest.table
        self.dialect = dialect
        self._columns = {one: name for one, name in manifest.columns.items() if name is not None}
        self._quote = "`" if dialect == MYSQL else '"'
        self._mark = "?" if dialect == SQLITE else "%s"
        listed = [self._column(one) if one in self._columns else "NULL" for one in _READ]
        self.select = f"SELECT {', '.join(listed)} FROM {self._quoted(self.name)}"  # noqa: S608  # quoted
        self._probe = self._probe_statement()

    def read(self, connection: Any) -> Rows:
        """All rows by key, at one moment."""
        rows = fetch(connection, self.select)
        if rows and not isinstance(rows[0][0], str):
            return {_text(row[0]): (_text(row[0]), *row[1:]) for row in rows}
        return {row[0]: row for row in rows}

    def probe(self, connection: Any) -> object:
        """Something that is another after a change; one query, whose answer is one row."""
        return fetch(connection, self._probe)[0]

    def announces(self, connection: Any) -> bool:
        """Whether PostgreSQL tells of changes: the trigger is there."""
        query = "SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgname = %s"
        return bool(fetch(connection, query, (self._quoted(self.name), _TRIGGER)))

    def announce(self, connection: Any) -> None:
        """Put the trigger there. The driver's error where rights don't allow it, or for a view."""
        with transaction(connection, self.dialect):
            execute(connection, "SET LOCAL lock_timeout = '2s'")
            self._lock(connection)
            if self.announces(connection):
                return
            execute(connection, _FUNCTION)
            execute(
                connection,
                f"CREATE TRIGGER {_TRIGGER} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON"
                f" {self._quoted(self.name)} FOR EACH STATEMENT EXECUTE FUNCTION {_TRIGGER}()",
            )

    def lock_for_missing(self, connection: Any) -> None:
        """One app at a time looks for missing rows, as far as a database can tell them apart."""
        if self.dialect == POSTGRESQL:
            self._lock(connection)

    def insert_missing(
        self, connection: Any, values: Mapping[str, Any], types: Mapping[str, str]
    ) -> bool:
        """One row, by the standard's columns, unless its key is there; whether it was written.

        `types` are those of `column_types`. Inside of a transaction.
        """
        key = values["config_key"]
        if self._has_row(connection, key):
            return False
        stated = {
            name: self._fit(name, value, types)
            for name, value in values.items()
            if name in self._columns and self._takes(name, types)
        }
        stamps = [one for one in _STAMPS if one in self._columns and self._takes(one, types)]
        names = ", ".join(self._column(one) for one in (*stated, *stamps))
        marks = ", ".join([self._mark] * len(stated) + ["CURRENT_TIMESTAMP"] * len(stamps))
        statement = f"INSERT INTO {self._quoted(self.name)} ({names}) VALUES ({marks})"  # noqa: S608  # quoted
        execute(connection, f"{statement} {self._unless_there()}", tuple(stated.values()))
        return True

    def column_types(self, connection: Any) -> dict[str, str]:
        """The table's columns with their types in lower case, by the standard's names."""
        if self.dialect == SQLITE:
            query = f"SELECT name, type FROM pragma_table_info('{self.name}')"  # noqa: S608  # an identifier by the manifest's schema
        elif self.dialect == MYSQL:
            query = f"SHOW COLUMNS FROM {self._quoted(self.name)}"
        else:
            query = (
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"  # noqa: S608  # quoted
                f" WHERE attrelid = to_regclass('{self._quoted(self.name)}')"
                " AND attnum > 0 AND NOT attisdropped"
            )
        types = {_text(row[0]): _text(row[1]).lower() for row in fetch(connection, query)}
        return {one: types[name] for one, name in self._columns.items() if name in types}

    def _has_row(self, connection: Any, key: str) -> bool:
        # MySQL locks the gap where the row would be: another app waits, or is told to try again.
        lock = " FOR UPDATE" if self.dialect == MYSQL else ""
        query = (
            f"SELECT 1 FROM {self._quoted(self.name)}"  # noqa: S608  # quoted
            f" WHERE {self._column('config_key')} = {self._mark}{lock}"
        )
        return bool(fetch(connection, query, (key,)))

    def _unless_there(self) -> str:
        if self.dialect != MYSQL:
            return "ON CONFLICT DO NOTHING"
        key = self._column("config_key")
        return f"ON DUPLICATE KEY UPDATE {key} = {key}"  # IGNORE would cut values short, too

    def _takes(self, name: str, types: Mapping[str, str]) -> bool:
        """Whether our words fit the column: apps keep users' numbers in `updated_by`."""
        kind = types.get(name, "")
        if name in _STAMPS:
            return "int" not in kind
        return name != "updated_by" or any(one in kind for one in ("char", "text", "clob"))

    def _fit(self, name: str, value: Any, types: Mapping[str, str]) -> Any:
        """A flag as the column has it: pyDAL keeps booleans as `T` and `F` in a text column."""
        if name != "is_sensitive":
            return value
        kind = types.get(name, "")
        if any(one in kind for one in ("char", "text")):
            return "T" if value else "F"
        return bool(value) if "bool" in kind else int(value)

    def _lock(self, connection: Any) -> None:
        query = "SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))"
        fetch(connection, query, (CHANNEL, self.name))

    def _probe_statement(self) -> str:
        if self.dialect == SQLITE:  # counts what other connections committed
            return "PRAGMA data_version"
        columns = [self._column(one) for one in _READ if one in self._columns]
        table = self._quoted(self.name)
        if self.dialect == POSTGRESQL:
            inner = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608  # quoted
            return f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ({inner}) t"  # noqa: S608  # quoted
        # CRC-32 is what costs least there. By the key's, so that two rows that swap values count.
        key, *others = columns
        sums = (f"SUM(CRC32({key}) * COALESCE(CRC32({one}), 1))" for one in others)
        return f"SELECT COUNT(*), {', '.join(sums)} FROM {table}"  # noqa: S608  # quoted

    def _column(self, standard: str) -> str:
        return self._quoted(self._columns[standard])

    def _quoted(self, name: str) -> str:
        return f"{self._quote}{name.replace(self._quote, self._quote * 2)}{self._quote}"


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
