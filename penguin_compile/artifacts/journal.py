"""What a run that was killed had begun to write, so that the next one knows its files again.

New files are staged in a folder beside the target, with a list of their hashes, the journal. It is
removed when all are in place; one that is still there belongs to a run that never got so far.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from penguin_compile.artifacts.manifest import Manifest, parse_manifest
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.records import dataclass

_NAME = "journal.json"
_RANDOM = r"[A-Za-z0-9_]{8}"  # what tempfile adds to a prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """The stages of runs that were killed, and the hashes of what they were writing."""

    stages: tuple[Path, ...] = ()
    artifacts: Mapping[str, set[str]] = field(default_factory=dict)


def make_stage(folder: Path, parent: Path, artifacts: Mapping[str, str]) -> Path:
    """A folder for new files, with the journal of what they will be: hashes by their paths."""
    stage = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=parent))
    try:
        (stage / _NAME).write_text(Manifest(artifacts=artifacts).text(), encoding="utf-8")
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    return stage


def read_unfinished(folder: Path) -> Unfinished:
    """What killed runs left of writing this folder. Only under the lock is it sure to be that."""
    stages = [
        one for parent in (folder.resolve().parent, folder) for one in _stages(folder, parent)
    ]
    artifacts: dict[str, set[str]] = {}
    for stage in stages:
        for path, digest in _read_journal(stage).items():
            artifacts.setdefault(path, set()).add(digest)
    return Unfinished(stages=tuple(stages), artifacts=artifacts)


def remove_stages(stages: Iterable[Path]) -> None:
    """What they hold is either in place or not wanted any more."""
    for stage in stages:
        shutil.rmtree(stage, ignore_errors=True)


def _prefix(folder: Path) -> str:
    return f".penguin-compile-{folder.resolve().name}-"


def _stages(folder: Path, parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    form = re.compile(re.escape(_prefix(folder)) + _RANDOM)
    return sorted(one for one in parent.iterdir() if form.fullmatch(one.name))


def _read_journal(stage: Path) -> Mapping[str, str]:
    path = stage / _NAME
    try:
        return parse_manifest(path.read_bytes(), path).artifacts
    except (FileNotFoundError, FileFailure):  # killed before it was whole: nothing was moved yet
        return {}
