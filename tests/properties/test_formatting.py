"""Formatting: the same data, one layout for all that differs by white space, and nothing twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from penguin_compile.core.span import Source
from penguin_compile.source.formatting import format_text
from penguin_compile.source.yaml_events import parse_yaml

pytestmark = pytest.mark.slow

NASTY = [
    "a: |\n  text\n   more  \n\n\n  end\n\n\n# c\nb: >-\n      fold\n\n      t\n   # less\nc: 1\n",
    "a:\n- |2\n    two more\n- >+\n\n  keep\n\n\n- 'q\n\n  w'\n",
    "#\n\n\n\na:\n    # in\n    b: [1,\n        2, # b\n\n     3]\n    # out\nc: {x: 1,\n y: 2}\n",
    'a: "x\\\n     y\\ \n   z"\nb: plain\n   goes\n\n   on # done\n',
    "base: &b\n    x: 1\nuse:\n      <<: *b\n      y:   *b\nl: &l\n-   *b\n- &k key: v\n  m: n\n",
    "-  - a\n   -   - b\n       - c\n-\n    - d\n-\n    x: 1\n",
    "a: {b: http://x,c: [1,2]}\nurl: http://x#y   # z\n",
    "a: |\n  no line break at the end",
    "a: |-\n  none either",
    "a: |+\n  keep\n\n\n",
    "a: |\n\n\nb: >\n   \nc: |+\n\n\n# c\nd: 1\n",
    "a:\n  b: |\n  c: >+\n\n   \n\n  d: |-\n  # c\n  e:\n   - |\n   - >\n",
    "  a:\n     b: 1\n  # two\n  c: [ x ,y ]\n",
    "%YAML 1.2\n---\na:\n   - 1\n...\n",
    "--- # here\na:   1\n",
    "? a\n: b\n",
    "a: !!str   12\nb: ! x\nc: &a   !!map\n    d: 1\n",
    "a:\tb\nc:  \t# d\n    - e\t\n",
    "a: '  # no comment'\nb: x#y\n'quoted key':    1\n\"other\"  :  2\n",
    'a: [{b: 1,c: 2},{d: [1,2,[3,4]]}]\n"j": {"x":1,"y":[2,3]}\n',
    "a: 'one\n\n    two'\nb:\n        'three\n  four'\n",
    "a:\r\n    b: |\r\n        x\r\n\r\n        y\r\nc: 1\r\n",
    "a: x\u2028y\n  \nb:   1\n",
    "🐧:\n    ü:   [é,  🐧]\n    # 🐧\n",
    "a:\n  -   # about\n      x: 1\n      # about\n  - y\n",
    "a:\n    - b:\n        - c\n      d: |\n          d\n         # c\n    # e\n  # f\n# g\n",
    "# only a comment   \n\n\n",
    "",
    "\n\n",
]


def tree_of(text: str) -> str | None:
    document, findings = parse_yaml(Source("a.yaml", text))
    return None if findings else json.dumps(None if document is None else document.root)


def check_laws(text: str) -> str:
    """The laws that hold of every text; the formatted one."""
    formatted = format_text(Source("a.yaml", text))
    assert tree_of(formatted) == tree_of(text)
    assert "".join(formatted.split()) == "".join(text.split())
    assert format_text(Source("a.yaml", formatted)) == formatted
    return formatted


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_keep_their_meaning(text: str) -> None:
    assert tree_of(text) is not None
    check_laws(text)


@dataclass(frozen=True)
class Entry:
    """One entry of a collection, with what stands before it."""

    key: str
    value: Any
    comment: bool
    blank: bool


@dataclass(frozen=True)
class Token:
    """What one line holds."""

    text: str


@dataclass(frozen=True)
class Flow:
    """A flow collection on one line."""

    items: tuple[str, ...]
    mapping: bool


@dataclass(frozen=True)
class Lines:
    """A block scalar."""

    header: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """A block collection; `broken`: in a list, it begins on a line of its own."""

    mapping: bool
    entries: tuple[Entry, ...]
    broken: bool


KEYS = st.sampled_from(["a", "bb", "'quoted'", '"k: #"', "x-y", "ü"])
TOKENS = st.builds(
    Token,
    st.sampled_from(["1", "word", "two words", "'#'", '"a: b"', "~", "-1", "http://x#y", "'- x'"]),
)
FLOWS = st.builds(
    Flow,
    st.lists(st.sampled_from(["1", "x", "'a, b'", "[y]"]), max_size=3).map(tuple),
    st.booleans(),
)
TEXTS = st.builds(
    Lines,
    st.sampled_from(["|", ">", "|-", ">-"]),
    st.lists(st.sampled_from(["x", "- y", "# no comment", "", "  deeper", "k: v"]), max_size=3).map(
        lambda lines: ("first", *lines, "last")
    ),
)


def collections(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Collection]:
    entries = st.lists(
        st.builds(Entry, KEYS, values, st.booleans(), st.booleans()),
        min_size=1,
        max_size=4,
        unique_by=lambda entry: entry.key,
    )
    return st.builds(Collection, st.booleans(), entries.map(tuple), st.booleans())


TREES = collections(st.recursive(TOKENS | FLOWS | TEXTS, collections, max_leaves=12))


class Writer:
    """Writes a tree: canonically, or with white space by chance wherever YAML leaves a choice."""

    def __init__(self, chance: Random | None) -> None:
        self.chance = chance

    def pick(self, canonical: int, least: int, most: int) -> int:
        return canonical if self.chance is None else self.chance.randint(least, most)

    def spaces(self, canonical: int, least: int, most: int) -> str:
        return " " * self.pick(canonical, least, most)

    def flow(self, flow: Flow) -> str:
        comma = self.spaces(1, 0, 3)
        if flow.mapping:
            inner = [f'"k{i}":{self.spaces(1, 1, 3)}{one}' for i, one in enumerate(flow.items)]
            return "{" + f",{comma}".join(inner) + "}"
        return "[" + f",{comma}".join(flow.items) + "]"

    def write(self, tree: Collection, column: int, *, compact: bool = False) -> list[str]:
        lines: list[str] = []
        for number, entry in enumerate(tree.entries):
            first = number == 0
            if entry.blank and not first:
                lines += [" " * self.pick(0, 0, 1) for _ in range(self.pick(1, 1, 3))]
            if entry.comment and not (first and compact):
                lines.append(" " * column + "# comment" + self.spaces(0, 0, 2))
            lead = " " * column + (f"{entry.key}:" if tree.mapping else "-")
            lines += self.value(lead, entry.value, column, tree.mapping)
        return lines

    def value(self, lead: str, value: Any, column: int, mapping: bool) -> list[str]:
        gap, end = self.spaces(1, 1, 4), self.spaces(0, 0, 2)
        if isinstance(value, Token):
            return [f"{lead}{gap}{value.text}{end}"]
        if isinstance(value, Flow):
            return [f"{lead}{gap}{self.flow(value)}{end}"]
        if isinstance(value, Lines):
            inner = self.spaces(column + 2, column + 1, column + 6)
            content = [f"{inner}{one}" if one else "" for one in value.lines]
            return [f"{lead}{gap}{value.header}{end}", *content]
        if mapping or value.broken:
            least = column + (1 if value.mapping or not mapping else 0)
            inner_column = self.pick(column + 2, least, column + 5)
            return [lead + end, *self.write(value, inner_column)]
        inner_column = column + 1 + len(gap)
        head, *rest = self.write(value, inner_column, compact=True)
        return [f"{lead}{gap}{head[inner_column:]}", *rest]


@settings(max_examples=300, deadline=None)
@given(TREES, st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_texts_that_differ_by_white_space_alone_become_one(
    tree: Collection, chance: Random, line_break: str
) -> None:
    canonical = "\n".join(Writer(None).write(tree, 0)) + "\n"
    assert tree_of(canonical) is not None
    odd = line_break.join(Writer(chance).write(tree, chance.randint(0, 3))) + line_break
    assert tree_of(odd) == tree_of(canonical)
    assert format_text(Source("a.yaml", canonical)) == canonical
    assert check_laws(odd) == canonical


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(NASTY),
    st.lists(
        st.tuples(
            st.integers(0, 200), st.sampled_from([" ", "  ", "\n", "#", "- ", "", "\t", "   "])
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_texts_with_white_space_anywhere_keep_their_meaning(
    text: str, edits: list[tuple[int, str]]
) -> None:
    for place, edit in edits:
        at = place % (len(text) + 1)
        text = text[:at] + edit + text[at + (not edit) :]
    assume(tree_of(text) is not None)
    check_laws(text)
