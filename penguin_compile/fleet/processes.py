"""The processes of this machine: each has a pipe of its own, so that one's end is no other's.

`concurrent.futures` loses all that is under way when a process of its pool dies, and can't tell
which task killed it. Processes are spawned, as macOS and Windows have it: nothing is inherited.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from penguin_compile.fleet.crew import Batch, Lost
from penguin_compile.fleet.task import Answer, perform

_LARGEST = 8  # tasks; a pipe costs next to nothing
_PATIENCE = 5.0  # seconds for a process to end by itself
_SPAWN = get_context("spawn")


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Any  # multiprocessing's Connection; on Windows its PipeConnection
    batch: Batch | None = None

    def stop(self) -> None:
        """It ends when its pipe does; what it is at is not waited for."""
        self.pipe.close()
        if self.batch is not None:
            self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()


class Processes:
    """At most `size` processes, started when there is work for them."""

    def __init__(self, size: int, prepare: str) -> None:
        self.size = size
        self.largest = _LARGEST
        self._prepare = prepare
        self._workers: list[_Worker] = []

    def work(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Answer] | Lost]]:
        """Each batch with its answers, in the order in which they come."""
        waiting = deque(batches)
        while waiting or any(one.batch for one in self._workers):
            self._give(waiting)
            busy = {one.pipe: one for one in self._workers if one.batch is not None}
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # only our own pipes are waited for
                yield self._take(worker)

    def close(self) -> None:
        """End them all."""
        for one in self._workers:
            one.pipe.close()
        for one in self._workers:
            one.stop()
        self._workers.clear()

    def _give(self, waiting: deque[Batch]) -> None:
        for one in list(self._workers):
            if waiting and one.batch is None:
                self._send(one, waiting)
        while waiting and len(self._workers) < self.size:
            self._workers.append(_start(self._prepare))
            self._send(self._workers[-1], waiting)

    def _send(self, worker: _Worker, waiting: deque[Batch]) -> None:
        try:
            worker.pipe.send(waiting[0])
        except OSError:  # it died while it had nothing to do
            self._bury(worker)
            return
        worker.batch = waiting.popleft()

    def _take(self, worker: _Worker) -> tuple[Batch, list[Answer] | Lost]:
        batch = worker.batch or []
        worker.batch = None
        try:
            answers: list[Answer] = worker.pipe.recv()
        except (EOFError, OSError):
            return batch, Lost(self._bury(worker))
        return batch, answers

    def _bury(self, worker: _Worker) -> str:
        worker.stop()
        self._workers.remove(worker)
        return _ending(worker.process.exitcode)


def _start(prepare: str) -> _Worker:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(theirs, prepare), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def serve(pipe: Any, prepare: str) -> None:
    """A worker's life: batches come, answers go, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who gave the work
    module, _, function = prepare.partition(":")
    getattr(import_module(module), function)()
    while True:
        try:
            batch: Batch = pipe.recv()
            pipe.send([perform(task) for task in batch])
        except (EOFError, OSError):
            os._exit(0)  # nothing is left to say, and taking everything apart takes its time


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was killed by {name}"
