"""That a run over a fleet left nothing to do, for the cache of commands (run_cache.py)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from penguin_compile.cli.fleet_run import Run
from penguin_compile.cli.run_cache import remember
from penguin_compile.cli.run_record import Record, find_repositories

_OPTIONS = "pyproject.toml"


class Invocation(NamedTuple):
    """What was typed, and in which folder; None if that is gone."""

    arguments: Sequence[str]
    folder: str | None


def remember_run(
    invocation: Invocation,
    run: Run,
    *,
    out: str,
    err: Sequence[str],
    files: Iterable[tuple[str, str, bool | None]] = (),
    listings: Iterable[str] = (),
) -> None:
    """Note what the run depended on and what it said, so that the next needs only to look.

    `files` and `listings` are those of what was written, by absolute paths. Nothing is noted of a
    run that a terminal saw in colour, and of one whose links lead to other places than their names.
    """
    coloured = click.unstyle(out) != out and sys.stdout.isatty()
    if coloured or not run.cached or any(one.answer.get("links") for one in run.members):
        return
    hashes: dict[str, str | None] = run.files.known
    for one in run.members:
        hashes |= one.answer["files"]
    options = os.path.abspath(_OPTIONS)
    hashes |= {options: run.files.hash(options)}
    seen: dict[str, tuple[str, str, bool | None]] = {
        path: (path, digest, None) for path, digest in hashes.items() if digest is not None
    }
    seen |= {path: (path, digest, mode) for path, digest, mode in files}
    absent = {path for path, digest in hashes.items() if digest is None}
    present, missing = find_repositories(Path(one.spec).parent for one in run.members)
    record = Record(
        files=list(seen.values()),
        links=[],
        listings=sorted({*run.fleet.folders, *listings}),
        present=present,
        absent=sorted(absent.union(missing)),
        code=0,
        out=click.unstyle(out),
        err="".join(f"{line}\n" for line in err),
    )
    remember(invocation.arguments, invocation.folder, record)
