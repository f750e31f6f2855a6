"""Target `sql`: the table of the settings and their defaults, for each database.

The table is that of integration-standards, "Database Schema"; MySQL's value is LONGTEXT, because
its TEXT ends at 64 KiB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App, ConfigTable
from penguin_compile.model.setting import Setting, Unset, stored_text
from penguin_compile.targets.heading import heading
from penguin_compile.targets.sql_dialects import DIALECTS, Dialect
from penguin_compile.targets.target import Artifact, Placement, Target

UPDATED_BY = "penguin-compile"
_LONGEST_NAME = 63  # of an identifier, in PostgreSQL; MySQL's is 64
_COLUMN_TYPES = {
    "config_key": "VARCHAR(255) UNIQUE NOT NULL",
    "config_value": "{value_type} NOT NULL",
    "config_type": "VARCHAR(50) NOT NULL",
    "category": "VARCHAR(100) NOT NULL",
    "description": "TEXT",
    "is_sensitive": "BOOLEAN DEFAULT FALSE",
    "last_updated": "TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
    "updated_by": "VARCHAR(255)",
    "created_at": "TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
}
_TEXTS = ("config_key", "config_value", "config_type", "category", "description")
_NEEDS_CARE = re.compile(r"[\x00-\x1f\x7f'\\]")
# No database reserves these; any other name is quoted.
_PLAIN_NAMES = frozenset(("id", "config", *_COLUMN_TYPES))


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """Schema and seeds of every dialect."""
    seeds = [_seed(one) for one in app.settings.values() if _is_seeded(one)]
    withheld = [
        f"sensitive, not seeded: {one.key}"
        if one.sensitive
        else f"without a default, not seeded: {one.key}"
        for one in app.settings.values()
        if not _is_seeded(one)
    ]
    first = f"-- {heading(placement)}"
    for dialect in DIALECTS:
        start = [first, *dialect.preamble, ""]
        schema = "\n".join([*start, *_schema(app.outputs.config_table, dialect), ""])
        yield Artifact(path=f"sql/{dialect.name}/01_schema.sql", text=schema)
        lines = [*start, *_seed_lines(app.outputs.config_table, dialect, seeds, withheld), ""]
        yield Artifact(path=f"sql/{dialect.name}/02_config_seed.sql", text="\n".join(lines))


def _is_seeded(setting: Setting) -> bool:
    return not setting.sensitive and not isinstance(setting.default, Unset)


@dataclass(frozen=True, slots=True)
class _Seed:
    """One row: the texts of _TEXTS, None being NULL; `plain` ones are quoted alike everywhere."""

    texts: tuple[str | None, ...]
    plain: bool


def _seed(setting: Setting) -> _Seed:
    value = stored_text(setting.type, setting.default)
    texts = (setting.key, value, setting.type.stored, setting.category, setting.description)
    joined = f"{value}{setting.category}{setting.description}"
    plain = joined.isascii() and _NEEDS_CARE.search(joined) is None
    if not plain:
        _refuse_unstorable(setting.key, joined)
    return _Seed(texts, plain=plain and setting.description is not None)


def _refuse_unstorable(key: str, text: str) -> None:
    """PenguinError for what no database can hold."""
    if "\0" in text:
        raise PenguinError(
            f'the config key "{key}" holds a NUL character, which no database can store',
            hint=f"take the \\0 out of config.{key}",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PenguinError(
            f'the config key "{key}" holds half of a surrogate pair, which is no text',
            hint=f"write the whole character in config.{key}",
        ) from None


def _schema(table: ConfigTable, dialect: Dialect) -> Iterator[str]:
    name = _name(table.name, dialect)
    parts = [f"id {dialect.id_column}"]
    for standard, kind in _COLUMN_TYPES.items():
        column = table.columns[standard]
        if column is not None:
            stated = kind.format(value_type=dialect.value_type)
            parts.append(f"{_name(column, dialect)} {stated}")
    indexes = list(_indexes(table, dialect))
    if dialect.inline_indexes:
        parts += [f"INDEX {index} ({column})" for index, column in indexes]
    else:
        yield dialect.begin  # table and indexes together, and kept by a client without autocommit
    yield f"CREATE TABLE IF NOT EXISTS {name} ("
    yield ",\n".join(f"    {part}" for part in parts)
    yield f"){dialect.table_options};"
    if not dialect.inline_indexes:
        yield ""
        for index, column in indexes:
            yield f"CREATE INDEX IF NOT EXISTS {index} ON {name} ({column});"
        yield "COMMIT;"


def _indexes(table: ConfigTable, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """The standard's two indexes: name, and the column they are of."""
    for standard, ending in (("category", "_category"), ("config_key", "_key")):
        column = table.columns[standard]
        if column is not None:
            room = _LONGEST_NAME - len("idx_") - len("_category")
            index = f"idx_{table.name[:room]}{ending}"
            plain = table.name in _PLAIN_NAMES
            yield index if plain else _quoted(index, dialect), _name(column, dialect)


def _seed_lines(
    table: ConfigTable,
    dialect: Dialect,
    seeds: Iterable[_Seed],
    withheld: Iterable[str],
) -> Iterator[str]:
    """One statement per row, so that a change of one setting is a change of one line."""
    for line in withheld:
        yield f"-- {line}"
    columns = table.columns
    stated = [index for index, name in enumerate(_TEXTS) if columns[name] is not None]
    constants = {"is_sensitive": "FALSE", "updated_by": dialect.quote(UPDATED_BY)}
    constants = {name: value for name, value in constants.items() if columns[name] is not None}
    names = [columns[name] for name in (*(_TEXTS[index] for index in stated), *constants)]
    listed = ", ".join(_name(str(name), dialect) for name in names)
    key = _name(str(columns["config_key"]), dialect)
    head = f"INSERT INTO {_name(table.name, dialect)} ({listed}) VALUES ("  # noqa: S608  # quoted
    tail = "".join(f", {value}" for value in constants.values())
    tail = f"{tail}) {dialect.if_missing.format(key=key)};"
    pick = itemgetter(*stated)  # key and value are never absent, so this is a tuple
    yield dialect.begin
    for seed in seeds:
        if seed.plain:
            values = "', '".join(pick(seed.texts))
            yield f"{head}'{values}'{tail}"
        else:
            yield f"{head}{', '.join(_literal(one, dialect) for one in pick(seed.texts))}{tail}"
    yield "COMMIT;"


def _literal(text: str | None, dialect: Dialect) -> str:
    return "NULL" if text is None else dialect.quote(text)


def _name(name: str, dialect: Dialect) -> str:
    return name if name in _PLAIN_NAMES else _quoted(name, dialect)


def _quoted(name: str, dialect: Dialect) -> str:
    """An identifier in quotes; the language allows no character in it that would end them."""
    return f"{dialect.identifier}{name}{dialect.identifier}"


TARGET = Target(
    name="sql",
    render=render,
    renders=frozenset(("setting",)),
    ignores={
        "service": "services are no rows of the config table",
        "route": "routes are no rows of the config table",
        "variable": "variables that are no config keys are not stored in the database",
        "tier": "the license server holds the tiers",
        "feature": "the license server holds the features",
        "metric": "metrics are no rows of the config table",
        "waddleai": "its variables are no rows unless config keys bring them",
    },
    owns=("sql/",),
)
