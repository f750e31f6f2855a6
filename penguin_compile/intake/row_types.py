"""What type a row's value is of: by the table's own word for it, else by the value's form."""

from __future__ import annotations

import json
import re
from typing import Final

from penguin_compile.model.setting import SettingType, parse_stored

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z")
_BOOLEAN: Final = re.compile(r"(?:true|false)\Z", re.IGNORECASE)
STANDARD_TYPES: Final = frozenset(one.stored for one in SettingType)
_WORDS: Final = {
    **dict.fromkeys(("string", "str", "text", "varchar", "char"), SettingType.STRING),
    **dict.fromkeys(("url", "email", "password", "secret", "encrypted"), SettingType.STRING),
    **dict.fromkeys(("integer", "int", "bigint", "smallint", "long"), SettingType.INTEGER),
    **dict.fromkeys(("number", "float", "double", "decimal", "numeric"), SettingType.NUMBER),
    **dict.fromkeys(("boolean", "bool", "flag"), SettingType.BOOLEAN),
    **dict.fromkeys(("json", "dict", "list", "array", "object"), SettingType.JSON),
}
_SECRET_WORDS: Final = frozenset(("password", "secret", "encrypted"))


def is_secret_type(word: str | None) -> bool:
    """Whether the table's own word for a type says that the value is a secret."""
    return (word or "").strip().lower() in _SECRET_WORDS


def type_of(word: str | None, value: str | None) -> SettingType:
    """By the table's word where it is known, else by the value's form."""
    known = _WORDS.get((word or "").strip().lower())
    return guess_type(value) if known is None else known


def guess_type(value: str | None) -> SettingType:
    """By a text's form alone; what could be two things is a text."""
    text = "" if value is None else value
    if _BOOLEAN.match(text):
        return SettingType.BOOLEAN
    if _INTEGER.match(text):
        return SettingType.INTEGER
    if _NUMBER.match(text):
        return SettingType.NUMBER
    return SettingType.JSON if text[:1] in {"{", "["} and _is_json(text) else SettingType.STRING


def fits(kind: SettingType, value: str) -> bool:
    """Whether a stored text is of a type: what isn't can be no default of the spec."""
    try:
        parsed = parse_stored(kind.value, value)
    except (ValueError, RecursionError):
        return False
    if kind is SettingType.NUMBER:
        return isinstance(parsed, int | float) and not isinstance(parsed, bool)
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
