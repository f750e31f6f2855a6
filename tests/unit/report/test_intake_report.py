"""The account of an intake in its formats: the same facts in each, and no secret in any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.adoption import Request, adopt
from penguin_compile.intake.findings.inspection import inspect
from penguin_compile.intake.todays_files import find_todays_files, read_todays_files
from penguin_compile.report.diagnostics_github import render_diagnostics_github
from penguin_compile.report.diagnostics_sarif import render_diagnostics_sarif
from penguin_compile.report.diagnostics_text import WIDTH
from penguin_compile.report.intake_json import render_intake_json
from penguin_compile.report.intake_markdown import render_intake_markdown
from penguin_compile.report.intake_text import render_intake
from penguin_compile.report.intake_view import IntakeView, view_intake

CANARY = "Canary4711swordfish"
COMPOSE = f"""\
services:
  web:
    build: .
    ports: ["3000:3000"]
    environment:
      LOG_LEVEL: ${{LOG_LEVEL:-info}}
      DB_PASS: ${{DB_PASS:-{CANARY}}}
      API_TOKEN: {CANARY}2
      GREETING: "${{GREETING:-a | b `c` <d>}}"
  grafana:
    image: grafana/grafana:latest
    ports: ["3000:3000"]
"""


def plain(text: str, _colour: str) -> str:
    return text


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IntakeView:
    monkeypatch.chdir(tmp_path)
    Path("docker-compose.yml").write_text(COMPOSE)
    Path(".env").write_text(f"LOG_LEVEL=info\nIDLE=1\nOLD_SECRET={CANARY}3\n")
    files = find_todays_files(Path())
    evidence, problems = read_todays_files(files)
    assert problems == []
    request = Request(directory=Path(), compose_files=files.compose, env_files=files.env)
    adoption = adopt(request)
    return view_intake(adoption.intake, adoption.differences, inspect(evidence))


def test_text_has_every_part_in_100_columns(view: IntakeView) -> None:
    text = render_intake(view, plain)
    for title in ("Where each variable went", "To be set by", "Findings"):
        assert title in text
    assert "error[PC505]" in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert CANARY not in text


def test_a_linter_counts_variables_alone(view: IntakeView) -> None:
    text = render_intake(view, plain, 1, placements=False)
    assert "Where each variable went" not in text
    assert "A spec would have the variables as:" in text
    assert f"and {len(view.findings) - 1} more" in text


def test_json_has_the_findings_as_validate_has_them(view: IntakeView) -> None:
    data = json.loads(render_intake_json(view))
    assert data["summary"]["errors"] == 1
    assert {one["code"] for one in data["findings"]} >= {"PC502", "PC505", "PC508", "PC509"}
    assert all(one["line"] and one["column"] and one["path"] for one in data["findings"])
    sections = {one["name"]: one["section"] for one in data["variables"]}
    assert sections["LOG_LEVEL"] == "config"
    assert sections["DB_PASS"] == "secret"
    assert {one["name"] for one in data["brought"]} >= {"DB_PASS", "API_TOKEN"}
    assert data["differences"]
    assert all(one["reason"] for one in data["differences"])
    assert CANARY not in json.dumps(data)
    assert len(json.loads(render_intake_json(view, 1))["findings"]) == 1


def test_markdown_tells_the_worst_first_and_keeps_to_its_tables(view: IntakeView) -> None:
    text = render_intake_markdown(view)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| error | PC505 ")
    heads = {line.count(" | ") for line in rows if "<code>" in line}
    assert heads == {2, 3, 4}
    assert CANARY not in text


def test_sarif_and_github_take_the_same_findings(view: IntakeView) -> None:
    sarif = json.loads(render_diagnostics_sarif(view.findings))
    results = sarif["runs"][0]["results"]
    assert len(results) == len(view.findings)
    github = render_diagnostics_github(view.findings)
    assert "::error file=docker-compose.yml," in github
    assert CANARY not in json.dumps(sarif) + github


def test_nothing_to_tell_is_nothing() -> None:
    assert render_intake(IntakeView(), plain) == ""
    assert "no contradictions" in render_intake_markdown(IntakeView())
