"""What the README shows is what a user gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def block(language: str, starts: str) -> str:
    """The code block of a language that begins with a text."""
    for found in re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        if found.startswith(starts):
            return str(found)
    raise AssertionError(f"the README has no {language} block that begins with {starts}")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTER_API_KEY", "any")
    (tmp_path / "spec").mkdir()
    file = tmp_path / "spec" / "shop.yaml"
    text = block("yaml", "# yaml-language-server")
    file.write_text(text.replace("http://127.0.0.1:8000", sandbox.url))
    return file


def test_the_spec_of_30_lines_has_no_findings(penguin: Run, spec: Path) -> None:
    assert len(spec.read_text().splitlines()) <= 30
    result = penguin("validate", "--strict")
    assert (result.code, result.out) == (0, "")


def test_the_complaint_is_the_one_that_is_shown(penguin: Run, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("to: [api]", "to: [apy]"))
    assert penguin("validate").out == block("text", "error[PC201]")


def test_the_commands_do_what_is_said(penguin: Run, spec: Path) -> None:
    assert penguin("compile").code == 0
    for path in re.findall(r"`((?:marchproxy|scripts|env|compose)/[\w./-]+)`", README):
        if "<" not in path:
            assert (spec.parents[1] / "generated/shop/dev" / path).is_file(), path
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    assert penguin("apply", "plan.json").code == 0
    assert penguin("apply", "plan.json").code == 5
    assert penguin("compile", "--check").code == 0
