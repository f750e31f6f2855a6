"""A page of the config table: found, ordered and counted by the database.

Under the store. The whole table is never read for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.live.config.database import Prepared, fetch_tuples
from penguin_compile.live.config.row import Rows
from penguin_compile.live.config.table import SettingsTable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Select

PAGE: Final = 50
_READ: Final = (
    "config_key",
    "config_value",
    "config_type",
    "category",
    "description",
    "is_sensitive",
    "last_updated",
    "updated_by",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which rows to show: of a category, with a text in key or description, from which on."""

    category: str | None = None
    text: str = ""
    page: int = 1


def read_page(connection: Connection, table: SettingsTable, wish: Wish) -> Rows:
    """The rows of one page, by category and key."""
    names = tuple(one for one in _READ if table.has(one))
    narrowed = wish.category is not None and table.has("category")
    values: dict[str, Any] = {"skipped": (wish.page - 1) * PAGE}
    if narrowed:
        values["wanted"] = wish.category
    if wish.text:
        query = _build(table, names, narrowed=narrowed).where(*_found(table, wish.text))
        return Rows(names, Prepared(query, connection.dialect).fetch(connection, values))
    prepared = _prepare(table, names, connection.dialect, narrowed=narrowed)
    return Rows(names, prepared.fetch(connection, values))


@lru_cache(maxsize=16)
def _prepare(
    table: SettingsTable, names: tuple[str, ...], dialect: Dialect, *, narrowed: bool
) -> Prepared:
    return Prepared(_build(table, names, narrowed=narrowed), dialect)


def _build(table: SettingsTable, names: tuple[str, ...], *, narrowed: bool) -> Select[Any]:
    from sqlalchemy import Integer, bindparam, literal_column, select

    columns = table.clause.c
    query = select(*(columns[table.column(one)] for one in names))
    if narrowed:
        query = query.where(columns[table.column("category")] == bindparam("wanted"))
    order = [columns[table.column(one)] for one in ("category", "config_key") if table.has(one)]
    skipped = bindparam("skipped", type_=Integer())
    return query.order_by(*order).limit(literal_column(str(PAGE))).offset(skipped)


def count_categories(connection: Connection, table: SettingsTable, text: str) -> dict[str, int]:
    """How many rows of each category have the text; all under "" where there are none."""
    from sqlalchemy import func, select

    if not table.has("category"):
        query = select(func.count()).select_from(table.clause).where(*_found(table, text))
        return {"": int(connection.execute(query).scalar_one())}
    category = table.clause.c[table.column("category")]
    counted = select(category, func.count()).where(*_found(table, text)).group_by(category)
    rows = fetch_tuples(connection, counted.order_by(category))
    return {"" if name is None else str(name): int(count) for name, count in rows}


def _found(table: SettingsTable, text: str) -> list[Any]:
    """Never by value: a search that finds secrets would tell them, letter by letter."""
    from sqlalchemy import String, func, or_, type_coerce

    if not text:
        return []
    columns = [one for one in ("config_key", "description") if table.has(one)]
    texts = (type_coerce(table.clause.c[table.column(one)], String) for one in columns)
    return [or_(*(func.lower(one).contains(text.lower(), autoescape=True) for one in texts))]
