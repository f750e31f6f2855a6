"""Processes that die or are interrupted, and the exit code of many outcomes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penguin_compile.fleet.crew import do_all
from penguin_compile.fleet.exit_codes import worst
from penguin_compile.fleet.processes import Processes
from penguin_compile.fleet.task import Task, perform
from tests.fleet.clusters import wait_until
from tests.fleet.conftest import write_app

PREPARE = "penguin_compile.cli.quick_start:skip_plugins"


def ask(spec: str, action: str = "penguin_compile.fleet.checking:check", **more: str) -> Task:
    return Task(action=action, spec=spec, folder=str(Path.cwd()), run="one", **more)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((), 0), ((0, 0), 0), ((2, 0, 7), 7), ((3, 4, 5, 6), 6), ((6, 1, 2), 1), ((1, 64), 64)],
)
def test_the_worst_code_is_the_first_of_the_page(codes: tuple[int, ...], expected: int) -> None:
    assert worst(codes) == expected


@pytest.mark.slow
def test_processes_that_died_while_they_had_nothing_to_do_are_replaced(home: Path) -> None:
    crew = Processes(2, PREPARE)
    try:
        specs = sorted(str(one) for one in Path("apps").iterdir())
        tasks = [ask(one) for one in specs]
        assert sorted(one["spec"] for one in do_all(crew, tasks)) == specs
        for one in crew._workers:
            one.process.kill()
            one.process.join()
        assert sorted(one["spec"] for one in do_all(crew, tasks)) == specs
    finally:
        crew.close()
    assert crew._workers == []


def test_a_task_of_another_version_is_not_done(home: Path) -> None:
    answer = perform(ask("apps/shop.yaml", version="0.0.1"))
    assert "was given a task of 0.0.1" in answer["failure"]["message"]


def test_a_bug_is_told_as_one_of_that_spec(home: Path) -> None:
    answer = perform(ask("apps/shop.yaml", "penguin_compile.fleet.checking:no_such_function"))
    assert "this is a bug in penguin-compile (AttributeError)" in answer["failure"]["message"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_program(home: Path, how: signal.Signals) -> None:
    for number in range(300):
        write_app(f"more-{number}")
    command = [sys.executable, "-m", "penguin_compile", "fleet", "compile", "apps", "--jobs", "2"]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_until(lambda: len(list((home / "generated").glob("*"))) > 5)
    if how is signal.SIGINT:  # a terminal sends it to all of them
        os.killpg(program.pid, how)
    else:
        program.kill()
    _, err = program.communicate(timeout=60)
    assert program.returncode == (130 if how is signal.SIGINT else -9), err
    assert "Traceback" not in err
    wait_until(lambda: not group_is_alive(program.pid))


def group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
