"""Values as people and programs hand them in, typed and checked before anything is written.

Between a request and the store. The standard's API takes the texts that its table holds, and so
does this one; it takes typed JSON, too.
"""

from __future__ import annotations

import re
from typing import Final

from penguin_compile.model.check import violations
from penguin_compile.model.setting import (
    UNSET,
    JsonValue,
    Manage,
    Setting,
    SettingType,
    is_deeper,
    parse_stored,
)

MASK: Final = "***SENSITIVE***"  # source: integration-standards
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,400}")
_DEEPEST: Final = 100
_TYPES: Final = {one.value: one for one in SettingType}


class InvalidValue(Exception):
    """A value that its key does not take; `details` say why and never hold the value."""

    def __init__(self, *details: str) -> None:
        super().__init__("; ".join(details))
        self.details = details


def undeclared(key: str, stored_type: str | None, *, sensitive: bool) -> Setting:
    """A row that the spec does not have, as far as its own columns tell what it is."""
    return Setting(
        key=key,
        type=_TYPES.get(stored_type or "", SettingType.STRING),
        category="",
        description=None,
        variable="",
        default=UNSET,
        check=None,
        manage=Manage.MERGE,
        protected=False,
        sensitive=sensitive,
        secret=None,
        required=False,
    )


def read_value(setting: Setting, given: JsonValue) -> JsonValue:
    """The typed value; InvalidValue for one of another type or one that breaks the spec's check."""
    if setting.sensitive and given == MASK:
        raise InvalidValue(f"{MASK} stands for a value that is not shown; give the value itself")
    try:
        value = _typed(setting.type, given)
    except (ValueError, RecursionError):
        raise InvalidValue(*violations(setting, object())) from None
    if is_deeper(value, _DEEPEST):
        raise InvalidValue(f"must not be nested deeper than {_DEEPEST} levels")
    broken = violations(setting, value)
    if broken:
        raise InvalidValue(*broken)
    return value


def _typed(kind: SettingType, given: JsonValue) -> JsonValue:
    if kind is SettingType.STRING:
        return _as_text(given)
    if isinstance(given, str):
        _check_text(given)
        if kind is SettingType.INTEGER and not _INTEGER.fullmatch(given.strip()):
            raise ValueError
        return parse_stored(kind.value, given.strip())
    if kind is SettingType.INTEGER and isinstance(given, float) and given.is_integer():
        return int(given)
    return given


def _as_text(given: JsonValue) -> str:
    """The standard turns what it is given into text; of numbers that is plain, of the rest not."""
    if isinstance(given, str):
        return _check_text(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return str(given)
    raise ValueError


def _check_text(text: str) -> str:
    """No database takes NUL or half of a surrogate pair."""
    if "\0" in text:
        raise InvalidValue("must not hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue("has text that is no Unicode: half of a surrogate pair") from None
    return text
