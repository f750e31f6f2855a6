"""Tables that say what exists: each row loads, says what it must, and nothing is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS
from penguin_compile.compiler.schema import fragment_schema, schema_text, spec_schema
from penguin_compile.rules import RULES
from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import RESOURCE_KINDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", list(TARGETS))
def test_each_target_renders_or_openly_ignores_each_kind(name: str) -> None:
    target = TARGETS.load(name)
    assert target.name == name
    assert target.renders | target.ignores.keys() == set(RESOURCE_KINDS)
    assert not target.renders & target.ignores.keys()
    assert all(target.ignores.values()), "every ignored kind needs its reason"


@pytest.mark.parametrize("code", list(RULES))
def test_each_rule_says_why_it_is_there(code: str) -> None:
    rule = RULES.load(code)
    assert rule.code == code
    assert rule.title
    assert rule.why.endswith(".")
    assert rule.source


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_has_the_help_of_the_table_and_an_example(name: str) -> None:
    context = click.Context(program)
    command = program.get_command(context, name)
    assert command is not None
    assert command.short_help == COMMANDS[name][1]
    assert command.epilog is not None
    assert "penguin-compile " in command.epilog


@pytest.mark.parametrize(
    ("name", "schema"), [("spec", spec_schema), ("spec-fragment", fragment_schema)]
)
def test_the_published_schema_is_what_the_shapes_say(
    name: str, schema: Callable[[], dict[str, Any]]
) -> None:
    published = (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(schema()), "run `make generated`"
