"""What `explain` knows of the language's fields is what the shapes take."""

from __future__ import annotations

from typing import Any

import pytest

from penguin_compile.compiler.field import Field, find_field, list_fields
from penguin_compile.compiler.shape import known_keys, read_shapes
from penguin_compile.core.errors import UsageError
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.span import Source
from penguin_compile.source.yaml_events import parse_yaml
from penguin_compile.targets.yaml_text import yaml_text

FIELDS = {".".join(one.path): one for one in list_fields()}


def pointer_of(field: Field) -> Pointer:
    pointer: tuple[str, ...] = ()
    node = field.example
    for part in field.path:
        name = next(iter(node)) if part == "*" else part
        pointer, node = (*pointer, name), node[name]
    return pointer


@pytest.mark.parametrize("path", list(FIELDS))
def test_every_field_has_a_type_a_meaning_and_an_example_that_is_let_through(path: str) -> None:
    field = FIELDS[path]
    assert field.type
    assert field.description
    example: dict[str, Any] = {"penguin": 1, "app": {"name": "shop"}, **field.example}
    document, findings = parse_yaml(Source("example.yaml", yaml_text(example)))
    assert document is not None
    assert not findings
    pointer = pointer_of(field)
    wrong = [one for one in read_shapes(document)[1] if one.pointer[: len(pointer)] == pointer]
    # A mapping that is shown in part may lack a key that it needs.
    assert not [one.message for one in wrong if one.code != "PC105"]


@pytest.mark.parametrize("path", list(FIELDS))
def test_a_listed_field_is_found_by_its_path_and_has_the_keys_of_its_shape(path: str) -> None:
    field = find_field(path)
    assert field == FIELDS[path]
    below = (*field.path, "name") if field.named else field.path
    assert [one.name for one in field.keys] == known_keys(below)


def test_all_sections_are_listed() -> None:
    assert {one.path[0] for one in FIELDS.values()} == set(known_keys(()))
    assert len(FIELDS) > 100


@pytest.mark.parametrize(
    ("path", "type_", "default", "limits"),
    [
        ("services.a.port", "an integer", None, ("at least 1", "at most 65535")),
        ("services.a.auth", "one of jwt, base64, none", "none", ()),
        (
            "services.*.health_check.interval",
            "a duration (30s, 5m, 1h) or a number of seconds",
            "30s",
            ("at least 5s",),
        ),
        ("services.a.gateway", "true or false", "true", ()),
        ("services.a.config", "all, none or a list of texts", None, ()),
        ("routes.r.to[0]", "a list of texts", None, ("length at least 1",)),
        ("routes.r.path_prefix", "a text", None, ("it begins with a slash",)),
        ("outputs.sql.columns.category", "a text or null", "category", None),
        ("config.a.check.maxLength", "an integer", None, ("at least 0",)),
        ("environments.dev.database.url", "a text or a mapping", None, ()),
    ],
)
def test_types_defaults_and_limits(
    path: str, type_: str, default: str | None, limits: tuple[str, ...] | None
) -> None:
    field = find_field(path)
    assert (field.type, field.default) == (type_, default)
    assert limits is None or field.limits == limits


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("config.smtp.host.type", ("config", "*", "type")),
        ("telemetry.metrics.http.duration_ms.labels", ("telemetry", "metrics", "*", "labels")),
        ("/services/flask-api/port", ("services", "*", "port")),
        ("services.a.container.build.context", ("services", "*", "container")),
        ("environments.prod.overrides.license.release_mode", ("license", "release_mode")),
        ("services.a", ("services", "*")),
    ],
)
def test_a_path_is_one_of_a_spec(path: str, found: tuple[str, ...]) -> None:
    assert find_field(path).path == found


def test_the_example_has_the_name_that_was_asked_about() -> None:
    assert find_field("services.shop.port").example == {"services": {"shop": {"port": 8080}}}


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("servces", 'did you mean "services"?', "keys of a spec: "),
        ("services.api.prot", 'did you mean "port"?', "keys of services.*: "),
        ("services.api.port.x", "no field", '"services.*.port" has no keys'),
        ("config.smtp.host", "no field", "keys of config.*: "),
        ("services.api.x-note", "are ignored", "allowed everywhere"),
        ("", "no field", "keys of a spec: "),
        ("services..", "no field", "keys of services.*: "),
    ],
)
def test_an_unknown_field_is_told_with_what_there_is(path: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as failed:
        find_field(path)
    assert message in failed.value.message
    assert hint in (failed.value.hint or "")
