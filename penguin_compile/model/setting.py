"""Run-time settings: the defaults of rows of the `config` table, and how a value is stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference

JsonValue: TypeAlias = Any  # None | bool | int | float | str | list | dict, as JSON has them

STANDARD_CATEGORIES = ("integration", "email", "security", "database", "system", "license")
_TRUE = frozenset(("true", "1", "yes"))
_FALSE = frozenset(("false", "0", "no"))


class SettingType(StrEnum):
    """How a value is read; `number` is stored as `json`, which the standard's readers know."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"

    @property
    def stored(self) -> str:
        """The `config_type` of a row."""
        return "json" if self is SettingType.NUMBER else self.value


class Manage(StrEnum):
    """Who the value belongs to after it was first written (sync.md)."""

    SEED = "seed"
    MERGE = "merge"
    ENFORCE = "enforce"


class Unparsed(str):
    """A live text that doesn't parse as its type: equal to another such text, to no value."""

    __slots__ = ()


class Unset:
    """No default was declared, which is not the same as null, false, 0 or ""."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a value has to be beyond its type; all that are given must hold."""

    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    enum: tuple[JsonValue, ...] | None = None
    format: str | None = None
    schema: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of the `config` table, as the spec declares it."""

    key: str
    type: SettingType
    category: str
    description: str | None
    variable: str
    default: JsonValue | Unset
    check: Check | None
    manage: Manage
    protected: bool
    sensitive: bool
    secret: SecretReference | None
    required: bool


def value_text(value: JsonValue) -> str:
    """A value as the `config` table, env files and containers hold it.

    Booleans are `true`/`false`: every reader of the house understands that. A string is itself;
    anything nested is JSON in the order of the spec.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def stored_text(setting_type: SettingType | str, value: JsonValue) -> str:
    """A setting's value as its row holds it: a string inside a `json` setting is quoted."""
    if setting_type in {SettingType.JSON, SettingType.NUMBER}:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return value_text(value)


def parse_stored(setting_type: str, text: str) -> JsonValue:
    """The typed value of a row's text; ValueError where it doesn't parse as its type.

    Reads what the standard's `get_config` reads (`true`, `1` and `yes` in any case are true).
    """
    if setting_type == "integer":
        return int(text)
    if setting_type == "boolean":
        word = text.lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise ValueError("not a boolean")
    if setting_type in {"json", "number"}:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\u" in text:
            value_text(value).encode()  # half of a surrogate pair is no text: UnicodeEncodeError
        return value
    return text


def canonical_value(setting_type: str, text: str | None) -> JsonValue:
    """The typed value of a stored text; Unparsed where it doesn't parse as its type."""
    if text is None:
        return None
    try:
        return parse_stored(setting_type, text)
    except (ValueError, RecursionError):
        return Unparsed(text)


def is_deeper(value: JsonValue, levels: int) -> bool:
    """Whether a value nests deeper than that; looked at level by level, without recursion."""
    level = [value]
    for _ in range(levels):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _refuse_constant(text: str) -> JsonValue:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that JSON could give back")
    return number
