"""Compose's own interpolation: what the real program makes of a text is what we make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.intake.interpolation import (
    BadInterpolation,
    MissingVariable,
    Reference,
    evaluate,
    map_references,
    parse,
    references,
    write,
)
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import RefusedError, environment, resolve_text

VALUES = {"SET": "value", "EMPTY": "", "DOLLAR": "a$b", "BRACE": "{x}"}
NAMES = st.sampled_from([*VALUES, "UNSET", "_u1"])
PLAIN = st.text("ab {}:-?+=,/\"'#\\", max_size=4)


@st.composite
def written(draw, depth=3):
    """A text of references, some in others, and of what could be mistaken for their ends."""
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 4))
        if kind == 0:
            parts.append(draw(PLAIN))
        elif kind == 1:
            parts.append("$$")
        elif kind == 2:
            parts.append(f"${draw(NAMES)}")
        else:
            operator = draw(st.sampled_from(["", ":-", "-", ":?", "?", ":+", "+"]))
            inner = draw(written(depth - 1)) if operator and depth else ""
            parts.append(f"${{{draw(NAMES)}{operator}{inner}}}")
    return "".join(parts)


def ours(text: str) -> str:
    try:
        return evaluate(parse(text), VALUES.get)
    except (BadInterpolation, MissingVariable):
        return "refused"


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(written(), min_size=1, max_size=30))
def test_any_text_is_what_compose_makes_of_it(texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compose")
    known = {f"V{index}": text for index, text in enumerate(texts) if ours(text) != "refused"}
    told = environment(_resolve(known, folder), "web")
    assert told == {name: ours(text) for name, text in known.items()}


def _resolve(variables: dict[str, str], folder: Path):
    data = {"services": {"web": {"image": "x", "environment": variables}}}
    return resolve_text(yaml_text(data), folder, variables=VALUES, may_warn=True)


@given(text=written())
def test_what_is_written_again_means_the_same(text):
    try:
        parts = parse(text)
    except BadInterpolation:
        return
    again = parse(write(parts))
    assert [one.name for one in references(again)] == [one.name for one in references(parts)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${UNSET:-${EMPTY:-${UNSET-deep}}}", "deep"),
        ('${UNSET:-{"a":{"b":1}}} tail', '{"a":{"b":1}} tail'),
        ("$$SET ${SET}$SET", "$SET valuevalue"),
        ("${SET:+yes}${EMPTY:+no}${EMPTY+set}", "yesset"),
        ("${EMPTY:-x}${EMPTY-y}", "x"),
        ("$5 $(pwd) ^$ ${UNSET:-$}", "$5 $(pwd) ^$ $"),
    ],
)
def test_operators(text, value):
    assert ours(text) == value


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["${", "${}", "${1A}", "${A", "${A:", "${A!}", "${A:-b\n}", "${A:-${}}"]
)
def test_what_compose_refuses_has_a_place(text, tmp_path):
    with pytest.raises(BadInterpolation) as caught:
        parse(text)
    assert "$" in text[caught.value.offset :]
    with pytest.raises(RefusedError):
        _resolve({"V": text}, tmp_path)


def test_a_required_variable_can_be_stood_in_for():
    with pytest.raises(MissingVariable):
        evaluate(parse("${UNSET:?why}"), VALUES.get)
    assert evaluate(parse("${UNSET:?why}!"), VALUES.get, "<{}>".format) == "<UNSET>!"


def test_references_are_changed_from_the_inside_out():
    parts = map_references(
        parse("a${X:-b${Y}}"),
        lambda one: Reference(f"{one.name}2", "", one.argument) if one.name == "Y" else one,
    )
    assert write(parts) == "a${X:-b${Y2}}"
