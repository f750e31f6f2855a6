"""What commands print in narrow and wide terminals and in logs: by words, without colour."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

WIDEST = 140  # of any line, however wide the terminal is
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
BOXES = re.compile("[\u2500-\u259f]")
PLAN = ("plan", "--env", "dev")
COMMANDS = {
    "plan": (*PLAN, "--show-unmanaged"),
    "drift": ("drift", "--env", "dev"),
    "history": ("history", "--env", "dev"),
    "show": ("show", "1", "--env", "dev"),
    "doctor": ("doctor", "--env", "dev"),
    "validate": ("validate", "wrong.yaml"),
    "why": ("why", "config/session_minutes", "--env", "dev"),
    "why, long": ("why", "config/banner", "--env", "dev"),
    "diff": ("diff", "--base", "HEAD"),
    "explain": ("explain", "services"),
    "explain, code": ("explain", "PC508"),
    "init": ("init", "--report-only", "--from-compose", "compose.yml"),
    "compile": ("compile", "--check"),
    "fmt": ("fmt", "--check"),
}
WRONG = """\
penguin: 1
app: {name: wrong, version: "1.0"}
services: {api: {port: 8080}, background_worker_with_a_long_name: {port: 8081}}
routes:
  public: {to: [api, backgroundworker_with_a_long_name], from: [external], x-note: "NOTE"}
config:
  page_size: {type: integer, default: twenty, description: Rows on a page}
""".replace("NOTE", "a note that is longer than any terminal " * 3)
COMPOSE = """\
services:
  api:
    image: shop/api:1
    ports: ["8080:8080"]
    environment:
      AUTH_APIKEY: ${AUTH_APIKEY:-changeme-because-everybody-who-reads-this-repository-knows-it}
  worker:
    image: shop/worker:1
    ports: ["8080:8081"]
    environment: {A_VARIABLE_WITH_A_RATHER_LONG_NAME: "and a value"}
"""
# A line of them may be longer than the terminal: what is meant to be copied whole, and a label
# beside a place in somebody's own text.
WHOLE = re.compile(r"penguin-compile |--[a-z]|^ +\S+$|^ +[A-Za-z_]+: ")


@pytest.fixture
def busy(eventful: Path, penguin: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The eventful shop as a repository, with a history of notes and a spec that is wrong."""
    folder = eventful.parents[1]
    (folder / "wrong.yaml").write_text(WRONG)
    (folder / "compose.yml").write_text(COMPOSE)
    (folder / ".gitignore").write_text("*.db\n")
    for words in (["init", "-q"], ["add", "spec", ".gitignore"], ["commit", "-q", "-m", "spec"]):
        name = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)
    acknowledged = penguin("drift", "--env", "dev", "--acknowledge", "config/theme")
    assert "acknowledged" in acknowledged.err
    eventful.write_text(eventful.read_text().replace("port: 8080", "port: 8090"))
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


def lines_of(penguin: Run, command: str) -> list[str]:
    result = penguin(*COMMANDS[command])
    assert "this is a bug" not in result.err
    return f"{result.out}{result.err}".splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("command", COMMANDS)
def test_lines_fit_the_terminal(
    penguin: Run, busy: Path, monkeypatch: pytest.MonkeyPatch, command: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = lines_of(penguin, command)
    assert lines
    most = min(width, WIDEST)
    assert [one for one in lines if len(one) > most and not WHOLE.search(one)] == []


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wide_terminal_is_used(
    penguin: Run, busy: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    counts = []
    for width in (80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        counts.append(len(lines_of(penguin, command)))
    assert counts[1] <= counts[0]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_without_colour_nothing_is_lost(
    penguin: Run, busy: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """No mark is told by its colour: the same text stands there without."""
    plain = lines_of(penguin, command)
    assert not any("\x1b" in one for one in plain)
    assert not any(BOXES.search(one) for one in plain)
    monkeypatch.delenv("NO_COLOR")
    coloured = penguin("--color", "always", *COMMANDS[command])
    told = f"{coloured.out}{coloured.err}".splitlines()
    assert [ESCAPE.sub("", one) for one in told] == plain


@pytest.mark.slow
def test_each_mark_is_a_character_and_a_word(penguin: Run, busy: Path) -> None:
    """What a screen reader skips, a `!` or a `=`, stands beside it in words."""
    lines = lines_of(penguin, "plan")
    for mark, words in (("!", "conflict"), ("=", "kept|left|released|unmanaged|forgets")):
        marked = [index for index, one in enumerate(lines) if one.startswith(f"  {mark} ")]
        assert marked
        for index in marked:
            assert re.search(words, " ".join(lines[index : index + 4])), lines[index]
    (summary,) = (one for one in lines if one.startswith("Plan: "))
    assert re.search(r"\d+ to create, \d+ to update, \d+ to delete", summary)
    for line in lines_of(penguin, "doctor"):
        assert not line.startswith("  ") or re.match(r"  (ok|warning|problem) |   ", line)
    wrong = lines_of(penguin, "validate")
    assert any(one.startswith("error[") for one in wrong)


@pytest.mark.slow
def test_a_history_that_is_too_wide_is_told_in_blocks(
    penguin: Run, busy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    wide = lines_of(penguin, "history")
    assert wide[0].split() == [
        *("REVISION", "STARTED", "STATUS", "ACTOR", "COMMIT", "SPEC", "CHANGES", "NOTE")
    ]
    monkeypatch.setenv("COLUMNS", "80")
    narrow = lines_of(penguin, "history")
    assert [one for one in narrow if one.startswith("REVISION")] == ["REVISION 2", "REVISION 1"]
    for cell in wide[1].split("  "):
        assert cell.strip() in " ".join(one.strip() for one in narrow)


@pytest.mark.slow
def test_what_was_remembered_for_another_width_is_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "wrong.yaml").write_text(WRONG)
    said = []
    for width in ("80", "140", "80"):
        monkeypatch.setenv("COLUMNS", width)
        command = [sys.executable, "-m", "penguin_compile", "validate", "wrong.yaml"]
        said.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert said[0] == said[2] != said[1]
    assert max(map(len, said[0].splitlines())) <= 80


@pytest.mark.parametrize(("colour", "told"), [("always", True), ("never", False)])
def test_the_colour_that_is_asked_for_holds_for_a_failure(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colour: str, *, told: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    result = penguin("--color", colour, "plan", "--env", "dev")
    assert result.code == 1
    assert bool(ESCAPE.search(result.err)) is told
