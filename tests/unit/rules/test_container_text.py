"""Compose's interpolation, read as compose-go reads it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.rules.container_text import REPLACED, Reference, read_text


@pytest.mark.parametrize(
    ("text", "references", "plain"),
    [
        ("plain } {", [], "plain } {"),
        ("$A-${B}", [Reference("A"), Reference("B")], f"{REPLACED}-{REPLACED}"),
        ("$$A $${B} $$$A", [Reference("A")], f"$A ${{B}} ${REPLACED}"),
        ("${A:-x} ${B-}", [Reference("A", "x"), Reference("B", "")], f"{REPLACED} {REPLACED}"),
        ("${A:?no x} ${B:+x}", [Reference("A"), Reference("B")], f"{REPLACED} {REPLACED}"),
        ("${A:-${B:-x$$}}/", [Reference("B", "x$"), Reference("A")], f"{REPLACED}/"),
        ("${A:-a$B}", [Reference("B"), Reference("A")], REPLACED),
        ('${A:-{"a": 1}}', [Reference("A", '{"a": 1')], f"{REPLACED}}}"),
        ("${A:-http://b:1/}", [Reference("A", "http://b:1/")], REPLACED),
    ],
)
def test_references_and_the_rest(text: str, references: list[Reference], plain: str) -> None:
    read = read_text(text)
    assert list(read.references) == references
    assert read.plain == plain
    assert not read.broken


@pytest.mark.parametrize(
    "text", ["$", "a$", "$(date)", "$1", "${}", "${1}", "${A", "${A!}", "${ A}"]
)
def test_what_compose_refuses(text: str) -> None:
    assert read_text(text).broken


def test_depth_costs_neither_the_stack_nor_the_time() -> None:
    started = time.perf_counter()
    read = read_text("${A:-" * 20_000 + "}" * 20_000)
    assert len(read.references) == 20_000
    assert not read.broken
    assert time.perf_counter() - started < 2


@given(st.text())
def test_escaped_text_is_read_as_itself(text: str) -> None:
    read = read_text(text.replace("$", "$$"))
    assert read.plain == text
    assert not read.references
    assert not read.broken


@given(st.text(alphabet="${}A:-?+1 "))
def test_no_text_is_too_strange(text: str) -> None:
    read = read_text(text)
    assert all(one.name for one in read.references)
