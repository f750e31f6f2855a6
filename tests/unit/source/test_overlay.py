"""Patches by RFC 7396 and imports, with the place of the text that last set a value."""

from __future__ import annotations

from typing import Any

import pytest

from penguin_compile.core.span import Source
from penguin_compile.source.environments import environment_names, resolve_environment
from penguin_compile.source.overlay import apply_patch, merge_imports
from penguin_compile.source.tree import Document
from penguin_compile.source.yaml_events import parse_yaml


def tree(text: str, name: str = "base.yaml") -> Document:
    document, findings = parse_yaml(Source(name, text))
    assert document is not None
    assert findings == []
    return document


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # RFC 7396, appendix A, the cases whose target and patch are mappings
        ("{a: b}", "{a: c}", {"a": "c"}),
        ("{a: b}", "{b: c}", {"a": "b", "b": "c"}),
        ("{a: b}", "{a: null}", {}),
        ("{a: b, b: c}", "{a: null}", {"b": "c"}),
        ("{a: [b]}", "{a: c}", {"a": "c"}),
        ("{a: c}", "{a: [b]}", {"a": ["b"]}),
        ("{a: {b: c}}", "{a: {b: d, c: null}}", {"a": {"b": "d"}}),
        ("{a: [{b: c}]}", "{a: [1]}", {"a": [1]}),
        ("{e: null}", "{a: 1}", {"e": None, "a": 1}),
        ("{}", "{a: {bb: {ccc: null}}}", {"a": {"bb": {}}}),
    ],
)
def test_patches_follow_rfc_7396(target: str, patch: str, result: dict[str, Any]) -> None:
    assert apply_patch(tree(target), tree(patch)).root == result


def test_a_patched_value_points_at_the_patch_and_knows_what_it_replaced() -> None:
    merged = apply_patch(tree("a: {b: 1}\n"), tree("\na: {b: 2}\n", "over.yaml"))
    assert str(merged.value_span(("a", "b"))) == "over.yaml:2:8"
    assert [str(one) for one in merged.earlier_spans(("a", "b"))] == ["base.yaml:1:8"]


def test_a_part_of_a_replaced_value_knows_what_the_whole_replaced() -> None:
    merged = apply_patch(tree("a: {b: [1, 2]}\n"), tree("a: {b: [3]}\n", "over.yaml"))
    assert [str(one) for one in merged.earlier_spans(("a", "b", 0))] == ["base.yaml:1:8"]


def test_defaults_are_replaced_whole_and_equally_named_keys_elsewhere_are_not() -> None:
    base = tree("config: {k: {default: {a: 1}}}\ncompose: {networks: {default: {a: 1}}}\n")
    over = tree("config: {k: {default: {b: null}}}\ncompose: {networks: {default: {b: 2}}}\n")
    assert apply_patch(base, over).root == {
        "config": {"k": {"default": {"b": None}}},
        "compose": {"networks": {"default": {"a": 1, "b": 2}}},
    }


def test_imports_merge_deeply_and_null_is_a_value() -> None:
    merged = merge_imports(tree("a: {b: 1, c: 2}\n"), tree("a: {b: null}\n"))
    assert merged.root == {"a": {"b": None, "c": 2}}


SPEC = """\
app: {name: a}
config: {k: {default: 1}}
environments:
  dev:
    database: {url: x}
    overrides: {config: {k: {default: 2}}}
  prod:
    extends: dev
    protected: true
    overrides: {config: {k: {description: d}}}
"""


def test_an_environment_applies_what_it_extends_first() -> None:
    resolved, findings = resolve_environment(tree(SPEC), "prod")
    assert findings == []
    root = resolved.document.root
    assert root["config"] == {"k": {"default": 2, "description": "d"}}
    assert root["environments"] == {"prod": {"database": {"url": "x"}, "protected": True}}
    assert str(resolved.document.value_span(("config", "k", "default"))) == "base.yaml:6:39"


def test_a_spec_without_environments_has_one_called_default() -> None:
    assert environment_names(tree("app: {name: a}\n")) == ["default"]


@pytest.mark.parametrize(
    ("line", "code", "label"),
    [
        ("extends: devv", "PC107", 'did you mean "dev"?'),
        ("extends: prod", "PC107", None),
        ("overrides: [1]", "PC104", None),
        ("overrides: {environments: {}}", "PC103", None),
    ],
)
def test_wrong_overlays_are_told(line: str, code: str, label: str | None) -> None:
    text = f"app: {{name: a}}\nenvironments:\n  dev: {{}}\n  prod:\n    {line}\n"
    _, findings = resolve_environment(tree(text), "prod")
    assert [(one.code, one.span.line, one.label) for one in findings] == [(code, 5, label)]
