"""Splices of any value into any spec: one path differs, and no byte outside of it."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penguin_compile.core.span import Source
from penguin_compile.source.formatting import format_text
from penguin_compile.source.splicing import SplicingFailure, splice_value
from penguin_compile.source.splicing_proof import list_differences, with_value
from penguin_compile.source.tree import Mapping
from penguin_compile.source.yaml_events import parse_yaml
from tests.properties.fuzz_text import SPECS, damaged_specs
from tests.properties.spec_mutations import as_text, changed_specs, places
from tests.properties.test_formatting import NASTY

texts = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "a\nb\n",
        "\n",
        " x\n y\n\n",
        "- a",
        "a: b #c",
        "yes",
        "1_0",
        "0o7",
        "~",
        "'\"\\",
        "{}",
        "a\t\n",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(texts.filter(lambda key: key != "<<"), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
specs = (
    st.sampled_from(SPECS) | st.sampled_from(NASTY) | damaged_specs() | changed_specs().map(as_text)
)
SHARING = ("&", "*", "<<", "!")


def tree_of(text: str) -> Any:
    document, findings = parse_yaml(Source("a.yaml", text))
    return None if findings or document is None else document.root


CLEAN = [text for text in SPECS if tree_of(text)]


def shared(text: str) -> bool:
    """Whether anchors, aliases, merge keys or tags may stand in the way."""
    return any(sign in text for sign in SHARING)


@pytest.mark.slow
@given(specs, values, st.data())
def test_any_value_that_is_there_is_replaced_alone(text: str, value: Any, data: Any) -> None:
    tree = tree_of(text)
    assume(isinstance(tree, Mapping) and len(tree))
    pointer = data.draw(st.sampled_from(list(places(tree))))
    document, _ = parse_yaml(Source("a.yaml", text))
    assert document is not None
    try:
        spliced = splice_value(Source("a.yaml", text), pointer, value).text
    except SplicingFailure:
        assert shared(text)
        return
    assert not list(list_differences(with_value(tree, pointer, value), tree_of(spliced)))
    if not shared(text):
        _, key_start, key_end, start, end, _ = document.place_of(pointer)
        assert spliced.startswith(text[: max(key_end, start)].rstrip() if key_start < start else "")
        rest = text[end:].partition("\n")[2] if start != end else text[end:]
        assert spliced.rstrip().endswith(rest.rstrip())


@pytest.mark.slow
@given(specs, values, st.lists(texts.filter(lambda key: key != "<<"), min_size=1, max_size=4))
def test_what_is_missing_is_added_and_nothing_taken_away(
    text: str, value: Any, keys: list[str]
) -> None:
    tree = tree_of(text)
    assume(isinstance(tree, Mapping) and keys[0] not in tree)
    pointer = ("environments", "prod", "overrides", *keys)
    for count in range(4):
        node = tree
        for part in pointer[:count]:
            node = node.get(part) if isinstance(node, Mapping) else None
        assume(isinstance(node, Mapping | None))
    assume(not (isinstance(node, Mapping) and keys[0] in node))
    try:
        spliced = splice_value(Source("a.yaml", text), pointer, value).text
    except SplicingFailure:
        assert shared(text)
        return
    assert not list(list_differences(with_value(tree, pointer, value), tree_of(spliced)))
    if not shared(text):
        kept = _common(text, spliced) + _common(text[::-1], spliced[::-1])
        assert kept >= len(text) - len("null")


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@given(st.sampled_from(CLEAN), values)
def test_a_canonical_file_stays_canonical(text: str, value: Any) -> None:
    canonical = format_text(Source("a.yaml", text))
    pointer = ("environments", "staging", "overrides", "config", "theme", "default")
    spliced = splice_value(Source("a.yaml", canonical), pointer, value)
    assert format_text(spliced) == spliced.text
