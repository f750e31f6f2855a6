"""`--watch`: run again whenever a file that the last run read has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import click

from penguin_compile.cli.failure import show_failure
from penguin_compile.core.errors import PenguinError
from penguin_compile.pipeline import SPEC_FOLDER, CheckedSpec, is_spec

_PAUSE = 0.2  # seconds between two looks; polling also sees mounts that send no events

Run: TypeAlias = Callable[[], tuple[int, list[CheckedSpec]]]
_State: TypeAlias = dict[Path, tuple[int, int] | None]


def run_on_change(specs: Sequence[str], run: Run) -> int:
    """Until Ctrl-C; failures are told, and the next change is waited for."""
    read: set[Path] = set()
    while True:
        before = _look(specs, read)
        try:
            read = {path for spec in run()[1] for path in spec.loaded.sources} or read
        except PenguinError as error:
            show_failure(error)
        # what was read for the first time was not looked at before
        before |= {path: one for path, one in _look(specs, read).items() if path not in before}
        click.echo("waiting for a change; Ctrl-C ends it", err=True)
        _wait(specs, read, before)


def _wait(specs: Sequence[str], read: Iterable[Path], before: _State) -> None:
    """For a change, and then for a moment without one: editors write in several steps."""
    seen = before
    while True:
        time.sleep(_PAUSE)
        now = _look(specs, read)
        if now == seen and now != before:
            return
        seen = now


def _look(specs: Sequence[str], read: Iterable[Path]) -> _State:
    return {path: _state(path) for path in {*read, *_candidates(specs)}}


def _candidates(specs: Sequence[str]) -> Iterator[Path]:
    """Files that are specs by their names, those that are new included."""
    for path in [Path(one) for one in specs] or [Path(SPEC_FOLDER)]:
        yield from (one for one in path.iterdir() if is_spec(one)) if path.is_dir() else (path,)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
