"""A filled config table as a part of a spec: each row a config key, its value the default.

A source of `init`. It reads, in one transaction, and writes nothing; of a row that is a secret
no value leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import DatabaseFailure, UsageError
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import SecretReference
from penguin_compile.core.span import Span
from penguin_compile.core.suggestion import list_names, suggest
from penguin_compile.intake.found import Found, FoundSetting, FoundTable
from penguin_compile.intake.listed_places import listed_places
from penguin_compile.intake.row_types import STANDARD_TYPES, fits, is_secret_type, type_of
from penguin_compile.intake.secret_guess import holds_secret
from penguin_compile.intake.table_columns import KEY, VALUE, Columns, match_columns, spellings
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.row import Row, Rows, is_true
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.live.config.table_shape import holds_text
from penguin_compile.model.app import ConfigTable
from penguin_compile.model.setting import UNSET, JsonValue, Unset, parse_stored

if TYPE_CHECKING:
    from sqlalchemy import Connection

_READING: Final = "reading table {}"
_SETTING_KEY: Final = re.compile(r"[a-z][a-z0-9_.]{0,254}\Z")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_CIPHERED: Final = "is_encrypted"  # beside the standard's names, in what is read of a row
_URL_VARIABLE: Final = "DATABASE_URL"
_OURS: Final = "penguin_"
_MOST_NAMED: Final = 10
_MOST_TABLES: Final = 200  # whose columns are asked for, where none has the name


def read_table(given: str | SecretReference, name: str | None = None) -> Found:
    """The table of that name in a database, whose URL may be a secret; the only one for None.

    DatabaseFailure where it isn't there or can't be read as one, UsageError where there are several
    and none is named.
    """
    with Resolver() as resolve:
        url = given if isinstance(given, str) else resolve(given).reveal()
    database = Database(url)
    try:
        with database.reading(_READING.format(name or "names")) as connection:
            if connection is None:
                raise DatabaseFailure(
                    f"{database.describe()}: there is no such file",
                    hint="a relative path starts at the working directory; -C DIR changes it",
                )
            chosen = name or _choose_table(database.describe(), connection)
            found = _Reader(database, connection, chosen).read()
            return replace(found, database=name_url(given))
    finally:
        database.close()


def name_url(given: str | SecretReference) -> str | SecretReference:
    """A database as a spec may name it: a URL that holds a password or options by reference."""
    if isinstance(given, SecretReference):
        return given
    return SecretReference("env", _URL_VARIABLE) if has_password(given) else given


def has_password(url: str) -> bool:
    """Whether a URL holds what nobody should see; options may, such as a password of their own."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or bool(parts.query)
    except ValueError:
        return True


def _choose_table(shown: str, connection: Connection) -> str:
    from sqlalchemy import inspect

    inspector = inspect(connection)
    tables = _list_tables(inspector)
    fitting = _fitting(inspector, tables)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(
            f"{shown} has several tables with a key and a value column: {list_names(fitting)}",
            hint="name the one with the settings: --table NAME",
        )
    raise DatabaseFailure(
        f"{shown} has no table with a key and a value column",
        hint=f"name it with --table NAME; there are: {list_names(tables) or 'none'}",
    )


def _list_tables(inspector: Any) -> list[str]:
    every = [*inspector.get_table_names(), *inspector.get_view_names()]
    return [one for one in every if not one.startswith(_OURS)]


def _fitting(inspector: Any, tables: Sequence[str]) -> list[str]:
    return [one for one in tables[:_MOST_TABLES] if _match(inspector, one)]


def _match(inspector: Any, table: str) -> Columns | None:
    shapes = inspector.get_columns(table)
    texts = {one["name"] for one in shapes if holds_text(one["type"]) or _is_enum(one["type"])}
    return match_columns([one["name"] for one in shapes], texts)


