"""Two versions of a spec: nothing is told of the same, and something of any change."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from penguin_compile.compiler.lower import lower
from penguin_compile.compiler.shape import read_shapes
from penguin_compile.compiler.spec_comparison import Side, compare
from penguin_compile.core.pointer import Pointer, format_dotted
from penguin_compile.core.span import Source
from penguin_compile.model.app import App
from penguin_compile.model.spec_change import Hidden, SpecChange
from penguin_compile.source.environments import resolve_environment
from penguin_compile.source.load import load_text
from penguin_compile.source.tree import Document
from tests.models import EXAMPLE, ROOT, example_app, read_app

# Told elsewhere: an app's name as a rename; the version of the language has one value.
TOLD_ELSEWHERE = {"app.name", "penguin"}


def side(**apps: App) -> Side:
    return Side(
        path="spec/a.yaml",
        app="a",
        models=apps,
        trees={},
        locate=lambda _, pointer: format_dotted(pointer),
    )


def changes(before: App, after: App) -> dict[str, SpecChange]:
    difference = compare(side(dev=before), side(dev=after))
    return {one.address: one for one in difference.changes}


def read(config: str, services: str = "{}") -> App:
    return read_app(
        f'penguin: 1\napp: {{name: a, version: "1"}}\nconfig: {config}\nservices: {services}\n'
        "variables: {HOST: {default: a, description: b}}\n"
    )


def test_a_spec_is_itself() -> None:
    assert changes(example_app(), example_app()) == {}


@pytest.mark.parametrize(
    ("old", "new"), [("1", "true"), ("0", "false"), ("1", '"1"'), ("null", "[]"), ("[1]", "[true]")]
)
def test_values_are_compared_with_their_types(old: str, new: str) -> None:
    before, after = (read(f"{{k: {{type: json, default: {one}}}}}") for one in (old, new))
    assert [one.path for one in changes(before, after)["config/k"].fields] == ["value"]


def test_a_literal_is_not_the_variable_that_it_looks_like() -> None:
    services = "{s: {port: 1, container: {image: i}, environment: {A: %s}}}"
    before, after = (read("{}", services % one) for one in ("{variable: HOST}", '"${HOST}"'))
    (field,) = changes(before, after)["container/s"].fields
    assert (field.old, field.new) == ("${HOST}", "$${HOST}")


def test_a_list_of_variables_is_a_mapping_of_them() -> None:
    services = "{s: {port: 1, container: {image: i, environment: %s}}}"
    before, after = (read("{}", services % one) for one in ("{A: b, C: d}", "[C=d, A=b]"))
    assert changes(before, after) == {}


def test_a_password_is_compared_and_not_shown() -> None:
    text = (
        'penguin: 1\napp: {name: a, version: "1"}\nenvironments: {dev: {database: {url: "%s"}}}\n'
    )
    before, after = (
        read_app(text % f"mysql://u:{one}@h:3306/d?ssl=1", "dev") for one in ("then", "now")
    )
    (field,) = changes(before, after)["environment"].fields
    assert isinstance(field.old, Hidden)
    assert field.old.text == field.new.text == "mysql://h:3306/d"
    assert "then" not in repr(field)


def test_what_environments_share_is_told_once_and_the_rest_apart() -> None:
    text = "{k: {default: %s, description: %s}}"
    before = read(text % ("a", "b"))
    difference = compare(
        side(dev=before, prod=before, gone=before),
        side(dev=read(text % ("a", "c")), prod=read(text % ("z", "c")), new=before),
    )
    told = [
        (one.address, one.kind.value, one.environments, tuple(field.path for field in one.fields))
        for one in difference.changes
        if one.address == "config/k"
    ]
    described = ("value", "type", "category", "description", "sensitive", "manage", "protected")
    described = (*described, "required", "variable")
    assert told == [
        ("config/k", "changed", ("dev", "prod"), ("description",)),
        ("config/k", "changed", ("prod",), ("value",)),
        ("config/k", "added", ("new",), described),
        ("config/k", "removed", ("gone",), described),
    ]
    assert difference.added_environments == ("new",)
    assert difference.removed_environments == ("gone",)


def leaves(value: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*pointer, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*pointer, index))
    else:
        yield pointer


def changed(document: Document, pointer: Pointer) -> App | None:
    """The app with one value changed, or None where that is no valid spec."""
    copied = Document(deepcopy(document.root), document.place)
    node = copied.value(pointer[:-1])
    value = node[pointer[-1]]
    if isinstance(value, bool):
        node[pointer[-1]] = not value
    else:
        node[pointer[-1]] = value + 1 if isinstance(value, int) else f"{value}x"
    shape, _ = read_shapes(copied)
    return None if shape is None else lower(shape, "prod")


@pytest.mark.slow
def test_any_change_of_any_value_is_told() -> None:
    loaded = load_text(Source("a.yaml", EXAMPLE.read_text()), ROOT / "a.yaml", [])
    assert loaded.document is not None
    resolved, _ = resolve_environment(loaded.document, "prod")
    before, document = example_app("prod"), resolved.document
    told, untold = 0, []
    for pointer in leaves(document.root):
        after = changed(document, pointer)
        if after is not None and changes(before, after):
            told += 1
        elif after is not None and format_dotted(pointer) not in TOLD_ELSEWHERE:
            untold.append(format_dotted(pointer))
    assert untold == []
    assert told > 150
