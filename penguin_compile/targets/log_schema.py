"""The JSON Schema of one log record of an app, which follows Elastic Common Schema (ECS).

A record may be flat with dotted names, as the example of integration-standards ("Structured
Logging") is, or nested, as ECS's own are. Fields beyond those that are known are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from penguin_compile.model.telemetry import Telemetry

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# By rising weight: the words that loggers have for each level.
_LEVELS = (
    ("trace",),
    ("debug",),
    ("info", "informational", "notice"),
    ("warning", "warn"),
    ("error", "err"),
    ("critical", "crit", "fatal", "alert", "emergency"),
)
_TIMESTAMP = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"([.,][0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})$"
)
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}(:[0-9]{2}){0,2}([.,][0-9]{1,9})?(Z|[+-][0-9:]+)?)?$"


def _whole(bits: int) -> Schema:
    return {"type": "integer", "minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
# Elasticsearch's field types, as ECS and field definitions name them.
_TYPES: dict[str, Schema] = {
    **dict.fromkeys(("keyword", "constant_keyword", "wildcard", "text", "match_only_text"), _TEXT),
    **dict.fromkeys(("version", "binary"), _TEXT),
    "long": _whole(64),
    "integer": _whole(32),
    "short": _whole(16),
    "byte": _whole(8),
    "unsigned_long": {"type": "integer", "minimum": 0, "maximum": 2**64 - 1},
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), _NUMBER),
    "boolean": {"type": "boolean"},
    "date": {"type": ["string", "integer"], "pattern": _DATE},
    "date_nanos": {"type": ["string", "integer"], "pattern": _DATE},
    "ip": {
        "type": "string",
        "pattern": r"^[0-9A-Fa-f:.]+$",
        "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
    },
    "object": {"type": "object"},
    "flattened": {"type": "object"},
    "nested": {"type": ["object", "array"], "items": {"type": "object"}},
    "geo_point": {"type": ["object", "string", "array"]},
}
_REQUIRED = ("log.level", "service.name")
# Those of ECS that the house's records have.
_ECS: dict[str, Schema] = {
    "service.name": {"type": "string", "minLength": 1},
    "event.action": _TEXT,
    "event.outcome": {"enum": ["success", "failure", "unknown"]},
    "user.id": _TEXT,
    "organization.id": _TEXT,
    "source.ip": _TYPES["ip"],
    "trace.id": _TEXT,
    "labels": {"type": "object"},
    "tags": {"type": "array", "items": _TEXT},
}


def log_schema(app: str, telemetry: Telemetry) -> Schema:
    """The schema; `level` stands for `log.level`, as it does in the standard's example."""
    level = {"$ref": "#/$defs/level"}
    declared = {name: _field(one) for name, one in telemetry.log_fields.items()}
    timestamp = {"type": "string", "format": "date-time", "pattern": _TIMESTAMP}
    own = {"@timestamp": timestamp, "message": _TEXT, "level": level, "log.level": level}
    properties: Schema = {}
    for name, schema in {**own, **_ECS, **declared, **own}.items():
        _add(properties, name, schema)
    return {
        "$schema": DIALECT,
        "title": f"Log record of {app}",
        "type": "object",
        "required": ["@timestamp", "message"],
        "allOf": [{"anyOf": list(_ways(name))} for name in _REQUIRED],
        "properties": properties,
        "$defs": {"level": {"enum": _levels(telemetry.log_level)}},
    }


def unknown_fields(telemetry: Telemetry) -> Iterator[str]:
    """What a person should know of the fields that the spec declares."""
    for name, field in telemetry.log_fields.items():
        if _type(field) is None:
            yield f'log field "{name}" has no type that Elasticsearch knows: any value is accepted'


def _levels(least: str) -> list[str]:
    """The words for the least level and those above it."""
    index = next(index for index, words in enumerate(_LEVELS) if least in words)
    return [word for words in _LEVELS[index:] for word in words]


def _type(field: Mapping[str, Any]) -> Schema | None:
    """What a declared field's values are; None for a type that Elasticsearch does not have."""
    kind = field.get("type")
    return _TYPES.get(kind) if isinstance(kind, str) else None


def _field(field: Mapping[str, Any]) -> Schema:
    """A declared field, with ECS's own `normalize: [array]` and `description`."""
    schema = _type(field) or {}
    normalize = field.get("normalize")
    if isinstance(normalize, list) and "array" in normalize:
        schema = {"type": "array", "items": schema}
    description = field.get("description")
    return {**schema, "description": description} if isinstance(description, str) else schema


def _add(properties: Schema, name: str, schema: Schema) -> None:
    """A field in both forms: `user.id` flat, and `id` inside of `user`."""
    properties[name] = schema
    *outer, last = name.split(".")
    for part in outer:
        inside = properties.setdefault(part, {"type": "object"})
        if inside.get("type") != "object":  # a value and an object at once: the value counts
            return
        properties = inside.setdefault("properties", {})
    if outer:
        properties[last] = schema


def _ways(name: str) -> Iterator[Schema]:
    """The places of which one has to hold a field."""
    outer, _, last = name.partition(".")
    yield {"required": [name]}
    yield {"required": [outer], "properties": {outer: {"required": [last]}}}
    if name == "log.level":
        yield {"required": ["level"]}
