"""Where findings are told, how bad they are, and that thousands of them take no time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source
from penguin_compile.pipeline import check_spec
from penguin_compile.source.load import load_text

HEAD = "penguin: 1\napp: {name: shop}\n"


def check(text: str) -> list[Diagnostic]:
    source = Source("shop.yaml", HEAD + text)
    return check_spec(load_text(source, Path("shop.yaml"), [])).findings


def test_what_is_missing_is_told_at_the_key_of_what_lacks_it() -> None:
    text = "license: {product: shop}\nenvironments: {p: {protected: true}}\n"
    finding = next(one for one in check(text) if one.code == "PC307")
    assert (finding.span.line, finding.span.column) == (3, 1)
    assert finding.pointer == ("license",)


def test_what_nobody_is_given_is_an_info_where_nothing_runs() -> None:
    (alone,) = check("variables: {A: {default: x}}\n")
    (beside,) = check("variables: {A: {default: x}}\n" + HEAD_OF_CONTAINER)
    assert (alone.code, alone.severity) == ("PC312", Severity.INFO)
    assert (beside.code, beside.severity) == ("PC312", Severity.WARNING)


HEAD_OF_CONTAINER = "services: {web: {port: 80, container: {image: web}}}\n"


def test_values_of_an_overlay_are_told_in_the_overlay() -> None:
    text = (
        "config: {a: {description: d, type: integer, default: 1}}\n"
        "environments:\n"
        "  dev: {}\n"
        "  prod: {overrides: {config: {a: {default: many}}}}\n"
    )
    finding = next(one for one in check(text) if one.code == "PC207")
    assert finding.span.line == 6
    assert finding.environments == ("prod",)
    assert [(one.message, one.span.line) for one in finding.related] == [("overrides this", 3)]


@pytest.mark.slow
def test_thousands_of_dangling_names_are_told_at_once() -> None:
    services = "".join(f"  service-{number}: {{port: 80}}\n" for number in range(2_000))
    routes = "".join(
        f"  route-{number}: {{from: [servise-{number}], to: [servise-{number}]}}\n"
        for number in range(2_000)
    )
    started = time.process_time()
    findings = check(f"services:\n{services}routes:\n{routes}")
    assert sum(one.code == "PC201" for one in findings) == 4_000
    assert time.process_time() - started < 10


def test_no_message_holds_a_secret() -> None:
    text = (
        "config:\n"
        "  a_password: {description: d, default: hunter2}\n"
        "  b: {description: d, default: 'mysql://u:hunter2@h'}\n"
        "  c: {description: d, sensitive: true, type: integer, default: hunter2}\n"
        "  d: {description: d, sensitive: true, type: json, default: {hunter2: 1},"
        " check: {additionalProperties: false}}\n"
    )
    findings = check(text)
    assert {"PC207", "PC401", "PC402", "PC403"} <= {one.code for one in findings}
    for one in findings:
        assert "hunter2" not in f"{one.message} {one.label} {one.help} {one.related}"
