"""Workflows, action, container file and pipelines to copy, before their own linters."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.requirements import end_without

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PIPELINES = ROOT / "examples" / "pipelines"


def check(program: str, *arguments: object) -> None:
    """Run a linter of this environment, which comes with the development group."""
    path = shutil.which(program, path=str(Path(sys.executable).parent))
    if path is None:
        end_without("linters", f"{program} is not installed: make setup")
    done = subprocess.run(
        [str(path), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_is_content() -> None:
    check("actionlint", *WORKFLOWS, PIPELINES / "github.yml")


def test_hadolint_is_content() -> None:
    check("hadolint", "Containerfile")


def test_shellcheck_is_content_with_what_runs_in_pipelines(tmp_path: Path) -> None:
    action = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))
    scripts = [PIPELINES / "pipeline.sh"]
    for number, step in enumerate(action["runs"]["steps"]):
        if "run" in step:
            script = tmp_path / f"{number}.sh"
            script.write_text(f"#!/usr/bin/env bash\n{step['run']}")
            scripts.append(script)
    check("shellcheck", *scripts)


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda one: one.name)
def test_actions_of_others_are_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        if action != "./":
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
