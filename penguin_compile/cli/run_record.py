"""What a run read, and what it said: everything that has to be the same for saying it again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from penguin_compile.core.errors import FileFailure
from penguin_compile.core.records import dataclass
from penguin_compile.core.resolver import SCHEMES
from penguin_compile.core.span import Source
from penguin_compile.pipeline import CheckedSpec
from penguin_compile.targets import TARGETS

_OPTIONS = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A run: its exit code and texts, and all that they depend on.

    `files` are paths with the SHA-256 that they had, and whether they are executable, None where
    that doesn't matter; `links` are paths with where they lead; `listings` are folders whose lists
    of names count; `present` and `absent` what has to be there and what must not.
    """

    files: Sequence[tuple[str, str, bool | None]]
    links: Sequence[tuple[str, str]]
    listings: Sequence[str]
    present: Sequence[str]
    absent: Sequence[str]
    code: int
    out: str
    err: str


def make_record(
    checked: Sequence[CheckedSpec],
    *,
    code: int,
    out: str,
    err: str,
    written: Iterable[tuple[str, str, bool | None]] = (),
    folders: Iterable[str] = (),
) -> Record | None:
    """The record of a run that read these specs; None where its result depends on more.

    That is so where packages were asked for a target or a secret scheme (a target may read what it
    likes), where an import can't be read, and where a file was changed while it was read. `written`
    and `folders` are files and listings that count beside those of the specs.
    """
    if TARGETS.packages or SCHEMES.packages:
        return None
    files = list(written)
    try:
        for spec in checked:
            files.extend(_sources(spec))
    except (OSError, FileFailure, UnicodeDecodeError):
        return None
    options = Path(_OPTIONS)
    if options.exists():
        files.append((_OPTIONS, sha256(options.read_bytes()).hexdigest(), None))
    present, absent = find_repositories(Path(spec.loaded.path).resolve().parent for spec in checked)
    return Record(
        files=files,
        links=[(str(path), str(target)) for spec in checked for path, target in _links(spec)],
        listings=sorted({str(Path(spec.loaded.path).parent) for spec in checked} | set(folders)),
        present=present,
        absent=absent if options.exists() else [*absent, _OPTIONS],
        code=code,
        out=out,
        err=err,
    )


def _sources(spec: CheckedSpec) -> Iterator[tuple[str, str, None]]:
    sources = spec.loaded.sources
    for name, target in spec.loaded.imports.items():
        if target not in sources:
            raise FileFailure(f"{name} can't be read")
    for path, source in sources.items():
        yield str(path), _hash_of(path, source), None


def _hash_of(path: Path, source: Source) -> str:
    """The hash of a file's bytes, where they still are the text that was read."""
    content = path.read_bytes()
    if content.decode().removeprefix("\ufeff") != source.text:
        raise FileFailure(f"{path} was changed while it was read")
    return sha256(content).hexdigest()


def _links(spec: CheckedSpec) -> Iterator[tuple[Path, Path]]:
    path = Path(spec.loaded.path)
    yield path, Path(os.path.realpath(path))
    yield from spec.loaded.imports.items()


def find_repositories(folders: Iterable[Path]) -> tuple[list[str], list[str]]:
    """What makes a folder the root of a spec's repository: `.git` there, and none below it."""
    present, absent = set(), set()
    for folder in {one.resolve() for one in folders}:
        for one in (folder, *folder.parents):
            git = str(one / ".git")
            if (one / ".git").exists():
                present.add(git)
                break
            absent.add(git)
    return sorted(present), sorted(absent)
