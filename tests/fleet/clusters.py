"""A Dask cluster of real processes, each with a Python path of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_PATIENCE = 60.0  # seconds for a process to come up on a busy machine
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass
class Cluster:
    """Its address, and its workers as processes."""

    address: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """One more, without a nanny that would bring it back; waited for."""
        from distributed import Client

        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        place = ["--local-directory", str(self.folder)]
        process = subprocess.Popen(
            [*command, *options, *place], env={**os.environ, **environment}, **_QUIET
        )
        self.workers.append(process)
        with Client(self.address, timeout=_PATIENCE) as client:
            alive = sum(one.poll() is None for one in self.workers)
            client.wait_for_workers(alive, timeout=_PATIENCE)
        return process


@contextmanager
def running_cluster(folder: Path, workers: int = 2, **environment: str) -> Iterator[Cluster]:
    pytest.importorskip("distributed", reason="Dask is not installed")
    place = folder / ".dask"
    place.mkdir()
    file = place / "scheduler.json"
    scheduler = subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"),
            *("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)),
        ],
        **_QUIET,
    )
    cluster = Cluster("", place)
    try:
        wait_until(lambda: file.exists() and file.read_text().strip().endswith("}"))
        cluster.address = json.loads(file.read_text())["address"]
        for _ in range(workers):
            cluster.add_worker(**environment)
        yield cluster
    finally:
        for one in (scheduler, *cluster.workers):
            one.kill()
            one.wait()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, "it didn't come about"
        time.sleep(0.02)