class _Reader:
    """One reading of one table."""

    def __init__(self, database: Database, connection: Connection, name: str) -> None:
        self._database = database.describe()
        self._dialect = database.dialect
        self._connection = connection
        self._name = name
        self._shown = f"{self._database} {name}"

    def read(self) -> Found:
        columns = self._find_columns()
        rows = self._read_rows(columns.names, columns.ciphered)
        compared, notices = _compare_what_can_be(columns, rows)
        places = dict(
            zip(rows, listed_places(f"{self._database} {self._name}", list(rows)), strict=True)
        )
        settings = [
            _read_setting(row, places[key]) for key, row in rows.items() if _SETTING_KEY.match(key)
        ]
        notices += [*_tell_misfits(rows, settings), *_tell_unmarked(compared, rows, settings)]
        return Found(
            source=f"{self._database}, table {self._name}",
            settings=tuple(settings),
            table=FoundTable(name=self._name, columns=compared.differing()),
            findings=(
                *(
                    _leave(key, place)
                    for key, place in places.items()
                    if not _SETTING_KEY.match(key)
                ),
                *(self._tell(notice) for notice in notices),
            ),
        )

    def _tell(self, message: str) -> Diagnostic:
        place = listed_places(self._shown, [f"table {self._name}"])[0]
        return Diagnostic(code="PC563", severity=Severity.INFO, message=message, span=place)

    def _find_columns(self) -> Columns:
        from sqlalchemy import inspect

        inspector = inspect(self._connection)
        if not _IDENTIFIER.match(self._name) or not inspector.has_table(self._name):
            tables = _list_tables(inspector)
            raise self._missing(tables, _fitting(inspector, tables))
        columns = _match(inspector, self._name)
        if columns is None:
            raise self._unfit(inspector.get_columns(self._name))
        return columns

    def _missing(self, tables: Sequence[str], fitting: Sequence[str]) -> DatabaseFailure:
        near = suggest(self._name, tables) or next(
            (one for one in tables if one.lower() == self._name.lower()), None
        )
        question = f'; did you mean "{near}"?' if near else ""
        if fitting:
            hint = f"with a key and a value column there are: {list_names(fitting)}"
        elif tables:
            hint = f"tables that this user sees: {list_names(tables)}"
        else:
            hint = "this user sees no table there: is it the right database (schema), and may they?"
        return DatabaseFailure(
            f"{self._database}: there is no table {self._name}{question}", hint=hint
        )

    def _unfit(self, shapes: Sequence[Mapping[str, Any]]) -> DatabaseFailure:
        has = ", ".join(f"{one['name']} ({one['type']})" for one in shapes[:_MOST_NAMED])
        return DatabaseFailure(
            f"{self._database}: table {self._name} has no column of keys and column of values that"
            f" could be told by name and hold text; it has {has}",
            hint="a key column is called "
            f"{', '.join(list(spellings(KEY))[:3])}, key or name, and a value column"
            f" {', '.join(list(spellings(VALUE))[:2])} or value; a view can give them these names",
        )

    def _read_rows(self, names: Mapping[str, str | None], ciphered: str | None) -> dict[str, Row]:
        read = dict(names) if ciphered is None else {**names, _CIPHERED: ciphered}
        odd = [one for one in (self._name, *read.values()) if one and not _IDENTIFIER.match(one)]
        if odd:
            raise DatabaseFailure(
                f"{self._database}: table {self._name}: a spec can't name {odd[0]!r}",
                hint="make a view with plain names: letters, digits and underscores",
            )
        table = SettingsTable(ConfigTable(name=self._name, columns=read), self._database)
        rows: Rows = table.read(self._connection) or Rows((KEY,), ())
        return {key: rows[key] for key in sorted(rows)}


def _is_enum(kind: Any) -> bool:
    from sqlalchemy import Enum

    return isinstance(kind, Enum)


def _read_setting(row: Row, place: Span) -> FoundSetting:
    text = row.text(VALUE)
    word = row.text("config_type")
    sensitive = (
        row.sensitive
        or is_true(row.columns.get(_CIPHERED))
        or is_secret_type(word)
        or holds_secret(row.key, text)
    )
    # A type that was guessed from a secret would tell something of its value.
    kind = type_of(word, None if sensitive else text)
    value: JsonValue | Unset = UNSET
    if not sensitive and text is not None and fits(kind, text):
        value = parse_stored(kind.value, text)
    return FoundSetting(
        key=row.key,
        type=kind.value,
        value=value,
        category=row.text("category") or None,
        description=row.text("description"),
        sensitive=sensitive,
        place=place,
    )


def _leave(key: str, place: Span) -> Diagnostic:
    return Diagnostic(
        code="PC561",
        severity=Severity.WARNING,
        message=f"row {key!r} can be no config key, and is left out",
        span=place,
        label="small letters, digits, _ and ., a letter first",
        help="what the spec doesn't have, plan and apply leave alone",
    )


def _compare_what_can_be(columns: Columns, rows: Mapping[str, Row]) -> tuple[Columns, list[str]]:
    """The columns without those whose words a spec doesn't have, and what is to be said of them.

    A plan would want to write its own words over them, and the app would no longer know them.
    """
    names = dict(columns.names)
    notices: list[str] = []
    every = rows.values()
    if names["config_type"] and not {one.text("config_type") for one in every} <= STANDARD_TYPES:
        foreign = {one.text("config_type") or "NULL" for one in every} - STANDARD_TYPES
        notices.append(
            f"column {names['config_type']} has types of its own ({list_names(foreign)}): they were"
            " read, and plan and apply leave that column alone"
        )
        names["config_type"] = None
    if names["category"] and not all(one.text("category") for one in every):
        notices.append(
            f"column {names['category']} is empty in some rows: the others were read, and plan and"
            " apply leave that column alone"
        )
        names["category"] = None
    if columns.ciphered is not None:
        notices.append(
            f"column {columns.ciphered} marks values that the app itself has encrypted: such rows"
            " are secrets of the spec, and plan and apply leave that column alone"
        )
    return Columns(names=names, ciphered=columns.ciphered), notices


def _tell_misfits(rows: Mapping[str, Row], settings: Iterable[FoundSetting]) -> Iterator[str]:
    misfits = [
        f"{one.key} ({one.type})"
        for one in settings
        if not one.sensitive
        and isinstance(one.value, Unset)
        and rows[one.key].text(VALUE) is not None
    ]
    if misfits:
        yield (
            f"values that aren't of their type, so no defaults: {list_names(misfits)}; correct them"
            " where they are edited"
        )


def _tell_unmarked(
    columns: Columns, rows: Mapping[str, Row], settings: Iterable[FoundSetting]
) -> Iterator[str]:
    """Rows that are secrets by name or value, and that the table takes for none."""
    if columns.names["is_sensitive"] is None:
        return
    unmarked = [one.key for one in settings if one.sensitive and not rows[one.key].sensitive]
    if unmarked:
        yield (
            f"secrets by name or form that column {columns.names['is_sensitive']} doesn't mark:"
            f" {list_names(unmarked)}; the first plan will want to mark them"
        )
