"""Who does the work: one protocol, with the processes of this machine or a cluster behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from penguin_compile.fleet.task import Answer, Task, failed

Batch: TypeAlias = list[Task]
_BATCHES = 8  # for each worker, where there are enough tasks


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a batch whose worker is gone, and why.

    `tried`: the crew has done it on several workers already.
    """

    reason: str
    tried: bool = False


class Crew(Protocol):
    """Workers that take batches of tasks, each in a process that may die without the others."""

    @property
    def size(self) -> int:
        """How many batches are done at once."""

    @property
    def largest(self) -> int:
        """How many tasks a batch may have; with more, the last ones would wait for one worker."""

    def work(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[Answer] | Lost]]:
        """Each batch with its answers, in the order in which they come."""

    def close(self) -> None:
        """Let the workers go."""


def do_all(crew: Crew, tasks: Sequence[Task]) -> Iterator[Answer]:
    """An answer to each task, in any order.

    A batch whose worker died is done again task by task, so that what is at fault costs itself
    alone: it is told, with the way in which its worker ended.
    """
    again: list[Batch] = []
    size = max(1, min(crew.largest, len(tasks) // (crew.size * _BATCHES)))
    batches = [list(tasks[start : start + size]) for start in range(0, len(tasks), size)]
    for batch, result in crew.work(batches):
        if not isinstance(result, Lost):
            yield from result
        elif result.tried and len(batch) == 1:
            yield _tell(batch[0], result)
        else:
            again.extend([task] for task in batch)
    for (task,), result in crew.work(again):
        if isinstance(result, Lost):
            yield _tell(task, result)
        else:
            yield from result


def _tell(task: Task, lost: Lost) -> Answer:
    return failed(
        task,
        f"its worker came to an end: {lost.reason}",
        "see whether it needs more memory than there is; the other specs are done",
    )


@contextmanager
def open_crew(scheduler: str | None, jobs: int, prepare: str) -> Iterator[Crew]:
    """Workers of a Dask cluster, or as many processes of this machine as `jobs` says.

    `prepare` is the `module:function` that each process of this machine calls first. Raises
    PenguinError for a cluster that isn't there or isn't fit for it.
    """
    crew: Crew
    if scheduler is None:
        from penguin_compile.fleet.processes import Processes

        crew = Processes(jobs, prepare)
    else:
        from penguin_compile.fleet.cluster import Cluster

        crew = Cluster(scheduler)
    try:
        yield crew
    finally:
        crew.close()
