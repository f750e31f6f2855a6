"""What a user reads who made every mistake at once: one run tells them all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from penguin_compile.pipeline import check_file
from penguin_compile.report.diagnostics_github import render_diagnostics_github
from penguin_compile.report.diagnostics_json import render_diagnostics_json
from penguin_compile.report.diagnostics_text import WIDTH, render_diagnostics

CASES = Path(__file__).parent / "complaints"


class TextSnapshot(SingleFileSnapshotExtension):
    """Snapshots as the text files that a reviewer reads."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def text_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextSnapshot)


@pytest.fixture
def _in_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_in_cases")
def test_every_mistake_is_told_at_its_place(text_snapshot: SnapshotAssertion) -> None:
    findings = check_file(Path("everything_wrong.yaml")).findings
    text = render_diagnostics(findings)
    assert text == text_snapshot
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.usefixtures("_in_cases")
def test_dangling_references_are_told_beside_misspelt_keys() -> None:
    findings = check_file(Path("everything_wrong.yaml")).findings
    codes = {one.code for one in findings}
    assert {"PC102", "PC103", "PC104", "PC105", "PC107", "PC201"} <= codes


@pytest.mark.usefixtures("_in_cases")
def test_json_has_the_fields_of_the_language_page() -> None:
    findings = check_file(Path("everything_wrong.yaml")).findings
    data = json.loads(render_diagnostics_json(findings, shown=2))
    assert data["summary"]["errors"] == len(findings)
    assert len(data["findings"]) == 2
    assert list(data["findings"][0]) == [
        "code",
        "severity",
        "message",
        "path",
        "line",
        "column",
        "end_line",
        "end_column",
        "pointer",
        "environments",
        "help",
        "related",
    ]


@pytest.mark.usefixtures("_in_cases")
def test_github_annotations_stand_on_one_line_each() -> None:
    findings = check_file(Path("everything_wrong.yaml")).findings
    lines = render_diagnostics_github(findings).splitlines()
    assert len(lines) == len(findings)
    assert all(line.startswith("::error file=everything_wrong.yaml,line=") for line in lines)


def test_wide_and_combining_characters_keep_the_marker_under_the_spot(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "penguin: 1\napp: {name: a, description: 値段e\u0301, versoin: 1}\n", encoding="utf-8"
    )
    text = render_diagnostics(check_file(tmp_path / "spec.yaml").findings)
    shown, marked = text.splitlines()[3:5]
    before = shown[: shown.index("versoin")]
    assert marked.index("^") == len(before) + 2 - 1  # two wide characters, one combining mark


def test_a_very_long_line_is_cut_around_the_spot(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        f"penguin: 1\napp: {{name: a, description: {'x' * 5000}, versoin: 1}}\n"
    )
    lines = render_diagnostics(check_file(tmp_path / "spec.yaml").findings).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[4].index("^") == lines[3].index("versoin")
