"""What the canonical layout is, case by case, and what is left alone."""

from __future__ import annotations

import pytest

from penguin_compile.core.span import Source
from penguin_compile.source import formatting
from penguin_compile.source.formatting import FormattingFailure, format_text


def formatted(text: str) -> str:
    return format_text(Source("spec/a.yaml", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n    b:\n        c: 1\n", "a:\n  b:\n    c: 1\n"),
        ("a:\n- x\n- y: 1\n  z: 2\n", "a:\n  - x\n  - y: 1\n    z: 2\n"),
        ("a:\n   -   x: 1\n       y: 2\n", "a:\n  - x: 1\n    y: 2\n"),
        ("-   -  a\n    -  b\n", "- - a\n  - b\n"),
        ("a:    1\nb:  [1,2,   3]\nc: {d:  1,e: 2}\n", "a: 1\nb: [1, 2, 3]\nc: {d: 1, e: 2}\n"),
        ("a: 1   \n\n\n\nb: 2\t\n\n\n", "a: 1\n\nb: 2\n"),
        ("\n\na: 1", "a: 1\n"),
        ("a: 1\r\nb: 2\r", "a: 1\nb: 2\n"),
        ("a:\n      value\n", "a:\n  value\n"),
        ("a:   # c\n    b: 1   # d\n    # e\n# f\nc: 2\n",
         "a:   # c\n  b: 1   # d\n  # e\n# f\nc: 2\n"),
        ("a: &x\n     b: 1\nc:  *x\n", "a: &x\n  b: 1\nc: *x\n"),
        ("a:\n    t: |\n      one\n        two\n\n      three\n    u: 1\n",
         "a:\n  t: |\n    one\n      two\n\n    three\n  u: 1\n"),
        ("a:\n    t: |1\n      one\n", "a:\n  t: |1\n    one\n"),
        ("a:\n    t: |\n         one\n     # c\n    u: 1\n",
         "a:\n  t: |\n    one\n  # c\n  u: 1\n"),
    ],
)  # fmt: skip
def test_the_canonical_layout(text: str, expected: str) -> None:
    assert formatted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: |+\n  x\n\n\n",
        "a: |\n  no line break at the end",
        "a: [1,\n    2,3]\n",
        'a:   "x\n      y  \n z"\n',
        "a: 'b:   c,d   # e'\n",
        "? a\n:   b\n",
        "a:   x\u2028b\n",
        "a : 1\nb: [ x ]\n",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert formatted(text) == text


def test_further_lines_of_a_token_move_with_its_first() -> None:
    text = "a:\n    b: [1,\n        2]\n    c: 'x\n      y'\n"
    assert formatted(text) == "a:\n  b: [1,\n      2]\n  c: 'x\n    y'\n"


def test_a_text_that_would_say_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty(formatting._Formatter):
        def run(self) -> str:
            return super().run().replace("a b", "a  b")

    monkeypatch.setattr(formatting, "_Formatter", Faulty)
    assert formatted("x:   'a c'\n") == "x: 'a c'\n"
    with pytest.raises(FormattingFailure) as failed:
        formatted("x:   'a b'\n")
    assert "spec/a.yaml" in failed.value.message
