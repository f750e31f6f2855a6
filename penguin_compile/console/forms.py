"""Forms: the control that fits a setting, and what a browser sends back of it.

Between `pages.py` and the templates. Plain forms: they work without any script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from penguin_compile.console.entry import Entry
from penguin_compile.console.principal import Denied
from penguin_compile.console.protection import read_body
from penguin_compile.model.record import VALUE
from penguin_compile.model.setting import Check, Setting, SettingType, stored_text

_LONG: Final = 80
_MOST_FIELDS: Final = 20
_INPUTS: Final = {"email": "email", "url": "url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How a value is edited: `kind` is select, switch, number, area, secret or line.

    `text` is what it shows first; `options` are a select's. `rules` say what a value has to be.
    """

    kind: str
    text: str
    input_type: str = "text"
    options: Sequence[str] = ()
    minimum: str | None = None
    maximum: str | None = None
    step: str | None = None
    rules: Sequence[str] = ()


def make_control(entry: Entry, typed: str | None = None) -> Control:
    """For a setting; `typed` is what was sent before and could not be taken."""
    setting, check = entry.setting, entry.setting.check
    rules = list(_rules(entry))
    if entry.sensitive:
        return Control(kind="secret", text="", rules=rules)
    text = (entry.text if typed is None else typed) or ""
    if check is not None and check.enum is not None:
        options = [stored_text(setting.type, one) for one in check.enum]
        return Control(kind="select", text=text, options=options, rules=rules)
    if setting.type is SettingType.BOOLEAN:
        on = text.lower() in {"true", "1", "yes"}
        return Control(kind="switch", text="true" if on else "false", rules=rules)
    if setting.type in {SettingType.INTEGER, SettingType.NUMBER}:
        return _number(setting, text, rules)
    if setting.type is SettingType.JSON and typed is None:
        text = _indented(entry)
    if setting.type is SettingType.JSON or "\n" in text or len(text) > _LONG:
        return Control(kind="area", text=text, rules=rules)
    input_type = _INPUTS.get((check and check.format) or "", "text")
    return Control(kind="line", text=text, input_type=input_type, rules=rules)


def _number(setting: Setting, text: str, rules: Sequence[str]) -> Control:
    check = setting.check or Check()
    return Control(
        kind="number",
        text=text,
        input_type="number",
        step="1" if setting.type is SettingType.INTEGER else "any",
        minimum=None if check.minimum is None else f"{check.minimum}",
        maximum=None if check.maximum is None else f"{check.maximum}",
        rules=rules,
    )


def _indented(entry: Entry) -> str:
    value = entry.live.fields[VALUE]
    if isinstance(value, dict | list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return entry.text or ""


def _rules(entry: Entry) -> Sequence[str]:
    """What the spec says a value has to be, in words."""
    check = entry.setting.check
    if check is None:
        return []
    said = [
        (check.minimum, "at least {}"),
        (check.maximum, "at most {}"),
        (check.min_length, "at least {} characters"),
        (check.max_length, "at most {} characters"),
        (check.pattern, "matches {}"),
        (check.format, "a valid {}"),
        (check.schema and "its JSON Schema", "fits {}"),
    ]
    return [form.format(value) for value, form in said if value is not None]


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form, the last of each name; Denied for what is no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Denied(415, "That was no form", reason="not a form")
    try:
        text = (await read_body(request)).decode()
        fields = parse_qs(
            text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise Denied(400, "That was no form", reason="a malformed form") from None
    return {name: values[-1] for name, values in fields.items()}


def plain_breaks(text: str) -> str:
    """Browsers send every line break of a text area as two characters."""
    return text.replace("\r\n", "\n")
