"""Each schema of `schemas/` refuses its artifact with a key missing, strange or of another type."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from operator import setitem
from typing import Any

import jsonschema_rs
import pytest

from penguin_compile.artifacts.check import _SCHEMAS, read_schema
from penguin_compile.targets import TARGETS
from tests.models import ROOT, read_app, render

# Every field that these artifacts can have.
SPEC = """
penguin: 1
app: {name: rich, version: "2.0.0"}
services:
  web:
    port: 443
    protocol: https
    auth: jwt
    tls: {enabled: true, verify: false}
    health_check: {path: /healthz, interval: 30s}
routes:
  all:
    description: All
    from: [external]
    to: [web]
    listen: {port: 443, protocol: https}
    path_prefix: /
config:
  zero: {type: integer, default: 0, description: Zero, check: {min: -1, max: 5}, manage: enforce}
  off: {type: boolean, default: false}
  ratio: {type: number, default: 0.5}
  theme: {default: light, check: {minLength: 1, maxLength: 5, pattern: "^l", enum: [light]}}
  host: {check: {format: hostname}, required: true}
  list: {type: json, default: [], check: {type: array}}
  key: {sensitive: true}
license:
  tiers: {free: {limits: {users: 5, teams: unlimited}}, paid: {}}
  features: {sso: {tier: paid, ai: true, description: Sign on}}
telemetry:
  logs: {fields: {team.id: {type: keyword, description: Team}}}
  metrics:
    a.count: {type: counter, category: api, unit: bytes, labels: [x], description: A}
    a.gauge: {type: gauge}
"""
# Keys that may be absent, with what is inside of them: by path, `*` being any name or index.
OPTIONAL = {
    "marchproxy/services.json": ["services.*.tls_verify", "services.*.health_check_path"],
    "marchproxy/mappings.json": [
        *("mappings.*.description", "mappings.*.listen_port"),
        *("mappings.*.protocol", "mappings.*.path_prefix"),
    ],
    "license/entitlements.json": ["features.*", "features.*.description", "tiers.*.limits.*"],
    "telemetry/metrics.json": [f"metrics.*.{key}" for key in ("category", "description", "unit")],
    "telemetry/log-schema.json": ["allOf.*.anyOf.*.properties", "allOf.*.anyOf.*.properties.*"],
    "telemetry/grafana-dashboard.json": ["panels.*.description"],
    "runtime/manifest.json": [
        *("features.*", "keys.*", "keys.*.description", "keys.*.default", "keys.*.check"),
        *(f"keys.*.check.{key}" for key in ("min", "max", "minLength", "maxLength")),
        *(f"keys.*.check.{key}" for key in ("pattern", "enum")),
    ],
}
OPTIONAL["marchproxy/import-config.json"] = [
    *OPTIONAL["marchproxy/services.json"],
    *OPTIONAL["marchproxy/mappings.json"],
]
# Places that take a value of this other type, too.
TYPES = {
    "license/entitlements.json": {"tiers.*.limits.*": int},
    "runtime/manifest.json": {
        "keys.ratio.default": int,
        **{
            f"table.columns.{column}": type(None)
            for column in read_app(SPEC).outputs.config_table.columns
            if column not in {"config_key", "config_value"}
        },
    },
}
# What is the spec's own: a JSON value, a JSON Schema, a field of the log.
_FIELDS = ("@timestamp", "event", "labels", "log", "organization", "service", "source", "tags")
OPEN = {
    "runtime/manifest.json": (
        "keys.list.default",
        "keys.list.check.schema",
        "keys.theme.check.enum.",
    ),
    "telemetry/log-schema.json": tuple(
        f"properties.{name}" for name in (*_FIELDS, "team", "trace", "user")
    ),
}
OTHERS: tuple[Any, ...] = (5, "\0", True, None, [[]], {"\0": 1})
Change = Callable[[Any, Any], object]


def documents() -> dict[str, Any]:
    app = read_app(SPEC)
    return {
        path: json.loads(artifact.text)
        for name in TARGETS
        for path, artifact in render(name, app).items()
        if path.endswith(".json")
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, inside in parts:
        yield from places(inside, (*path, key))


def changed(document: Any, path: tuple[Any, ...], change: Change) -> Any:
    """A copy in which `change` was called with what holds a place, and its key there."""
    mutant = copy.deepcopy(document)
    inside = mutant
    for key in path[:-1]:
        inside = inside[key]
    change(inside, path[-1])
    return mutant


def allows(patterns: Iterable[str], path: tuple[Any, ...]) -> bool:
    """Whether a path is one of the patterns."""
    return any(
        len(parts := pattern.split(".")) == len(path)
        and all(one in {"*", key} for one, key in zip(parts, path, strict=True))
        for pattern in patterns
    )


def is_open(name: str, path: tuple[Any, ...]) -> bool:
    return ".".join(map(str, path)).startswith(OPEN.get(name, "\0"))


def test_every_json_artifact_has_a_schema_and_every_schema_an_artifact():
    assert documents().keys() == _SCHEMAS.keys() == OPTIONAL.keys()
    others = {"manifest", "plan", "revision", "spec", "spec-diff", "spec-fragment"}
    files = {path.name for path in (ROOT / "schemas").iterdir()}
    assert files == {*_SCHEMAS.values(), *(f"{name}.schema.json" for name in others)}


@pytest.fixture(params=sorted(_SCHEMAS))
def name(request):
    return request.param


@pytest.fixture
def document(name):
    return documents()[name]


@pytest.fixture
def validator(name, document):
    schema = read_schema(_SCHEMAS[name])
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(schema, retriever=read_schema)
    validator.validate(document)
    return validator


def test_a_key_that_is_missing(name, document, validator):
    keys = [path for path, _ in places(document) if path and isinstance(path[-1], str)]
    accepted = [
        path
        for path in keys
        if validator.is_valid(changed(document, path, lambda inside, key: inside.pop(key)))
        and not is_open(name, path)
    ]
    assert [path for path in accepted if not allows(OPTIONAL[name], path)] == []
    for pattern in OPTIONAL[name]:
        assert any(allows([pattern], path) for path in accepted), pattern


def test_a_value_of_another_type(name, document, validator):
    tried = 0
    for path, value in places(document):
        for other in OTHERS:
            if not path or type(other) is type(value) or is_open(name, path):
                continue
            tried += 1
            mutant = changed(document, path, lambda inside, key: setitem(inside, key, other))  # noqa: B023
            allowed = [place for place, kind in TYPES.get(name, {}).items() if type(other) is kind]
            assert not validator.is_valid(mutant) or allows(allowed, path), (path, other)
    assert tried > 40


def test_a_key_that_nobody_reads(name, document, validator):
    objects = [path for path, value in places(document) if isinstance(value, dict)]
    for path in objects:
        mutant = changed(document, (*path, "\0"), lambda inside, key: setitem(inside, key, [[]]))
        assert not validator.is_valid(mutant) or is_open(name, path), path
