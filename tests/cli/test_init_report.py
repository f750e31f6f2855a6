"""`init --report-only`: a linter for repositories without a spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

INPUTS = Path(__file__).resolve().parents[3] / "shared" / "inputs"
APPS = sorted(one.name for one in INPUTS.iterdir()) if INPUTS.is_dir() else []
CLEAN = """\
services:
  api:
    build: .
    environment: {THEME: "${THEME:-light}"}
    healthcheck: {test: [CMD, a]}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(penguin: Run, *arguments: str, code: int = 0) -> str:
    result = penguin("init", "--report-only", *arguments)
    assert result.code == code, result.err
    assert not Path("spec").exists()
    return result.out


def test_files_that_agree_are_let_through(penguin: Run, home: Path) -> None:
    (home / "compose.yaml").write_text(CLEAN)
    (home / ".env.example").write_text("THEME=light\n")
    assert "PC5" not in report(penguin, "--strict")


def test_errors_and_warnings_have_their_exit_codes(penguin: Run, home: Path) -> None:
    (home / "compose.yaml").write_text(f"{CLEAN}  b: {{build: ., healthcheck: {{}}}}\n")
    (home / ".env").write_text("THEME=light\nTHEME=dark\n")
    assert "warning[PC501]" in report(penguin)
    report(penguin, "--strict", code=1)
    clash = '    ports: ["80:80"]\n'
    (home / "compose.yaml").write_text(f"{CLEAN}{clash}  b:\n    image: x@sha256:1\n{clash}")
    assert "error[PC505]" in report(penguin, code=1)


def test_every_format_has_the_same_findings(penguin: Run, home: Path) -> None:
    (home / "compose.yaml").write_text(CLEAN.replace("light", "light}${NOWHERE"))
    data = json.loads(report(penguin, "--format", "json"))
    (finding,) = data["findings"]
    assert (finding["code"], finding["path"], finding["line"]) == ("PC503", "compose.yaml", 4)
    assert {one["name"] for one in data["variables"]} == {"THEME", "NOWHERE"}
    sarif = json.loads(report(penguin, "--format", "sarif"))
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["PC503"]
    assert report(penguin, "--format", "github").startswith("::warning file=compose.yaml,line=4,")
    assert "| warning | PC503 |" in report(penguin, "--format", "markdown")


def test_broken_files_are_told_with_their_place(penguin: Run, home: Path) -> None:
    (home / "compose.yaml").write_text("services:\n  api: [\n")
    text = report(penguin, code=1)
    assert "compose.yaml:3:1" in text or "compose.yaml:2:" in text
    assert "Traceback" not in text


def test_a_folder_without_files_says_what_to_name(penguin: Run) -> None:
    result = penguin("init", "--report-only")
    assert result.code == 64
    assert "there is nothing to look at" in result.err


@pytest.mark.slow
@pytest.mark.skipif(not APPS, reason="the real apps' files are not beside this checkout")
@pytest.mark.parametrize("app", APPS)
def test_of_real_apps_no_known_secret_is_shown(penguin: Run, app: str) -> None:
    clear = ("changeme", "minioadmin", "admin123", "killkrill123", "dev_password", "_here\n")
    for form in ("text", "json", "markdown", "github"):
        result = penguin("init", str(INPUTS / app), "--report-only", "--format", form)
        assert result.code == int(app == "killkrill"), result.err  # its host ports clash
        assert not [one for one in clear if one in result.out]


@pytest.mark.skipif(not APPS, reason="the real apps' files are not beside this checkout")
def test_the_contradictions_of_real_apps_are_found(penguin: Run) -> None:
    def codes(app: str) -> dict[str, list[str]]:
        out = penguin("init", str(INPUTS / app), "--report-only", "--format", "json").out
        found: dict[str, list[str]] = {}
        for one in json.loads(out)["findings"]:
            found.setdefault(one["code"], []).append(one["message"])
        return found

    iceshelves = codes("iceshelves")
    assert len(iceshelves["PC506"]) == 3  # none of the gateway's ports is one of the app's
    assert any('"projectname"' in one for one in iceshelves["PC507"])
    assert any("JWT_SECRET, and" in one for one in iceshelves["PC504"])
    killkrill = codes("killkrill")
    assert [one for one in killkrill["PC505"] if "3000" in one]
    assert not codes("waddleperf").get("PC505")
