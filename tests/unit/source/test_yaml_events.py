"""Text to tree: values, places, and each way in which YAML can be refused."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.span import Source
from penguin_compile.source.tree import Document
from penguin_compile.source.yaml_events import DEEPEST, parse_foreign_yaml, parse_yaml


def read(text: str) -> Document:
    document, findings = parse_yaml(Source("spec.yaml", text))
    assert findings == []
    assert document is not None
    return document


def complain(text: str) -> list[tuple[str, int, int]]:
    _, findings = parse_yaml(Source("spec.yaml", text))
    return [(one.code, one.span.line, one.span.column) for one in findings]


def first(text: str) -> Diagnostic:
    return parse_yaml(Source("spec.yaml", text))[1][0]


def test_values_are_those_of_ruamel_in_yaml_1_2() -> None:
    words = "010 0o10 0b11 1_000 1e3 .5 5. -0 0x1F ~ Null yes on 1:30 _1 12e03 +. 09 true FALSE"
    text = "\n".join(f"k{index}: {word}" for index, word in enumerate(words.split()))
    expected = YAML(typ="safe", pure=True).load(text)
    assert {key: repr(value) for key, value in read(text).root.items()} == {
        key: repr(value) for key, value in expected.items()
    }


def test_dates_and_old_booleans_are_texts() -> None:
    assert read("a: 2020-01-01\nb: yes\nc: off\n").root == {
        "a": "2020-01-01",
        "b": "yes",
        "c": "off",
    }


def test_every_value_knows_its_place() -> None:
    document = read("app:\n  name: é  # name\n  tags: [x, 'y z']\n")
    name = document.value_span(("app", "name"))
    assert (name.line, name.column, name.end_column) == (2, 9, 10)
    item = document.value_span(("app", "tags", 1))
    assert (str(item), item.end_column) == ("spec.yaml:3:13", 18)
    assert str(document.key_span(("app", "tags"))) == "spec.yaml:3:3"


def test_a_pointer_past_the_tree_falls_back_to_what_is_there() -> None:
    document = read("app: {name: a}\n")
    assert str(document.value_span(("app", "name", "x", 3))) == "spec.yaml:1:13"


def test_merge_keys_fill_in_what_is_not_there() -> None:
    text = "base: &b {p: 1, q: 1}\nother: &o {q: 2, r: 2}\nboth: {<<: [*b, *o], q: 3}\n"
    document = read(text)
    assert document.root["both"] == {"q": 3, "p": 1, "r": 2}
    assert str(document.value_span(("both", "p"))) == "spec.yaml:1:14"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", ("PC102", 3, 1)),
        ("a:\n\tb: 1\n", ("PC101", 2, 1)),
        ("a: &x [*x]\n", ("PC101", 1, 8)),
        ("a: *nowhere\n", ("PC101", 1, 4)),
        ("a: !!python/name:os.system x\n", ("PC101", 1, 4)),
        ("a: !thing {}\n", ("PC101", 1, 4)),
        ("? [a]\n: b\n", ("PC104", 1, 3)),
        ("8080: a\n", ("PC104", 1, 1)),
        ("a: .nan\n", ("PC104", 1, 4)),
        ("a: 1\n---\nb: 2\n", ("PC101", 2, 1)),
        ("%YAML 1.1\n---\na: 1\n", ("PC101", 1, 1)),
        ("a: b: c\n", ("PC101", 1, 5)),
        ("a: 'x\n", ("PC101", 2, 1)),
        ("é: \x01\n", ("PC101", 1, 4)),
        ("[" * (DEEPEST + 1), ("PC108", 1, DEEPEST + 1)),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, found: tuple[str, int, int]) -> None:
    assert complain(text) == [found]


def test_a_yaml_1_2_directive_is_no_mistake() -> None:
    assert read("%YAML 1.2\n---\na: 1\n").root == {"a": 1}


def test_an_alias_bomb_is_stopped_while_it_is_read() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        text += f"a{level}: &a{level} [{aliases}]\n"
    assert first(text).code == "PC108"


def test_a_duplicate_key_names_the_first_one() -> None:
    finding = first("a: 1\nb: 2\na: 3\n")
    assert [str(one.span) for one in finding.related] == ["spec.yaml:1:1"]


def test_windows_line_ends_and_wide_characters_keep_columns_right() -> None:
    document = read("a: 1\r\n名前: 値\r\n")
    span = document.value_span(("名前",))
    assert (span.line, span.column, span.end_column) == (2, 5, 6)


def test_colons_inside_flow_scalars_are_read_as_yaml_1_2_has_them() -> None:
    text = """\
a: {secret: env:KEY, url: http://127.0.0.1:8000/x?y=1:2, "quoted":1, list: [a:b, 'c: d:e']}
b: "x:y"  # and:so on
é: {t: 12:30:45}
"""
    document = read(text)
    expected = YAML(typ="safe", pure=True).load(text)
    assert document.root == expected
    span = document.value_span(("a", "url"))
    assert (span.column, span.end_column) == (27, 56)


def test_a_real_mistake_beside_such_a_colon_is_told_at_its_place() -> None:
    assert complain("a: {secret: env:KEY}\nb: c: d\n") == [("PC101", 2, 5)]


def test_limits_hold_beside_such_a_colon() -> None:
    assert complain("a: {secret: env:KEY}\nb: !!python/name:x y\n") == [("PC101", 2, 4)]


def test_a_file_of_another_program_may_have_documents_and_tags_of_its_own() -> None:
    text = "%YAML 1.1\n---\na: !reset null\n---\nb: !override [1]\nc: !reset\n"
    read = parse_foreign_yaml(Source("x.yml", text), frozenset(("!reset", "!override")))
    assert read.findings == []
    assert [one.root for one in read.documents] == [{"a": None}, {"b": [1], "c": None}]
    assert [read.tags[place] for place in sorted(read.tags)] == ["!reset", "!override", "!reset"]
    refused = parse_foreign_yaml(Source("x.yml", "a: 1\n---\nb: !other 2\n"), frozenset())
    assert (refused.documents, refused.findings[0].message) == (
        [],
        "the tag !other is not allowed",
    )
