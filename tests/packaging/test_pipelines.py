"""The pipeline for any CI system, from a change to what is applied; GitLab's says the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from tests.cli.conftest import Run

PIPELINES = Path(__file__).resolve().parents[2] / "examples" / "pipelines"


def pipeline(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(PIPELINES / "pipeline.sh"), *arguments],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_script_checks_plans_and_applies(penguin: Run, shop: Path) -> None:
    # A strict check lets no warning through, and these two lines have one each.
    lines = shop.read_text().splitlines(keepends=True)
    shop.write_text("".join(one for one in lines if "api_key" not in one and "prod:" not in one))
    assert penguin("fmt").code == 0
    assert penguin("compile").code == 0
    for step in (("check",), ("plan", "dev"), ("apply", "dev")):
        done = pipeline(*step)
        assert done.returncode == 0, (step, done.stdout, done.stderr)
    assert "Revision 1" in done.stdout
    assert "<html" in Path("plan.html").read_text()
    assert pipeline("apply", "dev").returncode == 5, "a plan is applied once"


def test_the_script_tells_its_usage() -> None:
    done = pipeline("plan")
    assert (done.returncode, done.stdout) == (64, "")
    assert "usage:" in done.stderr


def test_gitlab_runs_the_same_commands() -> None:
    jobs = YAML(typ="safe").load((PIPELINES / "gitlab-ci.yml").read_text(encoding="utf-8"))
    script = (PIPELINES / "pipeline.sh").read_text(encoding="utf-8")
    known = {
        re.sub(r'"\$2"', "prod", one) for one in re.findall(r"penguin-compile [^\n&]+", script)
    }
    for job in ("check", "plan:prod", "apply:prod"):
        for command in jobs[job]["script"]:
            assert any(one.startswith(command) for one in known), command
