"""The JSON Schemas as an editor gets them: words on every field, parts where parts may stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from penguin_compile.compiler.schema import fragment_schema, spec_schema
from penguin_compile.compiler.schema_words import flow_text

SPEC = spec_schema()
FRAGMENT = fragment_schema()
HEAD = {"penguin": 1, "app": {"name": "shop"}}


def fields() -> Iterator[tuple[str, str, Any]]:
    for schema in (SPEC, FRAGMENT):
        for kind, definition in schema["$defs"].items():
            for name, field in definition["properties"].items():
                if field is not False:
                    yield kind, name, field


@pytest.mark.parametrize("schema", [SPEC, FRAGMENT], ids=["spec", "fragment"])
def test_it_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate(schema)


def test_every_field_has_its_words() -> None:
    assert len(list(fields())) > 300
    for kind, name, field in fields():
        described = field["markdownDescription"]
        assert described.startswith(field["description"]), f"{kind}.{name}"
        if "default" in field:
            assert "Default: `" in described, f"{kind}.{name}"


def test_every_example_is_right_where_it_stands() -> None:
    count = 0
    for kind, name, field in fields():
        whole = jsonschema_rs.validator_for({**field, "$defs": SPEC["$defs"] | FRAGMENT["$defs"]})
        for one in field.get("examples", ()):
            count += 1
            assert whole.is_valid(one), f"{kind}.{name}: {one}"
    assert count > 100


def test_every_default_is_right_where_it_stands() -> None:
    for kind, name, field in fields():
        if "default" in field:
            assert jsonschema_rs.is_valid({**field, "$defs": SPEC["$defs"]}, field["default"]), kind
            assert field["default"] is not None, f"{kind}.{name}"


def test_names_are_for_people() -> None:
    for kind, definition in SPEC["$defs"].items():
        assert "shape" not in kind.lower()
        assert "shape" not in definition["title"].lower()
    assert SPEC["$defs"]["service"]["title"] == "service"
    assert SPEC["$defs"]["service"]["description"] == "One service."


def test_every_definition_is_used_and_every_reference_is_defined() -> None:
    for schema in (SPEC, FRAGMENT):
        used = {one.removeprefix("#/$defs/") for one in references(schema)}
        assert used == schema["$defs"].keys()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for one in node.values():
            yield from references(one)
    elif isinstance(node, list):
        for one in node:
            yield from references(one)


def test_no_choice_is_listed_twice() -> None:
    for kind, name, field in fields():
        choices = field.get("enum", [])
        assert len(choices) == len(set(choices)), f"{kind}.{name}"


@pytest.mark.parametrize(
    ("document", "right"),
    [
        ({}, True),
        ({"services": {"api": {"auth": None}}}, True),
        ({"services": {"api": {"auth": "jwtt"}}}, False),
        ({"services": {"api": {"prot": "http"}}}, False),
        ({"services": {"api": None, "no name!": None}}, True),
        ({"services": {"no name!": {}}}, False),
        ({"services": {"x-api": 5}}, True),
        ({"services": {"api": {"container": {"anything": [1, None]}}}}, True),
        ({"routes": {"public": {"path_prefix": "/x"}}}, True),
        ({"config": {"a": {"check": {"min": 1}}}}, True),
        ({"config": {"a": {"check": {"properties": {}}}}}, True),
        ({"config": {"a": {"type": "integer", "check": {"properties": {}}}}}, False),
        ({"penguin": 1}, False),
        ({"imports": ["a"]}, False),
        ({"environments": {}}, False),
        ({"x-note": 1}, True),
        (None, True),
        ([], False),
    ],
)
def test_overrides_hold_a_part_of_the_spec(document: Any, right: bool) -> None:
    whole = {**HEAD, "environments": {"prod": {"overrides": document}}}
    assert jsonschema_rs.is_valid(SPEC, whole) == right


def test_an_environment_may_leave_to_another_what_it_extends() -> None:
    environments = {"a": {}, "b": {"extends": "a", "tier": None, "marchproxy": {"cluster": 2}}}
    assert jsonschema_rs.is_valid(SPEC, {**HEAD, "environments": environments})


@pytest.mark.parametrize(
    "value",
    [
        *("plain", "yes", "1.0", "null", "a: b", "#x", "", " x", "é", "$x", "60%", 'a"b', "a#b"),
        *("- a", "http://x", "-", "@a", "%a", "x ", "a  b", "./x", "^a", "~"),
        *(True, None, 1.5, ["a", {"b": "c"}], {"a b": {"c": []}}),
    ],
)
def test_examples_are_written_as_yaml(value: Any) -> None:
    assert YAML(typ="safe", pure=True).load(f"[{flow_text(value)}]") == [value]
