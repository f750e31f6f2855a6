"""What differs between the databases that target `sql` writes for."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

from penguin_compile.core.records import dataclass

_ESCAPED_BY_POSTGRESQL = re.compile(r"[\\\x01-\x1f\x7f]")
_ESCAPED_BY_MYSQL = re.compile(r"[\\\x01-\x08\x0b-\x1f\x7f]")
_LONGEST_READABLE = 100_000  # characters: past that nobody reads a literal, and size counts


def quote_postgresql(text: str) -> str:
    """A literal that reads the same whether `standard_conforming_strings` is on or off."""
    if _ESCAPED_BY_POSTGRESQL.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return "E'" + _ESCAPED_BY_POSTGRESQL.sub(_postgresql_escape, escaped) + "'"


def _postgresql_escape(match: re.Match[str]) -> str:
    character = match[0]
    return "\\" if character == "\\" else f"\\x{ord(character):02x}"


def quote_mysql(text: str) -> str:
    """A literal that reads the same with and without NO_BACKSLASH_ESCAPES.

    A backslash can't stand in a literal then, nor a carriage return, which the client drops before
    a line feed: they stand beside it as numbers. A long text that is full of them is given as
    bytes, so that the statement stays within the server's `max_allowed_packet`.
    """
    quoted = "'" + text.replace("'", "''") + "'"
    if _ESCAPED_BY_MYSQL.search(text) is None:
        return quoted
    literal = f"CONCAT({_ESCAPED_BY_MYSQL.sub(_mysql_character, quoted)})"
    if len(literal) <= _LONGEST_READABLE:
        return literal
    return min(literal, f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)", key=len)


def _mysql_character(match: re.Match[str]) -> str:
    return f"', CHAR({ord(match[0])} USING utf8mb4), '"


def quote_sqlite(text: str) -> str:
    """A literal; a carriage return, which the shell drops, has a word that stands for it."""
    quoted = "'" + text.replace("'", "''") + "'"
    if "\r" not in text:
        return quoted
    # begins like nothing else in itself, so that no text around it can be taken for it
    mark = next(one for one in (f"<CR{'+' * more}>" for more in count()) if one not in text)
    return f"replace({quoted.replace(chr(13), mark)}, '{mark}', char(13))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One database's words. `if_missing` ends an INSERT that leaves a row that is there alone.

    `inline_indexes`: indexes are parts of CREATE TABLE, because CREATE INDEX can't be repeated.
    """

    name: str
    preamble: tuple[str, ...]
    identifier: str
    id_column: str
    value_type: str
    inline_indexes: bool
    table_options: str
    begin: str
    if_missing: str
    quote: Callable[[str], str]


DIALECTS = (
    Dialect(
        name="postgresql",
        preamble=("SET client_encoding = 'UTF8';",),
        identifier='"',
        id_column="SERIAL PRIMARY KEY",
        value_type="TEXT",
        inline_indexes=False,
        table_options="",
        begin="BEGIN;",
        if_missing="ON CONFLICT ({key}) DO NOTHING",
        quote=quote_postgresql,
    ),
    Dialect(
        name="mysql",
        preamble=("SET NAMES utf8mb4;",),
        identifier="`",
        id_column="INT AUTO_INCREMENT PRIMARY KEY",
        value_type="LONGTEXT",
        inline_indexes=True,
        table_options=" DEFAULT CHARACTER SET utf8mb4",
        begin="START TRANSACTION;",
        # INSERT IGNORE would hide every other error, too
        if_missing="ON DUPLICATE KEY UPDATE {key} = {key}",
        quote=quote_mysql,
    ),
    Dialect(
        name="sqlite",
        preamble=(),
        identifier='"',
        id_column="INTEGER PRIMARY KEY AUTOINCREMENT",
        value_type="TEXT",
        inline_indexes=False,
        table_options="",
        begin="BEGIN IMMEDIATE;",
        if_missing="ON CONFLICT ({key}) DO NOTHING",
        quote=quote_sqlite,
    ),
)
