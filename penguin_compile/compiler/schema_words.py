"""What an editor shows of a field: `markdownDescription`, from the field's own description.

Read by VS Code and yaml-language-server; the default and an example in YAML come after the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from penguin_compile.source.scalars import resolve_plain

_PLAIN = re.compile(r"[A-Za-z0-9_./^](?:[A-Za-z0-9_./@%+ -]*[A-Za-z0-9_./@%+-])?\Z")
_NULL = {"type": "null"}


def describe(schema: JsonSchemaValue, definitions: Mapping[str, JsonSchemaValue]) -> None:
    """Give every field of a mapping its text, and simplify what an editor would show."""
    for name, field in schema["properties"].items():
        if "$ref" in field and "description" not in field:
            target = field["$ref"].rpartition("/")[2]
            field["description"] = definitions[target]["description"]
        if _NULL in field.get("anyOf", ()):
            _flatten(field)
        field["markdownDescription"] = _markdown(name, field)


def _flatten(field: JsonSchemaValue) -> None:
    """A choice between null and one thing is told as that thing, which reads better."""
    others = [one for one in field["anyOf"] if one != _NULL]
    kinds = [one.get("type") for one in others]
    if all(one.keys() == {"type"} for one in others):
        del field["anyOf"]
        field["type"] = [*(kind for kind in kinds if kind != "integer" or "number" not in kinds)]
        field["type"].append("null")
    elif len(others) == 1 and isinstance(kinds[0], str):
        del field["anyOf"]
        field.update(others[0], type=[*kinds, "null"])
        if "enum" in field:
            field["enum"] = [*field["enum"], None]


def _markdown(name: str, field: JsonSchemaValue) -> str:
    parts = [field["description"]]
    if "default" in field:
        parts.append(f"Default: `{flow_text(field['default'])}`")
    if any(isinstance(one, dict | list) for one in field.get("examples", ())):
        lines = "\n".join(f"{name}: {flow_text(one)}" for one in field["examples"])
        parts.append(f"```yaml\n{lines}\n```")
    return "\n\n".join(parts)


def flow_text(value: Any) -> str:
    """A value in YAML, on one line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{flow_text(key)}: {flow_text(one)}" for key, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow_text(one) for one in value)}]"
    plain = isinstance(value, str) and _PLAIN.match(value) and resolve_plain(value) == value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
