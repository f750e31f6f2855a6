"""The JSON Schema of the language, generated from the shapes."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from penguin_compile.sections.spec import SpecShape


class _Generator(GenerateJsonSchema):
    """Titles that only repeat a field's name are noise in an editor."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def generate(self, schema: Any, mode: Any = "validation") -> dict[str, Any]:
        return {
            "$schema": self.schema_dialect,
            "$id": "penguin-compile/spec.schema.json",
            **super().generate(schema, mode),
            "title": "penguin-compile spec, version 1",
        }


def spec_schema() -> dict[str, Any]:
    """Draft 2020-12; what it refuses, the compiler refuses, too."""
    return SpecShape.model_json_schema(schema_generator=_Generator)


def spec_schema_text() -> str:
    """As it is kept in schemas/spec.schema.json."""
    return json.dumps(spec_schema(), indent=2, ensure_ascii=False) + "\n"
