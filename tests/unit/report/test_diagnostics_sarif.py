"""SARIF put before its own schema.

`tests/data/sarif-2.1.0.schema.json` is the schema of the standard as npm's
@microsoft/sarif-multitool-linux 5.7.0 ships it (MIT license).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity
from penguin_compile.core.span import Source, Span
from penguin_compile.neighbours import check_neighbours
from penguin_compile.pipeline import check_file
from penguin_compile.report.diagnostics_sarif import render_diagnostics_sarif
from penguin_compile.rules.codes import examples_of, find_code, list_codes
from penguin_compile.rules.intake_codes import INTAKE_CODES

SCHEMA = Path(__file__).parents[2] / "data" / "sarif-2.1.0.schema.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))


def run_of(findings: list[Diagnostic], shown: int | None = None) -> dict[str, Any]:
    document = json.loads(render_diagnostics_sarif(findings, shown))
    run: dict[str, Any] = document["runs"][0]
    return run


def complaint(text: str, marked: str, message: str = "m", **more: Any) -> Diagnostic:
    source = Source(more.pop("path", "spec/a.yaml"), text)
    start = text.index(marked)
    span = Span(source, start, start + len(marked))
    return Diagnostic(
        code="PC104", severity=Severity.ERROR, message=message, span=span, pointer=("app",), **more
    )


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [one["partialFingerprints"]["penguinCompile/v1"] for one in run["results"]]


@pytest.mark.parametrize("code", sorted({*list_codes()} - {*INTAKE_CODES}))
def test_every_example_is_told_by_the_standard(code: str, schema: jsonschema_rs.Validator) -> None:
    checked = check_neighbours([check_file(one) for one in examples_of(code, "bad")])
    findings = [finding for spec in checked for finding in spec.findings]
    document = json.loads(render_diagnostics_sarif(findings))
    schema.validate(document)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(findings)
    for result, finding in zip(run["results"], findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == LEVELS[finding.severity]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region == {
            "startLine": finding.span.line,
            "startColumn": finding.span.column,
            "endLine": finding.span.end_line,
            "endColumn": finding.span.end_column,
        }
        assert result["properties"]["environments"] == list(finding.environments)
        assert len(result.get("relatedLocations", [])) == len(finding.related)
    assert len(set(fingerprints(run))) == len(findings)


def test_a_run_tells_its_rules_with_their_reasons(schema: jsonschema_rs.Validator) -> None:
    run = run_of([])
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == list_codes()
    assert len({one["name"] for one in rules}) == len(rules)
    for rule in rules:
        assert rule["fullDescription"]["text"] == find_code(rule["id"]).why
        assert rule["defaultConfiguration"]["level"] == LEVELS[find_code(rule["id"]).severity]
        assert "helpUri" not in rule
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"] == []


def test_fingerprints_stay_when_lines_move_and_tell_repetitions_apart() -> None:
    before = run_of([complaint("a: 1\n", "1"), complaint("a: 1\n", "1", "other")])
    after = run_of(
        [complaint("# new\n\na:   1\n", "1"), complaint("# new\n\na: 1\n", "1", "other")]
    )
    assert fingerprints(before) == fingerprints(after)
    assert len(set(fingerprints(before))) == 2
    twice = run_of([complaint("a: 1\n", "1"), complaint("a: 1\n", "1")])
    assert len(set(fingerprints(twice))) == 2


def test_columns_count_code_points_and_messages_keep_their_braces() -> None:
    finding = complaint("🐧: x\n", "x", "it must match [a-z]{2}", label="use {PC310: reason}")
    result = run_of([finding])["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 4
    assert result["message"]["text"] == "it must match [a-z]{{2}}\nuse {PC310: reason}"


def test_paths_are_relative_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def uri_of(path: object) -> str:
        finding = complaint("a: 1\n", "1", path=str(path))
        place = run_of([finding])["results"][0]["locations"][0]["physicalLocation"]
        return str(place["artifactLocation"]["uri"])

    assert uri_of("./spec/my app ü#1.yaml") == "spec/my%20app%20%C3%BC%231.yaml"
    assert uri_of("a:b.yaml") == "a%3Ab.yaml"
    assert uri_of(tmp_path / "here" / "spec" / "a.yaml") == "spec/a.yaml"
    assert uri_of("../other/a.yaml") == (tmp_path / "other" / "a.yaml").as_uri()


def test_a_limit_is_told_beside_all_counts(schema: jsonschema_rs.Validator) -> None:
    text = "a: 1\n"
    related = (Related(message="first", span=Span(Source("b.yaml", text), 0, 1)),) * 2
    findings = [complaint(text, "1", f"m{number}", related=related) for number in range(5)]
    run = run_of(findings, 2)
    schema.validate(json.loads(render_diagnostics_sarif(findings, 2)))
    assert len(run["results"]) == 2
    assert run["properties"] == {"errors": 5, "warnings": 0, "infos": 0, "omitted": 3}


def test_the_schema_can_say_no(schema: jsonschema_rs.Validator) -> None:
    document = json.loads(render_diagnostics_sarif([complaint("a: 1\n", "1")]))
    document["runs"][0]["results"][0]["level"] = "info"
    assert not schema.is_valid(document)
