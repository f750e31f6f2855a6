"""Whether a value is what its key declares: for rules, for plans, and for the console.

No message holds the value that was checked, because it may be a secret.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from penguin_compile.core.canonical import canonical_json
from penguin_compile.core.pointer import format_pointer
from penguin_compile.model.setting import Check, JsonValue, Setting, SettingType
from penguin_compile.model.value_format import FORMATS

if TYPE_CHECKING:
    import jsonschema_rs

_TYPE_NAMES = {
    SettingType.STRING: "a text",
    SettingType.INTEGER: "an integer",
    SettingType.NUMBER: "a number",
    SettingType.BOOLEAN: "true or false",
    SettingType.JSON: "a JSON value",
}
_NUMERIC = frozenset((SettingType.INTEGER, SettingType.NUMBER))
_TEXT_CHECKS = (("min_length", "minLength"), ("max_length", "maxLength"), ("pattern", "pattern"))
_NUMBER_CHECKS = (("minimum", "min"), ("maximum", "max"))
_NUMBER_FORMATS = frozenset(("port", "duration"))  # those that an integer can have, too


def violations(setting: Setting, value: JsonValue) -> list[str]:
    """Everything that is wrong with a value of a key: "must be an integer", "must be at least 5".

    A check that is broken itself (`flaws`) holds for no value.
    """
    if not has_type(setting.type, value):
        return [f"must be {_TYPE_NAMES[setting.type]}"]
    check = setting.check
    return [] if check is None else list(_check_violations(check, setting, value))


def flaws(setting: Setting) -> list[str]:
    """Everything that is wrong with the check of a key, whatever the value."""
    return [] if setting.check is None else list(_flaws(setting.check, setting.type))


def has_type(setting_type: SettingType, value: JsonValue) -> bool:
    """Whether a typed value is of a type; a boolean is no integer, an infinity no number."""
    match setting_type:
        case SettingType.STRING:
            return isinstance(value, str)
        case SettingType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case SettingType.NUMBER:
            return _is_number(value) and math.isfinite(value)
        case SettingType.BOOLEAN:
            return isinstance(value, bool)
        case SettingType.JSON:
            return _is_json(value)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_json(value: JsonValue) -> bool:
    if value is None or isinstance(value, str | int):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    return isinstance(value, list) and all(_is_json(item) for item in value)


def _check_violations(check: Check, setting: Setting, value: JsonValue) -> Iterator[str]:
    if check.enum is not None and not any(_same(one, value) for one in check.enum):
        yield f"must be {_list_values(check.enum)}"
    if _is_number(value):
        yield from _bound_violations(check, value)
    if isinstance(value, str):
        yield from _text_violations(check, value)
    if check.format is not None and not FORMATS[check.format].holds(value):
        yield f"must be {FORMATS[check.format].description}"
    if check.schema is not None:
        yield from _schema_violations(check.schema, value, sensitive=setting.sensitive)


def _bound_violations(check: Check, value: float) -> Iterator[str]:
    if check.minimum is not None and value < check.minimum:
        yield f"must be at least {check.minimum}"
    if check.maximum is not None and value > check.maximum:
        yield f"must be at most {check.maximum}"


def _text_violations(check: Check, value: str) -> Iterator[str]:
    if check.min_length is not None and len(value) < check.min_length:
        yield f"must have at least {_characters(check.min_length)}"
    if check.max_length is not None and len(value) > check.max_length:
        yield f"must have at most {_characters(check.max_length)}"
    if check.pattern is not None:
        pattern = _compile(check.pattern)
        if isinstance(pattern, str) or pattern.search(value) is None:
            yield f"must match {check.pattern}"


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"


def _same(one: JsonValue, other: JsonValue) -> bool:
    """Equal as JSON has it: 1 is 1.0, and neither is true."""
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    if type(one) is not type(other) and not isinstance(one, list | dict):
        return False
    return one == other and canonical_json(one) == canonical_json(other)


def _list_values(values: tuple[JsonValue, ...]) -> str:
    words = [canonical_json(one) for one in values[:20]]
    if len(values) > len(words):
        return f"one of {', '.join(words)} and {len(values) - len(words)} more"
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def _schema_violations(schema: Any, value: JsonValue, *, sensitive: bool) -> Iterator[str]:
    validator = _validator(schema)
    if isinstance(validator, str):
        yield "can't be checked: its JSON Schema is broken"
        return
    try:
        errors = list(validator.iter_errors(value))
    except UnicodeEncodeError:
        yield "has text that is no Unicode: half of a surrogate pair"
        return
    for error in errors:
        where = format_pointer(tuple(error.instance_path))
        at = f" at {where}" if where else ""
        # some messages name what they found, such as the keys of a mapping
        yield f"does not fit its JSON Schema{at}" + ("" if sensitive else f": {error.message}")


def _flaws(check: Check, setting_type: SettingType) -> Iterator[str]:
    if check.pattern is not None and isinstance(problem := _compile(check.pattern), str):
        yield f"`pattern` is no regular expression: {problem}"
    if check.schema is not None and isinstance(_validator(check.schema), str):
        yield f"`check` is no JSON Schema: {_validator(check.schema, mask=None)}"
    if check.minimum is not None and check.maximum is not None and check.minimum > check.maximum:
        yield f"`min` {check.minimum} is above `max` {check.maximum}"
    lengths = check.min_length, check.max_length
    if lengths[0] is not None and lengths[1] is not None and lengths[0] > lengths[1]:
        yield f"`minLength` {lengths[0]} is above `maxLength` {lengths[1]}"
    if check.enum is not None:
        yield from _enum_flaws(check.enum, setting_type)
    yield from _idle_checks(check, setting_type)


def _enum_flaws(values: tuple[JsonValue, ...], setting_type: SettingType) -> Iterator[str]:
    if not values:
        yield "`enum` allows no value at all"
    for value in values:
        if not has_type(setting_type, value):
            yield f"`enum` allows {canonical_json(value)}, which is not {_TYPE_NAMES[setting_type]}"


def _idle_checks(check: Check, setting_type: SettingType) -> Iterator[str]:
    """Checks that can't say anything of a value of that type."""
    if setting_type is not SettingType.STRING:
        for field, name in _TEXT_CHECKS:
            if getattr(check, field) is not None:
                yield f"`{name}` checks texts, and the type is {setting_type}"
    if setting_type not in _NUMERIC:
        for field, name in _NUMBER_CHECKS:
            if getattr(check, field) is not None:
                yield f"`{name}` checks numbers, and the type is {setting_type}"
    fits = setting_type is SettingType.STRING or (
        setting_type in _NUMERIC and check.format in _NUMBER_FORMATS
    )
    if check.format is not None and not fits:
        yield f"`format: {check.format}` checks texts, and the type is {setting_type}"


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str] | str:
    """The expression, or what is wrong with it."""
    try:
        with warnings.catch_warnings():  # of constructs whose meaning may change some day
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)


def _validator(schema: Any, mask: str | None = "the value") -> jsonschema_rs.Validator | str:
    """A validator that fetches nothing from anywhere and echoes no value, or what is wrong.

    Without a mask, what is wrong shows the part of the schema that it is about.
    """
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(schema, mask=mask, offline=True)
    except ValueError as error:  # jsonschema_rs.ValidationError is one
        where = format_pointer(tuple(getattr(error, "instance_path", ())))
        text = str(getattr(error, "message", error)).splitlines()[0]
        return f"at {where}: {text}" if where else text
