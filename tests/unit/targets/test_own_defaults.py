"""`{variable: NAME, default: …}`: one variable, another default per container."""

from __future__ import annotations

import pytest

from penguin_compile.compiler.shape import read_shapes
from penguin_compile.core.span import Source
from penguin_compile.rules import RULES
from penguin_compile.source.load import load_text
from tests.compose_files import read_compose
from tests.models import ROOT, read_app, render

SPEC = """
penguin: 1
app: {name: app}
services:
  quiet:
    gateway: false
    container: {image: quiet}
    environment: {LOG_LEVEL: {variable: LOG_LEVEL}}
  loud:
    gateway: false
    container: {image: loud}
    environment:
      LEVEL: {variable: LOG_LEVEL, default: debug}
      TRIES: {variable: TRIES, default: 0}
variables:
  LOG_LEVEL: {default: info}
  TRIES: {type: integer}
"""


def _shape_messages(text):
    loaded = load_text(Source("app.yaml", text), ROOT / "app.yaml", [])
    return [one.message for one in read_shapes(loaded.document)[1]]


def _pointers(code, text):
    return [one.pointer for one in RULES.load(code).check(read_app(text))]


@pytest.mark.parametrize(
    ("variables", "levels", "tries"),
    [
        ({}, ("info", "debug"), "0"),
        ({"LOG_LEVEL": "warn", "TRIES": "3"}, ("warn", "warn"), "3"),
    ],
)
def test_container_has_its_own_default_until_the_deployment_sets_one(variables, levels, tries):
    text = render("compose", read_app(SPEC))["compose/docker-compose.yml"].text
    said = read_compose(text, ".", variables)
    assert said["quiet", "environment", "LOG_LEVEL"] == levels[0]
    assert said["loud", "environment", "LEVEL"] == levels[1]
    assert said["loud", "environment", "TRIES"] == tries


def test_env_files_show_the_default_that_counts_there():
    files = {path: one.text.splitlines() for path, one in render("env", read_app(SPEC)).items()}
    assert "LOG_LEVEL='info'" in files["env/.env.example"]
    assert "LOG_LEVEL='info'" in files["env/quiet.env.example"]
    assert "LOG_LEVEL='debug'" in files["env/loud.env.example"]
    assert "TRIES='0'" in files["env/loud.env.example"]


def test_own_default_goes_with_a_variable_alone():
    text = SPEC.replace("{variable: LOG_LEVEL, default: debug}", "{config: level, default: debug}")
    (message,) = _shape_messages(text)
    assert "`default` goes with `variable` alone" in message


@pytest.mark.parametrize(
    ("code", "old", "new", "name"),
    [
        ("PC207", "default: 0", "default: often", "TRIES"),
        ("PC401", "LOG_LEVEL: {default: info}", "LOG_LEVEL: {sensitive: true}", "LEVEL"),
        ("PC403", "default: debug", "default: AKIAIOSFODNN7REALKEY", "LEVEL"),  # no real key
    ],
)
def test_rules_about_defaults_hold_for_own_ones(code, old, new, name):
    assert _pointers(code, SPEC) == []
    pointer = ("services", "loud", "environment", name, "default")
    assert _pointers(code, SPEC.replace(old, new)) == [pointer]
