"""Rows as one text each, put together by the database that has them.

Under the config table and the state. Most of what it costs to read many rows is that a driver
makes each of their columns a value. Two rows have one line only where every column is the same,
letter by letter: lines are compared here, and no collation has a say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.live.config.database_url import MYSQL, POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_MARK: Final = "\x1f"  # between columns; what holds one itself has no line of ours
_FLAGS: Final[dict[str, dict[bool, Any]]] = {
    SQLITE: {True: 1, False: 0},
    MYSQL: {True: "1", False: "0"},
    POSTGRESQL: {True: "t", False: "f"},
}
_decode: Final = json.JSONDecoder().raw_decode


def select_line(dialect: str, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    """An expression for the line of a row: of `text_part`s, and of conditions."""
    from sqlalchemy import Boolean, String, cast, func
    from sqlalchemy.dialects.mysql import CHAR

    if dialect == SQLITE:  # tells a number from its text; to put texts together takes it longer
        return func.json_array(*columns, type_=String())
    if dialect == MYSQL:  # columns of one table may differ in character set
        text = CHAR(charset="utf8mb4")
        columns = [one if isinstance(one.type, Boolean) else cast(one, text) for one in columns]
    return func.concat_ws(_MARK, *columns, type_=String())


def text_part(dialect: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A column of text in a line.

    A NULL, which `concat_ws` would leave out, is a mark more: no line of ours has as many.
    """
    from sqlalchemy import String, cast, func

    if dialect == SQLITE:
        return column
    text = cast(column, String()) if dialect == POSTGRESQL else column
    return func.coalesce(text, _MARK, type_=String())


def flags_of(dialect: str) -> dict[bool, Any]:
    """How conditions stand in a line."""
    return _FLAGS[dialect]


def line_writer(dialect: str) -> Callable[[Sequence[Any]], str]:
    """What writes the line of a row: of its texts, and of flags by `flags_of`.

    TypeError for texts that no database holds.
    """
    if dialect != SQLITE:
        return _MARK.join
    import orjson

    dumps = orjson.dumps
    return lambda values: dumps(values).decode()


def are_plain(dialect: str, lines: Sequence[str], columns: int) -> bool:
    """Whether in none of these lines of so many columns one holds what stands between them."""
    return dialect == SQLITE or "".join(lines).count(_MARK) == len(lines) * (columns - 1)


def read_key(dialect: str, line: str | None, columns: int) -> str | None:
    """The first column of a line of so many; None where it can't be told."""
    if line is None:
        return None
    if dialect != SQLITE:
        return line.partition(_MARK)[0] if line.count(_MARK) == columns - 1 else None
    key = _decode(line)[0][0]
    return key if isinstance(key, str) else None
