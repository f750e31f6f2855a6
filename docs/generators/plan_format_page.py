"""The format of plans and revisions, from their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markdown_text import code, table, text

from penguin_compile.core.published_schema import read_schema

_HEAD = """\
# Plan format

`plan --out FILE` and `plan --format json` write a plan as JSON, `show REVISION --format json` what
a revision did. Secrets are in neither: a secret is told apart by a fingerprint. `apply FILE` takes
a plan whose `format` it knows, and refuses any other with exit code 5.

The schemas come with the package: `penguin_compile/schemas/plan.schema.json` and
`revision.schema.json`. A key that is not listed here is refused.
"""


def plan_format_page() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for name in ("plan", "revision"):
        schema = json.loads(json.dumps(read_schema(f"{name}.schema.json")))
        lines += [f"## A {name}", "", text(schema.get("title", "")), "", *_object(schema)]
        for key, one in schema.get("$defs", {}).items():
            lines.extend(_definition(name, key, one))
    return "\n".join(lines)


def _definition(name: str, key: str, one: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### {key} {{ #{name}-{key} }}", "")
    if one.get("description"):
        yield from (text(one["description"]), "")
    if "properties" in one:
        yield from _object(one)
    else:
        yield from (f"{_type(one)}{_values(one)}.", "")


def _object(one: Mapping[str, Any]) -> Iterator[str]:
    yield from table(("key", "type", "meaning"), _rows(one, ""))


def _rows(one: Mapping[str, Any], before: str) -> Iterator[tuple[str, str, str]]:
    required = set(one.get("required", ()))
    for key, value in one.get("properties", {}).items():
        path = f"{before}{key}"
        told = text(value.get("description", "")) + _values(value)
        optional = "" if key in required else " May be missing."
        yield code(path), _type(value), f"{told}{optional}".strip()
        nested = value.get("items", value)
        if "properties" in nested:
            yield from _rows(nested, f"{path}{'[]' if nested is not value else ''}.")


def _type(one: Mapping[str, Any]) -> str:
    if "$ref" in one:
        return text(one["$ref"].rsplit("/", 1)[-1])
    if "items" in one:
        return f"list of {_type(one['items'])}"
    for word in ("oneOf", "anyOf"):
        if word in one:
            return " or ".join(dict.fromkeys(_type(each) for each in one[word]))
    if "const" in one:
        return code(json.dumps(one["const"]))
    kind = one.get("type")
    if kind is None:
        return "one of these" if "enum" in one else "any value"
    return " or ".join([kind] if isinstance(kind, str) else kind)


def _values(one: Mapping[str, Any]) -> str:
    values = one.get("enum") or one.get("items", {}).get("enum") or ()
    return "" if not values else ": " + ", ".join(code(json.dumps(each)) for each in values)
