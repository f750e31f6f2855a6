"""A config table as its database describes it, and what doesn't fit there.

Under the backend: apps have tables of their own. What a write would fail on, or what a lax server
would cut short, is told before the first write, with the name of the column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.live.config.row import FIELD_COLUMNS, TOOL
from penguin_compile.model.plan import Action, Change
from penguin_compile.model.record import VALUE, SecretState

if TYPE_CHECKING:
    from sqlalchemy import Connection

_KEY: Final = "config_key"
_LONGEST_KEY: Final = 255  # that the language allows
_STAMPS: Final = ("last_updated", "created_at")
# Bytes; these types have no length of their own. Source: MySQL's manual, "String Type Storage".
_MYSQL_BYTES: Final = {"TINYTEXT": 255, "TEXT": 65_535, "MEDIUMTEXT": 16_777_215}


def holds_text(kind: Any) -> bool:
    """Whether a column of this type holds any text, as values and keys need it."""
    from sqlalchemy import Enum, String
    from sqlalchemy.types import NullType, _Binary

    return isinstance(kind, String | NullType | _Binary) and not isinstance(kind, Enum)


def are_texts(columns: Mapping[str, str], types: Mapping[str, Any]) -> bool:
    """Whether the compared columns are texts that a server puts together as it returns them.

    PostgreSQL drops the blanks at the end of a CHAR when it makes a text of it.
    """
    from sqlalchemy import CHAR, Boolean, Integer, String

    for field, standard in ((_KEY, _KEY), *FIELD_COLUMNS.items()):
        kind = types.get(columns.get(standard, ""))
        flag = field == "sensitive" and isinstance(kind, Boolean | Integer)
        if (
            kind is not None
            and not flag
            and (not isinstance(kind, String) or isinstance(kind, CHAR))
        ):
            return False
    return True


def unwritable(columns: Mapping[str, str], types: Mapping[str, Any]) -> frozenset[str]:
    """The standard's columns that are there under another type: they stay as they are."""
    from sqlalchemy import Integer

    found = {name for name in _STAMPS if isinstance(types.get(columns.get(name, "")), Integer)}
    author = types.get(columns.get("updated_by", ""))
    if author is not None and _misfit(author, TOOL, "") is not None:
        found.add("updated_by")
    return frozenset(found)


def find_problems(
    connection: Connection,
    table: str,
    columns: Mapping[str, str],
    changes: Sequence[Change],
    text: Callable[[Change], str | None],
) -> Iterator[str]:
    """Why these changes can't be written, each reason with its first address.

    `text` gives a value's text.
    """
    from sqlalchemy import inspect

    inspector = inspect(connection)
    if not inspector.has_table(table):
        return
    shapes = {one["name"]: one for one in inspector.get_columns(table)}
    yield from _share_keys(connection, inspector, table, columns)
    created = [one for one in changes if one.action is Action.CREATE]
    if created:
        types = {name: one["type"] for name, one in shapes.items()}
        fields = {name for one in created for name in one.writes or ()}
        written = {_KEY, *_STAMPS, "updated_by", *(FIELD_COLUMNS[name] for name in fields)}
        left = unwritable(columns, types)
        filled = {columns[name] for name in written - left if name in columns}
        yield from _lacks_values(table, shapes, filled)
        yield from _takes_for_another(connection, table, columns[_KEY], created)
    dialect = connection.dialect.name
    for field, standard in ((_KEY, _KEY), *FIELD_COLUMNS.items()):
        shape = shapes.get(columns.get(standard, ""))
        if shape is None or field == "sensitive" or not _has_limits(field, shape, dialect):
            continue
        seen: set[str | None] = set()
        where = f"column {shape['name']} of table {table}"
        for change, one in _texts(field, created if field == _KEY else changes, text):
            if one in seen:  # most types and categories
                continue
            seen.add(one)
            reason = _misfit_or_null(shape, one, dialect)
            if reason is not None:
                yield f"{change.address}: {where} {reason}"
                break


def _texts(
    field: str, changes: Iterable[Change], text: Callable[[Change], str | None]
) -> Iterator[tuple[Change, str | None]]:
    """What each change writes to a column, those apart that don't write there."""
    for one in changes:
        writes = one.writes or {}
        if field == _KEY:
            yield one, one.address.name
        elif field in writes:
            secret = isinstance(writes[field], SecretState)
            if not secret:
                yield one, text(one) if field == VALUE else writes[field]


