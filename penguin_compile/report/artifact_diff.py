"""One view of what compile would change in files; `artifact_diff_text` and `_markdown` show it.

Where the same lines of a file come and go in several environments, they are told once.
What a person wrote into a file by hand may hold a secret: such a line is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from penguin_compile.artifacts.layout import Folder
from penguin_compile.artifacts.writes import Write, Writes
from penguin_compile.core.records import dataclass
from penguin_compile.report.line_diff import diff_lines
from penguin_compile.report.printable import printable_line
from penguin_compile.rules.secrets import (
    is_secret_text,
    recognise_credential,
    recognise_key,
    says_secret,
)
from penguin_compile.targets import TARGETS

NOBODY: Final = "other"  # in the place of a target: the file's own one is gone
_HIDDEN: Final = "-(a line that was written by hand and looks like a secret: not shown)"
_MOST_FOLDERS: Final = 10
_WORD: Final = re.compile(r"[^\s\"'`=:,;()<>{}\[\]]+")
_SIGNS: Final = ("+", "-", "\\")  # the rest says where it stands


class State(StrEnum):
    """What becomes of a file."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """One file: `path` in the environment's folder, and the lines of its hunks.

    A file without lines differs in its mode alone, or is empty. `edited` by hand: compile refuses.
    """

    path: str
    state: State
    edited: bool
    lines: tuple[str, ...]

    @property
    def added(self) -> int:
        """How many lines come."""
        return sum(one.startswith("+") for one in self.lines)

    @property
    def deleted(self) -> int:
        """How many lines go."""
        return sum(one.startswith("-") for one in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one target changes alike in these environments of an app; `folder` is the first's."""

    app: str
    environments: tuple[str, ...]
    folder: Path
    target: str
    files: tuple[FileDiff, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactDiff:
    """Everything that compile would change.

    `folders` are all that were compared, `only_manifest` those whose manifest alone differs.
    """

    folders: tuple[Path, ...]
    only_manifest: tuple[Path, ...]
    sections: tuple[Section, ...]

    @property
    def files(self) -> list[FileDiff]:
        """The files of all sections."""
        return [file for section in self.sections for file in section.files]


def view_artifact_diff(everything: Sequence[Writes]) -> ArtifactDiff:
    """The view of what was planned for each environment."""
    return ArtifactDiff(
        folders=tuple(one.folder for one in everything),
        only_manifest=tuple(
            one.folder for one in everything if one.manifest is not None and not _writes(one)
        ),
        sections=tuple(_sections(everything)),
    )


def _writes(writes: Writes) -> list[tuple[Write, bool]]:
    """Each file that differs, and whether it was edited by hand."""
    ours = (*writes.created, *writes.changed, *writes.removed)
    return [*((one, False) for one in ours), *((one, True) for one in writes.edited)]


def _sections(everything: Sequence[Writes]) -> Iterator[Section]:
    """By app, environments and target, in the order of the specs and of the registry."""
    alike: dict[tuple[object, ...], tuple[FileDiff, list[Folder]]] = {}
    for writes in everything:
        for file in _files(writes):
            place = _place(writes)
            text = tuple(one for one in file.lines if one[:1] in _SIGNS)
            key = (place.app, place.target, replace(file, lines=text))
            alike.setdefault(key, (file, []))[1].append(place)
    grouped: dict[tuple[tuple[Folder, ...], str], list[FileDiff]] = {}
    for file, found in alike.values():
        target = found[0].target or _owner(file.path)
        grouped.setdefault((tuple(found), target), []).append(file)
    order = {writes.place: index for index, writes in enumerate(everything)}
    targets = {name: index for index, name in enumerate((*TARGETS, NOBODY))}
    for places, target in sorted(
        grouped, key=lambda one: ([order[place] for place in one[0]], targets[one[1]])
    ):
        yield Section(
            app=places[0].app,
            environments=tuple(one.environment for one in places),
            folder=places[0].path,
            target=target,
            files=tuple(sorted(grouped[places, target], key=lambda one: one.path)),
        )


def _place(writes: Writes) -> Folder:
    if writes.place is None:
        raise ValueError("these writes were planned for no app")
    return writes.place


def _files(writes: Writes) -> Iterator[FileDiff]:
    for write, edited in _writes(writes):
        lines: Iterable[str] = diff_lines(write.old_text, write.new_text)
        if edited:
            lines = map(_masked, lines)
        state = State.CHANGED
        if write.old is None or write.new is None:
            state = State.CREATED if write.old is None else State.REMOVED
        yield FileDiff(
            path=write.path, state=state, edited=edited, lines=tuple(map(printable_line, lines))
        )


def _masked(line: str) -> str:
    if not line.startswith("-"):
        return line  # what compile writes holds no secret
    words = _WORD.findall(line[1:])
    hides = recognise_credential(line) or any(recognise_key("key", one) for one in words)
    for index, word in enumerate(words):
        if says_secret(word):
            after = " ".join(words[index + 1 :])
            hides = hides or ("$" not in after and is_secret_text(after))
    return _HIDDEN if hides else line


@cache
def _owner(path: str) -> str:
    """The target whose file this is. The built-in ones are asked first: packages may be broken."""
    return next((name for name in TARGETS if TARGETS.load(name).owns_path(path)), NOBODY)


def count(files: Iterable[FileDiff]) -> str:
    """`1 created, 2 changed, +12 -3`."""
    listed = list(files)
    numbers = {state: sum(one.state is state for one in listed) for state in State}
    words = [f"{number} {state}" for state, number in numbers.items() if number]
    edited = sum(one.edited for one in listed)
    words += [f"{edited} of them edited by hand"] if edited else []
    return ", ".join([*words, lines_sentence(listed)])


def lines_sentence(files: Iterable[FileDiff]) -> str:
    """`+12 -3`."""
    listed = list(files)
    added, deleted = (sum(getattr(one, name) for one in listed) for name in ("added", "deleted"))
    return f"+{added} -{deleted}"


def sentence(diff: ArtifactDiff) -> str:
    """What it all comes to."""
    if diff.sections:
        return f"Files: {count(diff.files)}."
    if diff.only_manifest:
        return "No artifact differs, but for the digests in manifest.json."
    folders = ", ".join(map(str, diff.folders[:_MOST_FOLDERS]))
    more = len(diff.folders) - _MOST_FOLDERS
    return f"Nothing to change: {folders}{f' and {more} more' if more > 0 else ''}."
