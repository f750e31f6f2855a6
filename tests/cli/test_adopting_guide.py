"""The guide to take over an app, followed to the letter with the app that its output is from."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import Run
from tests.docs.pages import blocks as blocks_of
from tests.requirements import inputs_folder

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "adopting.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return [one.text for one in blocks_of("docs/adopting.md", language)]


def steps() -> list[tuple[list[str], list[str]]]:
    """Each command of ours that needs no server, with the lines that it is shown to print."""
    found: list[tuple[list[str], list[str]]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:]), []))
        else:
            found[-1][1].append(line)
    return [
        (words[1:], shown)
        for words, shown in found
        if words[0] == "penguin-compile" and "live" not in words
    ]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app of the guide, in a folder of its name."""
    folder = tmp_path / "waddleperf"
    shutil.copytree(inputs_folder() / "waddleperf", folder)
    (folder / ".git").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    return folder


def test_each_command_prints_what_is_shown(app: Path, penguin: Run) -> None:
    ran = 0
    for words, shown in steps():
        report = words[words.index(">") + 1] if ">" in words else None
        result = penguin(*(words[: words.index(">")] if report else words))
        assert result.code == 0, result.err
        if report:
            (app / report).write_text(result.out, encoding="utf-8")
        told = f"{result.out}\n{result.err}".splitlines()
        assert [line for line in shown if line not in told] == []
        ran += 1
    assert ran == 5
    assert "PC508" in (app / "adoption.md").read_text(encoding="utf-8")


def test_the_finding_is_one_of_the_report(app: Path, penguin: Run) -> None:
    (finding,) = blocks("text")
    words, _ = steps()[0]
    assert finding.strip("\n") in penguin(*words).out


def test_the_app_is_as_large_as_it_says(app: Path, penguin: Run) -> None:
    assert "seven services and 30 variables" in TEXT
    services = YAML(typ="safe").load((app / "docker-compose.yml").read_text())["services"]
    assert len(services) == 7
    report = penguin(*steps()[0][0]).out
    counts = re.search(r"(\d+) in secret, (\d+) in variables, (\d+) in config", report)
    assert counts is not None
    assert sum(map(int, counts.groups())) == 30


def test_the_steps_of_the_pipeline_are_green(app: Path, penguin: Run) -> None:
    for words, _ in steps()[1:]:
        penguin(*(words[: words.index(">")] if ">" in words else words))
    (workflow,) = blocks("yaml")
    (job,) = YAML(typ="safe").load(workflow)["jobs"].values()
    commands = [shlex.split(one["run"]) for one in job["steps"] if "run" in one]
    ours = [one[1:] for one in commands if one[0] == "penguin-compile" and one[1] != "diff"]
    assert len(ours) == 3
    assert [penguin(*one).code for one in ours] == [0, 0, 0]
