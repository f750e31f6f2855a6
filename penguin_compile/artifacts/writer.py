"""The writer: artifacts become files, all of them or none.

New files are staged in a folder beside the target, so that a full disk is met before anything is
touched, and moved into place one by one, each move undone if a later one fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

from penguin_compile.artifacts.failures import explained
from penguin_compile.artifacts.journal import make_stage, remove_stages
from penguin_compile.artifacts.manifest import NAME, hash_bytes
from penguin_compile.artifacts.writes import Write, Writes, refuse_edited
from penguin_compile.core.records import dataclass

Undo: TypeAlias = list[Callable[[], object]]


@dataclass(frozen=True, slots=True)
class _Staged:
    """One folder's new files, each in the stage by its number, and what is to go."""

    folder: Path
    stage: Path
    new: list[Write]
    gone: list[str]


def apply_writes(*everything: Writes, force: bool = False) -> None:
    """Do it in all the folders, or in none. Raises EditedByHand without `force`, FileFailure."""
    if not force:
        for writes in everything:
            refuse_edited(writes)
    undo: Undo = []
    stages: list[Path] = []
    try:
        staged = [_stage_all(one, stages, undo) for one in everything if not one.clean]
        for one in staged:
            with explained(one.folder, "write"):
                _move_all(one, undo)
    except BaseException:  # Ctrl-C too: what was moved goes back
        for step in reversed(undo):
            with suppress(OSError):
                step()
        raise
    finally:
        remove_stages(stages)
    for writes in everything:
        remove_stages(writes.leftovers)


def _stage_all(writes: Writes, stages: list[Path], undo: Undo) -> _Staged:
    """Every new file beside its folder, so that a full disk is met before anything is touched."""
    every = [*writes.created, *writes.changed, *writes.edited, *writes.removed]
    if writes.manifest is not None:
        every.append(writes.manifest)  # last: until then the old one tells whose the files are
    new = [one for one in every if one.new is not None]
    gone = [one.path for one in every if one.new is None]
    folder = writes.folder
    with explained(folder, "write"):
        _make_folder(folder, undo)
        hashes = {one.path: hash_bytes(one.new or b"") for one in new if one.path != NAME}
        stage = make_stage(folder, _stage_parent(folder), hashes)
        stages.append(stage)
        undo.append(partial(remove_stages, [stage]))  # it may be in a folder that is taken back
        for index, one in enumerate(new):
            _stage(stage / str(index), one)
    return _Staged(folder, stage, new, gone)


def _move_all(staged: _Staged, undo: Undo) -> None:
    folder, stage = staged.folder, staged.stage
    for index, path in enumerate(staged.gone):
        _move_away(folder / path, stage / f"gone-{index}", undo)
        _remove_empty_folders(folder, folder / path, undo)
    if NAME in staged.gone and not any(folder.iterdir()):
        undo.append(partial(folder.mkdir, exist_ok=True))
        folder.rmdir()
    for index, one in enumerate(staged.new):
        _make_folder((folder / one.path).parent, undo)
        _move_in(stage / str(index), folder / one.path, stage / f"old-{index}", undo)


def _stage_parent(folder: Path) -> Path:
    """Beside the folder, so that moves are renames; inside it where it is a mount of its own."""
    parent = folder.resolve().parent
    beside = parent.stat().st_dev == folder.stat().st_dev and os.access(parent, os.W_OK)
    return parent if beside else folder


def _stage(path: Path, write: Write) -> None:
    """A new file with its content and mode, to be moved into place."""
    mode = 0o777 if write.executable else 0o666  # less the umask, as any new file
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(write.new or b"")


# An undo step is noted before what it undoes is done: Ctrl-C may come between the two. Each
# does nothing where there is nothing to undo.


def _make_folder(folder: Path, undo: Undo) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        undo.append(one.rmdir)
        one.mkdir(exist_ok=True)


def _move_away(target: Path, backup: Path, undo: Undo) -> None:
    undo.append(partial(backup.replace, target))
    target.replace(backup)


def _remove_empty_folders(folder: Path, path: Path, undo: Undo) -> None:
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            return
        undo.append(partial(parent.mkdir, exist_ok=True))
        parent.rmdir()


def _move_in(source: Path, target: Path, backup: Path, undo: Undo) -> None:
    if os.path.lexists(target):
        _keep(target, backup)
        undo.append(partial(backup.replace, target))
    else:
        undo.append(partial(target.unlink, missing_ok=True))
    source.replace(target)


def _keep(target: Path, backup: Path) -> None:
    """A second name for the old file, so that there is no moment without one."""
    try:
        os.link(target, backup, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(target, backup, follow_symlinks=False)
