"""A Dask cluster: its workers see the repository under the same path as this machine does.

Dask does again what a worker had when it died, and gives up on what several workers died of.
Source: distributed.dask.org, "Resilience" and `distributed.scheduler.allowed-failures`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from penguin_compile import __version__
from penguin_compile.core.errors import PenguinError
from penguin_compile.fleet.crew import Batch, Lost
from penguin_compile.fleet.task import Answer, perform

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT = "10s"
_LARGEST = 32  # tasks of a batch, which costs a worker and the scheduler some milliseconds
_ALONE = 30.0  # seconds without any worker after which nobody is waited for any more
_AHEAD = 3  # batches that are given out for each that is worked on
_one_at_a_time = threading.Lock()  # in a worker: a process has one working directory


class Cluster:
    """The workers that a scheduler has. Raises PenguinError where there are none to work with."""

    def __init__(self, scheduler: str) -> None:
        self.largest = _LARGEST
        self._scheduler = scheduler
        self._client = _connect(scheduler)
        try:
            self.size = sum(_threads(self._client).values())
            _refuse_others(self._client, scheduler)
        except BaseException:
            self.close()
            raise

    def work(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Answer] | Lost]]:
        """Each batch with its answers, in the order in which they come."""
        from distributed import wait

        rest = iter(batches)
        given: dict[Future, Batch] = {}
        while True:
            for batch in islice(rest, self.size * _AHEAD - len(given)):
                given[self._client.submit(perform_batch, batch, pure=False)] = batch
            if not given:
                return
            try:
                done = wait(list(given), timeout=_ALONE, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._look_for_workers()
                continue
            for future in done:
                yield given.pop(future), _result(future)

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        self._client.close()

    def _look_for_workers(self) -> None:
        if self._client.status != "running" or not _threads(self._client):
            raise PenguinError(
                f"the workers of {self._scheduler} are gone, and none came back",
                hint="start some; what was done is kept, and the same command does the rest",
            )


def perform_batch(batch: Batch) -> list[Answer]:
    """On a worker: the tasks of a batch, from the working directory that their paths start at."""
    with _one_at_a_time:
        before = os.getcwd()
        try:
            os.chdir(batch[0].folder)
            return [perform(task) for task in batch]
        finally:
            os.chdir(before)


def _connect(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise PenguinError(
            "--scheduler needs Dask, which is not installed",
            hint="pip install 'penguin-compile[fleet]'",
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we tell it ourselves
    try:
        return Client(scheduler, timeout=_CONNECT)
    except (OSError, ValueError, TypeError) as error:  # what is no address at all, too
        raise PenguinError(
            f"no Dask scheduler answers at {scheduler}: {_first_line(error)}",
            hint="name one as tcp://HOST:8786, or leave --scheduler out to use this machine",
        ) from None


def _threads(client: Client) -> Mapping[str, int]:
    """Each worker's address, and how many tasks it takes at once."""
    found: Mapping[str, int] = client.nthreads()
    return found


def _refuse_others(client: Client, scheduler: str) -> None:
    """Raises PenguinError for workers that would answer something else than this program."""

    def describe(folder: str) -> tuple[str | None, bool]:  # goes there as code, not by its name
        import importlib
        import os

        try:
            version = importlib.import_module("penguin_compile").__version__
        except ImportError:
            version = None
        return version, os.path.isdir(folder)

    if not _threads(client):
        raise PenguinError(
            f"the scheduler {scheduler} has no workers", hint=f"start some: dask worker {scheduler}"
        )
    folder = os.getcwd()
    problems = []
    for address, (version, sees) in sorted(client.run(describe, folder).items()):
        if version is None:
            problems.append(f"{address} has no penguin-compile")
        elif version != __version__:
            problems.append(f"{address} has penguin-compile {version}")
        elif not sees:
            problems.append(f"{address} doesn't see {folder}")
    if problems:
        raise PenguinError(
            f"the workers of {scheduler} are not fit for penguin-compile {__version__}: "
            + "; ".join(problems),
            hint="install this version on each, and let them see the repository at the same path",
        )


def _result(future: Future) -> list[Answer] | Lost:
    from distributed import KilledWorker

    error: Any = future.exception()
    if error is None:
        answers: list[Answer] = future.result()
        return answers
    if isinstance(error, KilledWorker):
        return Lost(f"{error.allowed_failures + 1} workers of the cluster died of it", tried=True)
    return Lost(_first_line(error))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
