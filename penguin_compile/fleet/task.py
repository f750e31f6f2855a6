"""What is asked about one spec and what comes back: plain data, to go between processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

from penguin_compile import __version__
from penguin_compile.core.errors import PenguinError

Answer: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One spec, and what to do with it: `action` is the `module:function` that does it.

    The function gets the task and returns an answer. `folder` is the working directory that paths
    start at, `run` a name that no other run has.
    """

    action: str
    spec: str
    folder: str
    run: str
    options: dict[str, Any] = field(default_factory=dict)
    version: str = __version__


def perform(task: Task) -> Answer:
    """Do it. What goes wrong is part of the answer: the other specs are to be done all the same."""
    if task.version != __version__:
        return failed(
            task,
            f"a worker of penguin-compile {__version__} was given a task of {task.version}",
            "bring all workers of the cluster to one version",
        )
    module, _, function = task.action.partition(":")
    try:
        answer: Answer = getattr(import_module(module), function)(task)
    except PenguinError as error:
        return failed(task, error.message, error.hint, error.exit_code)
    except MemoryError:
        return failed(task, "there is not enough memory for it", "run it with fewer --jobs")
    except Exception as error:  # noqa: BLE001 - one spec's failure is not the fleet's
        return failed(
            task,
            f"this is a bug in penguin-compile ({type(error).__name__})",
            "run the command on this spec alone, with --debug, and report what it prints",
        )
    return answer


def failed(task: Task, message: str, hint: str | None, code: int = 1) -> Answer:
    """The answer that something other than the spec's own mistakes stood in the way."""
    return {
        "spec": task.spec,
        "environment": task.options.get("environment"),
        "failure": {"message": message, "hint": hint, "code": code},
    }
