"""A repository with several apps, and the program as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, penguin, sandbox
from tests.fleet.clusters import Cluster, running_cluster

__all__ = ["penguin", "sandbox"]

Program = Callable[..., "subprocess.CompletedProcess[str]"]
# Nobody listens there: a run that succeeds with it had nothing for workers to do.
NOBODY = ("--scheduler", "tcp://127.0.0.1:9")
SHARED = "config: {page_size: {type: integer, default: 20, description: Rows on a page}}\n"


def write_app(name: str, more: str = "", *, port: int = 8080, folder: str = "apps") -> Path:
    """A spec without findings that imports what all share."""
    path = Path(folder, f"{name}.yaml")
    path.write_text(
        f"penguin: 1\nimports: [../shared.yaml]\napp: {{name: {name}}}\n"
        f'services: {{api: {{port: {port}, config: all, container: {{image: "x/{name}:1"}}}}}}\n'
        f"{more}"
    )
    return path


def git(*arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def commit(message: str = "change") -> None:
    git("add", "-A")
    git("commit", "-qm", message)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with apps/{billing,shop,stock}.yaml and shared.yaml."""
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    Path("apps").mkdir()
    Path("shared.yaml").write_text(SHARED)
    for name in ("billing", "shop", "stock"):
        write_app(name)
    Path(".gitignore").write_text("/generated/\n")
    commit("first")
    return tmp_path


@pytest.fixture
def program(home: Path) -> Program:
    """The program in a process of its own, from its entry point on."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "penguin_compile", *map(str, arguments)],
            cwd=home,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return call


@pytest.fixture
def deadly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed package with a target that kills the process which compiles `stock`."""
    folder = tmp_path_factory.mktemp("deadly")
    info = folder / "deadly-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[penguin_compile.targets]\ndeadly = deadly:TARGET\n")
    (folder / "deadly.py").write_text(
        "import os, signal\n"
        "from penguin_compile.targets.target import RESOURCE_KINDS, Target\n"
        "def render(app, place):\n"
        "    if app.name == 'stock':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return ()\n"
        "TARGET = Target(name='deadly', render=render, renders=frozenset(RESOURCE_KINDS),\n"
        "                ignores={}, owns=('deadly/',))\n"
    )
    return folder


@pytest.fixture
def cluster(home: Path) -> Iterator[Cluster]:
    """A scheduler with two workers, which a test may kill; all processes of this machine."""
    with running_cluster(home) as running:
        yield running


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def statuses(text: str, *names: str) -> dict[str, str]:
    """From a JSON report: what became of each spec, by the name of its file."""
    import json

    return {
        " ".join([Path(one["spec"]).stem, *(str(one[name]) for name in names)]): one["status"]
        for one in json.loads(text)["specs"]
    }


def run_json(penguin: Run, *arguments: object) -> dict[str, str]:
    return statuses(penguin("fleet", *arguments, "--format", "json").out)
