"""Splices case by case: what is written, what is not touched, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from penguin_compile.core.span import Source
from penguin_compile.source.splicing import SplicingFailure, splice_value
from penguin_compile.source.splicing_proof import list_differences, with_value
from penguin_compile.source.yaml_events import parse_yaml
from tests.unit.source.splicing_cases import CASES, DEFAULT, OVERRIDE, theme

_MARK = re.compile("«(.*?)‖(.*?)»", re.DOTALL)
LONG = " ".join(["word"] * 5_000)


def tree(text: str) -> Any:
    document, findings = parse_yaml(Source("spec/a.yaml", text))
    assert not findings
    return None if document is None else document.root


def splice(text: str, pointer: str, value: Any) -> str:
    return splice_value(Source("spec/a.yaml", text), tuple(pointer.split(".")), value).text


@pytest.mark.parametrize(
    ("value", "pointer", "text"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_a_splice_and_nothing_else(value: Any, pointer: str, text: str) -> None:
    before, after = (_MARK.sub(side, text) for side in (r"\1", r"\2"))
    assert before != after
    assert splice(before, pointer, value) == after
    parts = tuple(pointer.split("."))
    assert not list(list_differences(with_value(tree(before), parts, value), tree(after)))
    assert splice(after, pointer, value) == after


def test_there_are_many_cases() -> None:
    assert len({one[0] for one in CASES}) == len(CASES) >= 100


@pytest.mark.parametrize("style", ["{}", "'{}'", '"{}"'])
def test_long_lines_stay_lines(style: str) -> None:
    before = theme(style.format(LONG) + "  # c")
    assert splice(before, DEFAULT, LONG + ".") == theme(style.format(LONG + ".") + "  # c")


def test_an_alias_that_is_replaced_leaves_its_anchor() -> None:
    after = splice("x-a: &look light\nconfig: {theme: {default: *look}}\n", DEFAULT, "dark")
    assert tree(after) == {"x-a": "light", "config": {"theme": {"default": "dark"}}}


def test_an_anchor_that_others_use_is_refused_and_they_are_named() -> None:
    text = theme("&look light") + "x-a: {b: *look}\n"
    with pytest.raises(SplicingFailure) as failed:
        splice(text, DEFAULT, "dark")
    assert "spec/a.yaml: config.theme.default" in failed.value.message
    assert "x-a.b would change, too" in failed.value.message
    assert splice(text, OVERRIDE, "dark").startswith(text)


def test_a_mapping_that_others_merge_is_refused() -> None:
    text = "config:\n  theme: &t {default: light}\n  other: {<<: *t, description: d}\n"
    with pytest.raises(SplicingFailure, match=r"config\.other\.default would change, too"):
        splice(text, DEFAULT, "dark")


def test_overrides_that_are_an_alias_with_settings_are_refused() -> None:
    text = (
        "environments:\n"
        "  dev: {overrides: &o {config: {theme: {default: light, enum: [light, dark]}}}}\n"
        "  prod: {overrides: *o}\n"
    )
    with pytest.raises(SplicingFailure) as failed:
        splice(text, OVERRIDE, "dark")
    assert "environments.prod.overrides.config.theme.enum would change" in failed.value.message
    assert "an anchor or a merge key shares it" in str(failed.value.hint)


def test_overrides_that_are_an_alias_are_extended_where_nothing_is_lost() -> None:
    text = "x-o: &o {tier: a}\nenvironments: {prod: {overrides: *o}}\n"
    after = tree(splice(text, OVERRIDE, "dark"))
    assert after["environments"]["prod"]["overrides"] == {
        "tier": "a",
        "config": {"theme": {"default": "dark"}},
    }


@pytest.mark.parametrize(
    "value",
    [
        "half of a pair: \ud800",
        {"<<": "merged"},
        {"a": {"<<": {"b": 1}}},
        10**400,
        float("inf"),
        {"k" * 2_000: 1},
    ],
)  # fmt: skip
def test_what_yaml_can_not_say_is_refused(value: Any) -> None:
    with pytest.raises(SplicingFailure):
        splice(theme("light"), DEFAULT, value)


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(SplicingFailure, match="deeper than 200"):
        splice(theme("light"), DEFAULT, deep)


@pytest.mark.parametrize("text", ["config: text\n", "config: {theme: 5}\n", "config: [a]\n"])
def test_what_is_no_mapping_is_not_replaced(text: str) -> None:
    with pytest.raises(SplicingFailure, match="is no mapping"):
        splice(text, DEFAULT, "dark")


def test_equal_values_change_nothing() -> None:
    text = theme('"\\u0064ark"')
    assert splice(text, DEFAULT, "dark") == text
    assert splice(theme("1.0"), DEFAULT, 1) == theme("1")