def _has_limits(field: str, shape: Mapping[str, Any], dialect: str) -> bool:
    """Whether the column refuses anything: most refuse nothing, and plans are long."""
    from sqlalchemy import Enum

    kind = shape["type"]
    if field == "description" and not shape["nullable"]:  # no other is ever absent
        return True
    length = getattr(kind, "length", None)
    limited = length is not None or type(kind).__name__ in _MYSQL_BYTES
    if field == _KEY and length is not None and length >= _LONGEST_KEY:
        return False
    return isinstance(kind, Enum) or (limited and dialect != "sqlite") or not holds_text(kind)


def _misfit_or_null(shape: Mapping[str, Any], text: str | None, dialect: str) -> str | None:
    if text is not None:
        return _misfit(shape["type"], text, dialect)
    if shape["nullable"] or shape.get("default") is not None:
        return None
    return "is NOT NULL, and the spec has nothing for it"


def _lacks_values(table: str, shapes: Mapping[str, Any], filled: Iterable[str]) -> Iterator[str]:
    lacking = [name for name in shapes if name not in filled and _needs_value(shapes[name])]
    if lacking:
        listed = ", ".join(lacking)
        yield (
            f"no row can be added to table {table}: nothing fills its column {listed}, which is"
            " NOT NULL without a default; give it one, or map it in outputs.sql.columns"
        )


def _needs_value(shape: Mapping[str, Any]) -> bool:
    from sqlalchemy import Integer

    if shape["nullable"] or shape.get("default") is not None:
        return False
    if shape.get("computed") or shape.get("identity") or shape.get("autoincrement") is True:
        return False
    # SQLite fills an integer that is the primary key; it says so by nothing else.
    return not (shape.get("primary_key") and isinstance(shape["type"], Integer))


def _misfit(kind: Any, text: str, dialect: str) -> str | None:
    """Why a column of this type doesn't hold a text; None where it does, or nobody can tell."""
    from sqlalchemy import Enum, String

    if isinstance(kind, Enum):
        if text in kind.enums:
            return None
        return f"takes {', '.join(kind.enums)}, and not {text}"
    if not holds_text(kind):
        return f"is {kind}, and no text"
    if not isinstance(kind, String) or dialect == "sqlite":  # SQLite keeps to no length
        return None
    return _too_long(kind, text, dialect)


def _too_long(kind: Any, text: str, dialect: str) -> str | None:
    if kind.length is not None:
        longer = len(text) > kind.length
        return f"holds {kind.length} characters, this has {len(text)}" if longer else None
    most = _MYSQL_BYTES.get(type(kind).__name__) if dialect in {"mysql", "mariadb"} else None
    size = len(text.encode("utf-8", "replace"))
    return f"holds {most} bytes, this has {size}" if most is not None and size > most else None


def _share_keys(
    connection: Connection, inspector: Any, table: str, columns: Mapping[str, str]
) -> Iterator[str]:
    """A key that is one only together with another column, and rows of several of those."""
    from sqlalchemy import column, func, select
    from sqlalchemy import table as a_table

    key = columns[_KEY]
    unique = [one["column_names"] for one in inspector.get_unique_constraints(table)]
    unique += [one["column_names"] for one in inspector.get_indexes(table) if one["unique"]]
    unique.append(inspector.get_pk_constraint(table)["constrained_columns"])
    if [key] in unique:
        return
    others = {name for names in unique if key in names for name in names if name not in {key, None}}
    for name in sorted(others):
        query = select(func.count(column(name).distinct())).select_from(a_table(table))
        found = connection.execute(query).scalar_one()
        if found > 1:
            yield (
                f"table {table} has rows of {found} different {name}, and a key is one only"
                f" together with it: one config table serves one app; use a table, or a view, of"
                f" one {name}"
            )


def _takes_for_another(
    connection: Connection, table: str, key: str, created: Sequence[Change]
) -> Iterator[str]:
    """MySQL's usual collations know no letter case in a unique key."""
    from sqlalchemy import column, select
    from sqlalchemy import table as a_table

    if connection.dialect.name not in {"mysql", "mariadb"}:
        return
    names = {one.address.name for one in created}
    query: Any = select(column(key)).select_from(a_table(table))
    for name in connection.execute(query).scalars():
        text = str(name)
        folded = text.rstrip().casefold()
        if folded in names and text not in names:
            yield (
                f"table {table} has a row {text!r}, which the database takes for {folded!r}: rename"
                " that row, or delete it"
            )
