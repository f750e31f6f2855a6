"""The action as a workflow uses it: its steps' commands, in order, in a clone with an event."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import SPEC
from tests.cli.github_server import TOKEN, GitHub
from tests.packaging.workflow_steps import ACTION, Job, evaluate

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as server:
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """A repository whose main has a spec and what it compiles to."""
    with Sandbox() as gateway:
        folder = tmp_path / "repository"
        (folder / "spec").mkdir(parents=True)
        (folder / "spec" / "shop.yaml").write_text(SPEC.replace("GATEWAY", gateway.url))
        (folder / ".gitignore").write_text("dev.db\nplan.json\n")
        git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(folder))
        commit(folder, "first")
        yield folder


def commit(folder: Path, message: str) -> str:
    program = [sys.executable, "-m", "penguin_compile", "-C", str(folder)]
    subprocess.run([*program, "fmt"], check=True, capture_output=True)
    subprocess.run([*program, "compile"], check=True, capture_output=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


MakeJob = Callable[..., Job]


@pytest.fixture
def job(tmp_path: Path, repository: Path, github: GitHub) -> MakeJob:
    """A job in a fresh clone of depth 1, as actions/checkout makes it."""

    def make(name: str, event_name: str = "pull_request", fork: str = "house/shop") -> Job:
        clone = tmp_path / name
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", str(clone))
        head = {"sha": git(clone, "rev-parse", "HEAD"), "repo": {"full_name": fork}}
        pull = {"number": 7, "head": head, "base": {"sha": git(repository, "rev-parse", "main")}}
        event = {"pull_request": pull} if event_name == "pull_request" else {}
        (tmp_path / f"{name}.json").write_text(json.dumps(event))
        summary = tmp_path / f"{name}.md"
        summary.touch()
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "CLUSTER_API_KEY": "test-key",
            "GITHUB_API_URL": github.url,
            "GITHUB_EVENT_NAME": event_name,
            "GITHUB_EVENT_PATH": str(tmp_path / f"{name}.json"),
            "GITHUB_REPOSITORY": "house/shop",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
        }
        told = {
            "event_name": event_name,
            "event": event,
            "repository": "house/shop",
            "token": TOKEN,
        }
        return Job(clone, told, environment, tmp_path / "artifacts")

    return make


def edit(repository: Path, old: str, new: str) -> None:
    spec = repository / "spec" / "shop.yaml"
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def test_from_a_pull_request_to_the_approved_plan_applied(
    repository: Path, job: MakeJob, github: GitHub, tmp_path: Path
) -> None:
    git(repository, "checkout", "--quiet", "-b", "dark")
    edit(repository, "default: light", "default: dark")
    commit(repository, "Dark by default")
    check = job("check")
    assert check.use_action(command="check", strict="false") == 0, check.said
    summary = (tmp_path / "check.md").read_text()
    assert "theme" in summary
    assert "dark" in summary

    plan = job("plan")
    assert plan.use_action(command="plan", environment="dev") == 0, plan.said
    (comment,) = github.ours
    assert "dark" in comment
    assert "config" in (tmp_path / "plan.md").read_text()

    edit(repository, "default: dark", "default: dim")
    commit(repository, "Dim")
    again = job("again")
    assert again.use_action(command="plan", environment="dev") == 0, again.said
    (comment,) = github.ours
    assert "1 different" in comment

    git(repository, "checkout", "--quiet", "main")
    git(repository, "merge", "--quiet", "dark")
    apply = job("apply", "push")
    assert apply.use_action(command="apply", environment="dev") == 0, apply.said
    assert "Revision 1" in apply.said["Apply the approved plan"]
    assert "Plan: " in (tmp_path / "apply.md").read_text()
    assert TOKEN not in json.dumps([check.said, plan.said, again.said, apply.said])


def test_a_fork_has_its_plan_in_the_summary_alone(
    job: MakeJob, github: GitHub, tmp_path: Path
) -> None:
    plan = job("plan", fork="stranger/shop")
    assert plan.use_action(command="plan", environment="dev") == 0, plan.said
    assert github.requests == []
    assert "Plan: " in (tmp_path / "plan.md").read_text()


def test_what_was_not_compiled_stops_the_check(repository: Path, job: MakeJob) -> None:
    edit(repository, "default: light", "default: dark")
    git(repository, "commit", "--quiet", "--all", "--message", "Spec alone")
    check = job("check")
    assert check.use_action(command="check", strict="false") == 2
    assert "stale" in check.said["Check"] or "generated/" in check.said["Check"]


def test_warnings_stop_a_strict_check(job: MakeJob) -> None:
    check = job("check")
    assert check.use_action(command="check") == 1
    assert "::warning file=spec/shop.yaml" in check.said["Check"]


def test_a_conflict_is_shown_before_the_job_fails(
    repository: Path, job: MakeJob, github: GitHub, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/live.db"
    edit(repository, "sqlite:///dev.db", database)
    commit(repository, "One database")
    assert job("first").use_action(command="plan", environment="dev") == 0
    assert job("second", "push").use_action(command="apply", environment="dev") == 0
    with closing(sqlite3.connect(tmp_path / "live.db")) as live, live:
        live.execute("UPDATE config SET config_value = 'pink' WHERE config_key = 'theme'")
    edit(repository, "default: light", "default: dark")
    commit(repository, "Dark")
    plan = job("third")
    assert plan.use_action(command="plan", environment="dev") == 3, plan.said
    assert "conflict" in github.ours[0]


def test_expressions_are_read_as_github_does() -> None:
    names = {"inputs": {"a": "x", "b": ""}, "github": {"event": {"n": 1}}}
    assert evaluate("inputs.b || format('p-{0}', inputs.a)", names) == "p-x"
    assert evaluate("inputs.a == 'x' && github.event.gone.deep == ''", names)
    assert not evaluate("inputs.a == 'y'", names)


def test_no_input_is_pasted_into_a_command() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]
