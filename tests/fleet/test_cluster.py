"""A Dask cluster of real processes: the same answers, and a worker costs its tasks alone."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path

import pytest

import penguin_compile
from penguin_compile import __version__
from tests.cli.conftest import Run
from tests.fleet.clusters import Cluster, running_cluster, wait_until
from tests.fleet.conftest import Program, files_below, write_app

pytestmark = pytest.mark.slow


def test_it_answers_what_processes_answer(penguin: Run, home: Path, cluster: Cluster) -> None:
    write_app("shop", "nonsense: 1\n")
    here = penguin("fleet", "validate", "apps", "--no-cache")
    there = penguin("fleet", "validate", "apps", "--no-cache", "--scheduler", cluster.address)
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
    penguin("fleet", "compile", "apps", "--out", "here")
    penguin("fleet", "compile", "apps", "--out", "there", "--scheduler", cluster.address)
    assert files_below(home / "here") == files_below(home / "there") != {}


def test_files_that_change_between_two_runs_are_read_again(
    penguin: Run, home: Path, cluster: Cluster
) -> None:
    scheduler = ("--scheduler", cluster.address)
    assert penguin("fleet", "validate", "apps", *scheduler).code == 0
    (home / "shared.yaml").write_text("nonsense: 1\n")
    assert penguin("fleet", "validate", "apps", *scheduler).code == 1


def test_a_worker_that_is_killed_costs_its_tasks_alone(
    program: Program, home: Path, cluster: Cluster
) -> None:
    for number in range(150):
        write_app(f"more-{number}")

    def kill_in_the_middle() -> None:
        wait_until(lambda: len(list((home / "generated").glob("*"))) > 20)
        cluster.workers[0].kill()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    result = program("fleet", "compile", "apps", "--scheduler", cluster.address)
    killer.join()
    assert result.returncode == 0, result.stderr
    assert cluster.workers[0].wait() == -9
    # Some may be written already when a worker does again what the other had.
    assert re.search(r"\n153 specs: (\d+ unchanged, )?\d+ written\n$", result.stdout)
    assert len(list((home / "generated").iterdir())) == 153
    assert program("fleet", "compile", "apps", "--check").returncode == 0


def test_a_spec_that_kills_its_workers_is_told_and_the_rest_is_done(
    program: Program, home: Path, deadly: Path
) -> None:
    with running_cluster(home, 6, PYTHONPATH=str(deadly)) as cluster:
        arguments = ("fleet", "compile", "apps", "--scheduler", cluster.address)
        result = program(*arguments, PYTHONPATH=str(deadly))
    assert result.returncode == 1
    assert "4 workers of the cluster died of it" in result.stdout
    assert "3 specs: 1 failed, 2 written" in result.stdout


def test_workers_of_another_version_are_refused_by_name(
    penguin: Run, home: Path, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster
) -> None:
    other = tmp_path_factory.mktemp("other")
    copy = shutil.copytree(Path(penguin_compile.__file__).parent, other / "penguin_compile")
    module = copy / "__init__.py"
    module.write_text(module.read_text().replace(f'"{__version__}"', '"0.0.9"'))
    cluster.add_worker(PYTHONPATH=str(other))
    result = penguin("fleet", "validate", "apps", "--scheduler", cluster.address)
    assert result.code == 1
    assert result.out == ""
    assert f"not fit for penguin-compile {__version__}: tcp://127.0.0.1:" in result.err
    assert result.err.count("has penguin-compile 0.0.9") == 1


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "http://127.0.0.1:9"])
def test_a_scheduler_that_is_not_there_is_told(penguin: Run, home: Path, address: str) -> None:
    pytest.importorskip("distributed")
    result = penguin("fleet", "validate", "apps", "--scheduler", address)
    assert result.code == 1
    assert f"no Dask scheduler answers at {address}" in result.err
    assert "--scheduler out" in result.err


def test_a_scheduler_without_workers_is_told(penguin: Run, home: Path) -> None:
    with running_cluster(home, 0) as cluster:
        result = penguin("fleet", "validate", "apps", "--scheduler", cluster.address)
    assert result.code == 1
    assert "has no workers" in result.err
