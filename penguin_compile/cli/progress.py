"""How far apply is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from penguin_compile.model.plan import Action

if TYPE_CHECKING:
    from penguin_compile.model.plan import Change, Plan

_LEAST = 10  # changes; fewer are done before anybody could read a bar


@contextmanager
def progress_bar(plan: Plan) -> Iterator[Callable[[Change, str], None] | None]:
    """What apply tells of each change that it is through with, with rate and time left.

    Rows of the database count together, when their one transaction ends.
    """
    total = sum(one.action is not Action.NONE for one in plan.changes)
    if total < _LEAST or not sys.stderr.isatty():
        yield None
        return
    started, done = time.monotonic(), 0

    def rate(_: Change | None) -> str:
        passed = time.monotonic() - started
        return f"{done / passed:.0f} a second" if done and passed > 0 else ""

    bar = click.progressbar(
        length=total,
        label="applying",
        show_pos=True,
        item_show_func=rate,
        update_min_steps=total // 200 + 1,
        file=sys.stderr,
    )

    def advance(change: Change, _: str) -> None:
        nonlocal done
        done += 1
        with suppress(OSError):  # a terminal that went away stops no apply
            bar.update(1, change)

    with bar:
        yield advance
