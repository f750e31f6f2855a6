"""`validate --format sarif` as a code host gets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.cli.conftest import Run

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.schema.json"
WRONG = """\
penguin: 1
app: {name: shop}
services:
  api: {port: 8080}
routes:
  one: {from: [external], to: [apy]}
  two: {from: [external], to: [ap]}
environments:
  dev: {tier: gold}
  prod: {tier: gold, protected: true}
"""


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.fixture(autouse=True)
def _spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "my shop.yaml").write_text(WRONG)


def test_findings_stand_where_text_has_them(penguin: Run) -> None:
    result = penguin("validate", "--format", "sarif")
    assert (result.code, result.err) == (1, "")
    found = next(one for one in read(result.out)["results"] if one["ruleId"] == "PC201")
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "spec/my%20shop.yaml"},
                "region": {"startLine": 6, "startColumn": 32, "endLine": 6, "endColumn": 35},
            }
        }
    ]
    assert found["message"]["text"].startswith('route "one" sends to a service')
    assert 'did you mean "api"?' in found["message"]["text"]


def test_what_holds_in_one_environment_names_it(penguin: Run) -> None:
    results = read(penguin("validate", "--format", "sarif").out)["results"]
    named = {tuple(one["properties"]["environments"]) for one in results}
    assert {(), ("prod",)} <= named


def test_a_limit_leaves_the_count(penguin: Run) -> None:
    every = read(penguin("validate", "--format", "sarif").out)
    run = read(penguin("validate", "--format", "sarif", "--max-findings", "1").out)
    assert run["results"] == every["results"][:1]
    assert run["properties"] == {
        **every["properties"],
        "omitted": len(every["results"]) - 1,
    }


def test_no_finding_is_a_run_without_results(penguin: Run) -> None:
    Path("spec/my shop.yaml").write_text("penguin: 1\napp: {name: shop}\n")
    result = penguin("validate", "--format", "sarif")
    assert result.code == 0
    assert read(result.out)["results"] == []
