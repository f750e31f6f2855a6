"""From the JSON Schema of a mapping to that of a part of it: nothing required, null removes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from penguin_compile.source.overlay import WHOLE

Schema = JsonSchemaValue
_NULL: Schema = {"type": "null"}
_PREFIX = "#/$defs/"
_NEED = frozenset(("required", "minProperties"))
_DESCRIBING = frozenset(("title", "description", "markdownDescription", "examples", "default"))


def rename_references(schema: Any, names: Mapping[str, str]) -> Any:
    """A copy whose references go to other names; those without a new name stay."""
    if isinstance(schema, list):
        return [rename_references(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {key: rename_references(one, names) for key, one in schema.items()}
    reference = copy.get("$ref")
    if isinstance(reference, str):
        name = reference.removeprefix(_PREFIX)
        copy["$ref"] = _PREFIX + names.get(name, name)
    return copy


def make_part(schema: Schema, names: Mapping[str, str]) -> Schema:
    """A part of a mapping with fields; `names` are those of the parts that it refers to."""
    part = {key: one for key, one in schema.items() if key not in _NEED}
    part["properties"] = {
        name: _nullable(one if name in WHOLE else _loosen(one, names))
        for name, one in schema["properties"].items()
    }
    # `null` removes whatever has the name, and nothing at all where nothing has it.
    part["additionalProperties"] = _NULL
    if "if" in schema:
        part.update(_loosen_condition(schema))
    return part


def _loosen(schema: Schema, names: Mapping[str, str]) -> Schema:
    """A value of a part. Lists stay as they are: a patch replaces them whole."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_loosen(one, names) for one in schema["anyOf"]]}
    if "$ref" in schema:
        return {**rename_references({"$ref": schema["$ref"]}, names), **_about(schema)}
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return _loosen_names(schema, names)
    return schema


def _loosen_names(schema: Schema, names: Mapping[str, str]) -> Schema:
    """A mapping of names that the user chooses; one that is removed may be called anything."""
    loose = {key: one for key, one in schema.items() if key != "propertyNames"}
    item = _nullable(_loosen(schema["additionalProperties"], names))
    pattern = schema.get("propertyNames", {"anyOf": [{}]})["anyOf"][-1].get("pattern")
    if pattern is None:
        return {**loose, "additionalProperties": item}
    own = {f"^(?!x-){pattern.removeprefix('^')}": item}
    patterns = {**own, **schema["patternProperties"]}
    return {**loose, "patternProperties": patterns, "additionalProperties": _NULL}


def _nullable(schema: Schema) -> Schema:
    kind = schema.get("type")
    if "enum" in schema:
        others = [one for one in schema["enum"] if one is not None]
        return {**schema, "type": _with_null(kind), "enum": [*others, None]}
    if "const" in schema:
        kept = {key: one for key, one in schema.items() if key != "const"}
        return {**kept, "type": _with_null(kind), "enum": [schema["const"], None]}
    if kind is not None:
        return {**schema, "type": _with_null(kind)}
    if "anyOf" in schema:
        choices = schema["anyOf"]
        return schema if _NULL in choices else {**schema, "anyOf": [*choices, _NULL]}
    if "$ref" in schema:
        return {**_about(schema), "anyOf": [{"$ref": schema["$ref"]}, _NULL]}
    return schema


def _with_null(kind: Any) -> Any:
    kinds = kind if isinstance(kind, list) else [kind]
    return kinds if "null" in kinds else [*kinds, "null"]


def _about(schema: Schema) -> Schema:
    return {key: one for key, one in schema.items() if key in _DESCRIBING}


def _loosen_condition(schema: Schema) -> Schema:
    """Where the part doesn't say what decides, both outcomes are right."""
    sides = {
        name: [*_choices(schema["then"], name), *_choices(schema["else"], name)]
        for name in schema["then"]["properties"]
    }
    return {
        "if": {**schema["if"], "required": list(schema["if"]["properties"])},
        "then": schema["then"],
        "else": {"properties": {name: {"anyOf": choices} for name, choices in sides.items()}},
    }


def _choices(side: Schema, name: str) -> list[Any]:
    one = side["properties"][name]
    return list(one.get("anyOf", [one]))
