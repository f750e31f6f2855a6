"""What a plain YAML scalar means: the YAML 1.2 core schema, as ruamel.yaml reads it."""

from __future__ import annotations

import re
from typing import Any

_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)\Z")
_PREFIXES = frozenset(("0b", "0o", "0x"))
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?\Z")
_MOST_DIGITS = 308  # of a whole number: no float, and nothing that reads JSON, holds a longer one
_LARGEST = 10**_MOST_DIGITS


def resolve_plain(text: str) -> Any:
    """The value of an unquoted scalar: null, boolean, integer, float, or the text itself."""
    if text[:1] not in _NUMBER_STARTS or text in _WORDS:
        return _WORDS.get(text, text)
    if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS:  # as most numbers are
        return int(text)
    if len(text) > _MOST_DIGITS * 8:  # with signs, underscores, and binary digits
        return text
    if _INTEGER.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    try:
        number = int(digits, 0) if digits.lstrip("+-")[:2] in _PREFIXES else int(digits)
    except ValueError:  # underscores alone, as in `0x_`
        return text
    return number if abs(number) < _LARGEST else text
