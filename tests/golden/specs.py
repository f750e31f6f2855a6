"""The golden specs, and which words of the language they use between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.models import ROOT

FOLDER = Path(__file__).parent / "specs"
GOLDEN = sorted(one for one in FOLDER.glob("*/*.yaml") if one.stem == one.parent.name)
_SCHEMA = json.loads((ROOT / "schemas" / "spec.schema.json").read_text(encoding="utf-8"))
_ROOTS = {"fragment": "spec", "overrides": "spec"}  # shapes that are the spec's, or a part of it


class Word(NamedTuple):
    """A key of a shape, or with `value` one of the values that the schema lists for it."""

    shape: str
    key: str
    value: Any = None


def every_word() -> set[Word]:
    """All that the published schema allows."""
    return {word for name, shape in _SCHEMA["$defs"].items() for word in _words(name, shape)}


def used_words() -> set[Word]:
    """All that some golden spec, or a fragment of one, says."""
    used: set[Word] = set()
    for path in FOLDER.rglob("*.yaml"):
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        _walk(_SCHEMA["$defs"]["fragment"], document, "fragment", used)
    return used


def _shape(name: str) -> str:
    name = name.removesuffix("-part")
    return _ROOTS.get(name, name)


def _words(name: str, schema: dict[str, Any]) -> Iterator[Word]:
    for key, value in _properties(schema).items():
        if value is False:
            continue
        yield Word(_shape(name), key)
        for choice in _choices(value):
            yield Word(_shape(name), key, choice)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """With those under a condition: a key's schema is all that is said of it anywhere."""
    found: dict[str, Any] = {}
    for part in (schema, *_alternatives(schema)):
        for key, value in part.get("properties", {}).items():
            if value is not False:
                found.setdefault(key, {"anyOf": []})["anyOf"].append(value)
    return found


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for keyword in ("anyOf", "oneOf", "allOf"):
        yield from schema.get(keyword, ())
    for keyword in ("then", "else"):
        if keyword in schema:
            yield schema[keyword]


def _choices(schema: Any) -> Iterator[Any]:
    if not isinstance(schema, dict):
        return
    yield from (one for one in schema.get("enum", ()) if one is not None)
    if "const" in schema:
        yield schema["const"]
    for part in _alternatives(schema):
        yield from _choices(part)


def _walk(schema: Any, value: Any, name: str, used: set[Word]) -> None:
    """Everything that a value says, in the words of the schema that describes it."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        _walk(_SCHEMA["$defs"][name], value, name, used)
    for part in _alternatives(schema):
        _walk(part, value, name, used)
    if isinstance(value, list):
        for item in value:
            _walk(schema.get("items"), item, name, used)
    if not isinstance(value, dict):
        return
    properties = _properties(schema)
    for key, item in value.items():
        if key in properties:
            used.add(Word(_shape(name), key))
            choices = [one for one in _choices(properties[key]) if one == item]
            used.update(Word(_shape(name), key, one) for one in choices)
            _walk(properties[key], item, name, used)
        else:
            for inner in (schema.get("additionalProperties"), *_patterns(schema)):
                _walk(inner, item, name, used)


def _patterns(schema: dict[str, Any]) -> Iterator[Any]:
    return (one for key, one in schema.get("patternProperties", {}).items() if key != "^x-")
