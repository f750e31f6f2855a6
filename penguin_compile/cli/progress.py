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
_STAGES = ("written", "remembered", "noted")  # of a row: the table, the ledger, the audit


@contextmanager
def progress_bar(plan: Plan) -> Iterator[Callable[[Change, str], None] | None]:
    """What apply tells of each change that it is through with, with rate and time left.

    A row of the database counts by thirds, as it is sent; all of them are committed at once.
    """
    total = sum(one.action is not Action.NONE for one in plan.changes)
    if total < _LEAST or not sys.stderr.isatty():
        yield None
        return
    whole = len(_STAGES)
    started, done = time.monotonic(), 0

    def show(_: Change | None) -> str:
        passed = time.monotonic() - started
        rate = f", {done / whole / passed:.0f} a second" if done and passed > 0 else ""
        return f"{done // whole}/{total}{rate}"

    bar = click.progressbar(
        length=total * whole,
        label="applying",
        item_show_func=show,
        update_min_steps=total * whole // 200 + 1,
        file=sys.stderr,
    )

    def advance(change: Change, status: str) -> None:
        nonlocal done
        steps = 1 if status in _STAGES else whole
        done += steps
        with suppress(OSError):  # a terminal that went away stops no apply
            bar.update(steps, change)

    with bar:
        yield advance
