"""A pull request that makes a hot path slower fails; one that doesn't passes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compare import INSTALL
from tests.requirements import end_without

ROOT = Path(__file__).resolve().parents[2]
SLOWER = "\nsum(range(3_000_000))\n"


def git(repository: Path, *arguments: str) -> None:
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", "-C", str(repository), *author, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """This tree, as far as the bench needs it, in a repository of its own with one commit."""
    here = tmp_path / "repository"
    for name in ("penguin_compile", "bench", "spec"):
        shutil.copytree(ROOT / name, here / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "--quiet", str(here))
    git(here, "add", "--all")
    git(here, "commit", "--quiet", "--message", "Begin")
    return here


def compare(repository: Path, *arguments: str, **environment: str):
    return subprocess.run(
        [sys.executable, "-m", "bench.compare", "--only", "help", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=repository,
        env={**os.environ, **environment},
    )


@pytest.mark.slow
def test_more_instructions_than_at_the_base_fail(repository: Path) -> None:
    if not shutil.which("valgrind"):
        end_without("valgrind", INSTALL)
    same = compare(repository, "--base", "HEAD")
    assert same.returncode == 0, same.stderr
    assert "--help" in same.stdout
    program = repository / "penguin_compile" / "cli" / "program.py"
    program.write_text(program.read_text(encoding="utf-8") + SLOWER, encoding="utf-8")
    slower = compare(repository, "--base", "HEAD")
    assert slower.returncode == 1, slower.stderr
    assert "more than 5 % above HEAD: --help" in slower.stderr
    trees = subprocess.run(
        ["git", "worktree", "list"], check=True, capture_output=True, text=True, cwd=repository
    )
    assert len(trees.stdout.splitlines()) == 1, "the base's tree is left behind"


@pytest.mark.slow
def test_an_unknown_revision_is_told(repository: Path) -> None:
    if not shutil.which("valgrind"):
        end_without("valgrind", INSTALL)
    done = compare(repository, "--base", "nowhere")
    assert done.returncode == 2
    assert "the revision nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_valgrind_it_says_what_to_install(repository: Path, tmp_path: Path) -> None:
    done = compare(repository, "--base", "HEAD", PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip() == INSTALL
