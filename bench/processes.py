"""Commands as processes of their own: ours, a bare Python, and what one of them cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(Path(sys.executable).parent / "penguin-compile")
BARE = (sys.executable, "-c", "pass")
_CACHE = ".penguin_cache"

# A child is born with its parent's peak of memory: this parent has next to none.
_LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - start
told = [os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]
sys.stderr.write("\\n" + json.dumps(told))
"""


class CommandFailed(Exception):
    """A command that was to be measured ended badly: its name and its last words."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds on the wall and of processors, and the peak of memory in bytes.

    Processes that it waited for are in the processors' seconds; the peak is that of the largest.
    """

    wall: float
    cpu: float
    peak: int


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> str:
    """What it prints. Raises CommandFailed."""
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    _refuse(command, done.returncode, codes, done.stderr or done.stdout)
    return done.stdout


def runner(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Callable[[], str]:
    """The command as work for the clock."""
    return lambda: run(command, cwd=cwd, env=env, codes=codes)


def forget(folder: Path) -> None:
    """Throw away what commands there remember of earlier runs."""
    shutil.rmtree(folder / _CACHE, ignore_errors=True)


def forgetful(work: Callable[[], object], folder: Path) -> Callable[[], object]:
    """The same work in a folder whose cache is thrown away before, every time."""

    def forget_and_work() -> object:
        forget(folder)
        return work()

    return forget_and_work


def used(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Usage:
    """What one run of it costs. Raises CommandFailed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    said, _, told = done.stderr.rpartition("\n")
    code, wall, cpu, kilobytes = json.loads(told)
    _refuse(command, code, codes, said)
    return Usage(wall, cpu, kilobytes * 1024)


def _refuse(command: Sequence[str], code: int, codes: Sequence[int], said: str) -> None:
    if code not in codes:
        last = "\n".join(said.strip().splitlines()[-5:])
        raise CommandFailed(f"{' '.join(command)[:200]} ended with {code}:\n{last}")
