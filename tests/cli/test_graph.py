"""`graph`: which app and environment are drawn, and what stands in the way."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Run
from tests.models import ROOT

MYAPP = ROOT / "spec" / "myapp.yaml"


@pytest.mark.parametrize(
    ("form", "first"),
    [("mermaid", "flowchart LR\n"), ("dot", 'digraph "myapp · dev" {\n'), ("svg", "<svg ")],
)
def test_each_form_of_the_first_environment(penguin: Run, form: str, first: str) -> None:
    result = penguin("graph", MYAPP, "--format", form)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(first)
    assert "flask-api" in result.out


def test_an_environment_by_name(penguin: Run) -> None:
    result = penguin("graph", MYAPP, "--env", "prod", "--format", "svg")
    title = ET.fromstring(result.out).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "myapp · prod · tier professional"
    wrong = penguin("graph", MYAPP, "--env", "prd")
    assert wrong.code == 64
    assert 'no environment "prd"; did you mean "prod"?' in " ".join(wrong.err.split())


def test_one_app_of_several(penguin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert "waddleperf · dev" in penguin("graph", "--app", "waddleperf").out
    several = penguin("graph")
    assert several.code == 64
    assert "--app NAME" in several.err


def test_a_spec_with_errors_is_not_drawn(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text('penguin: 1\napp: {name: a, version: "1"}\nroutes: {r: {to: [b]}}\n')
    result = penguin("graph", "a.yaml")
    assert (result.code, result.out) == (1, "")
    assert "a.yaml has errors" in result.err
