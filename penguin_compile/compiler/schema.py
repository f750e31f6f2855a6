"""The JSON Schemas of the language, generated from the shapes: of a spec, and of a fragment.

Most mappings have two: the whole one, and a part, in which nothing is required and `null` removes.
A part is what stands in an environment, in its `overrides`, in a fragment, and in a spec that
imports fragments: what a part lacks, or has wrong, may come from another text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from penguin_compile.compiler.schema_part import make_part, rename_references
from penguin_compile.compiler.schema_words import describe
from penguin_compile.sections.shape import DURATION
from penguin_compile.sections.spec import SpecShape
from penguin_compile.source.environments import NOT_PATCHED

Schema = JsonSchemaValue
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PART = "-part"


class _Generator(GenerateJsonSchema):
    """Without what is noise in an editor: a field's name as its title, defaults of mappings."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: Any) -> Schema:
        described = super().default_schema(schema)
        default = described.get("default")
        if default is None or isinstance(default, dict):
            described.pop("default", None)
        elif described.get("pattern") == DURATION:
            described["default"] = f"{default}s"
        return described

    def encode_default(self, dft: Any) -> Any:
        """Without a mapping's serializer, which need not be built yet: the default is left out."""
        return {} if isinstance(dft, BaseModel) else super().encode_default(dft)

    def sort(self, value: Schema, parent_key: str | None = None) -> Schema:  # noqa: ARG002
        """In the order of the shapes, which is the order in which people write."""
        return value


def spec_schema() -> Schema:
    """Draft 2020-12; what it refuses, the compiler refuses, too."""
    imports = {"required": ["imports"], "properties": {"imports": {"minItems": 1}}}
    root = {"if": imports, "then": _reference("fragment"), "else": _reference("spec")}
    return _assemble("spec", "penguin-compile spec, version 1", root)


def fragment_schema() -> Schema:
    """Of what a spec imports: what it refuses is refused in a spec that imports nothing else."""
    root = _reference("fragment")
    return _assemble("spec-fragment", "penguin-compile spec, version 1: a fragment", root)


def schema_text(schema: Schema) -> str:
    """As it is kept in schemas/."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _assemble(name: str, title: str, root: Schema) -> Schema:
    definitions = _definitions()
    used = dict.fromkeys(_reachable(root, definitions))
    return {
        "$schema": _DRAFT,
        "$id": f"penguin-compile/{name}.schema.json",
        "title": title,
        "type": "object",
        **root,
        "$defs": {name: one for name, one in definitions.items() if name in used},
    }


def _definitions() -> dict[str, Schema]:
    """Every mapping of the language by a name that people know, whole and as a part."""
    raw = SpecShape.model_json_schema(schema_generator=_Generator)
    whole = {"spec": raw, **raw.pop("$defs")}
    names = {key: one["title"].lower().replace(" ", "-") for key, one in whole.items()}
    whole = {names[key]: rename_references(one, names) for key, one in whole.items()}
    for one in whole.values():
        describe(one, whole)
    for name in dict.fromkeys(_referred_by_fields(whole)):
        del whole[name]["description"]  # an editor would show it in place of the field's own
    part_names = {name: name + _PART for name in whole}
    parts = {part_names[name]: make_part(one, part_names) for name, one in whole.items()}
    _place_patches(whole, parts)
    return {**whole, **parts, **_roots(parts.pop("spec" + _PART))}


def _place_patches(whole: dict[str, Schema], parts: dict[str, Schema]) -> None:
    """An environment is a patch on the one that it extends, and holds one on the spec."""
    patch = {"anyOf": [_reference("overrides"), {"type": "null"}]}
    overrides = parts["environment" + _PART]["properties"]["overrides"]
    overrides["anyOf"] = patch["anyOf"]
    overrides.pop("additionalProperties", None)
    whole["spec"]["properties"]["environments"]["additionalProperties"] = _reference(
        "environment" + _PART
    )


def _roots(part: Schema) -> dict[str, Schema]:
    fragment = {
        **part,
        "title": "fragment",
        "description": "What a spec imports.",
    }
    properties = {
        name: False if name in NOT_PATCHED else one for name, one in part["properties"].items()
    }
    overrides = {**part, "title": "overrides", "properties": properties}
    del overrides["description"]
    return {"fragment": fragment, "overrides": overrides}


def _referred_by_fields(definitions: dict[str, Schema]) -> Iterator[str]:
    for one in definitions.values():
        for field in one["properties"].values():
            for choice in (field, *field.get("anyOf", ())):
                if "$ref" in choice:
                    yield choice["$ref"].rpartition("/")[2]


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _reachable(node: Any, definitions: dict[str, Schema]) -> Iterator[str]:
    """The names of all definitions that a schema needs, each once."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                yield name
                waiting.append(definitions[name])
        elif isinstance(one, list):
            waiting.extend(one)
