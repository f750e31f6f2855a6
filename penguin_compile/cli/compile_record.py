"""What a run of `compile` dealt with, for the cache: every file that its result depends on."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from penguin_compile.artifacts.manifest import NAME, hash_bytes, parse_manifest
from penguin_compile.cli.record import Record
from penguin_compile.compilation import Compiled
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.resolver import SCHEMES
from penguin_compile.core.span import Source
from penguin_compile.pipeline import CheckedSpec
from penguin_compile.targets import TARGETS

_OPTIONS = "pyproject.toml"


def make_record(
    checked: Sequence[CheckedSpec],
    compiled: Sequence[Compiled],
    *,
    out: Sequence[str],
    err: Sequence[str],
) -> Record | None:
    """The record of a run; None where it can't be told what the result depends on.

    That is so where a target of another package may read what it likes, where a spec may use a
    secret scheme that goes with its package, and where a file was changed while it was read.
    """
    if any(one.package(name) is not None for one in (TARGETS, SCHEMES) for name in one):
        return None
    files: list[tuple[str, str, bool | None]]
    try:
        files = [*_specs(checked), *_artifacts(compiled)]
    except (OSError, FileFailure, UnicodeDecodeError):
        return None
    options = Path(_OPTIONS)
    if options.exists():
        files.append((_OPTIONS, hash_bytes(options.read_bytes()), None))
    folders = {str(Path(spec.loaded.path).parent) for spec in checked}
    parents = {str(one.folder.path.parent) for one in compiled if one.folder.target is None}
    present, absent = _repositories(checked)
    return Record(
        files=files,
        listings=sorted(folders | parents),
        present=present,
        absent=absent if options.exists() else [*absent, _OPTIONS],
        out=out,
        err=err,
    )


def _specs(checked: Iterable[CheckedSpec]) -> Iterator[tuple[str, str, None]]:
    for spec in checked:
        for path, source in spec.loaded.sources.items():
            yield str(path), _hash_of(path, source), None


def _hash_of(path: Path, source: Source) -> str:
    """The hash of a file's bytes, where they still are the text that was read."""
    content = path.read_bytes()
    if content.decode().removeprefix("\ufeff") != source.text:
        raise FileFailure(f"{path} was changed while it was compiled")
    return sha256(content).hexdigest()


def _artifacts(compiled: Iterable[Compiled]) -> Iterator[tuple[str, str, bool | None]]:
    for one in compiled:
        folder = one.folder.path
        manifest = folder / NAME
        content = manifest.read_bytes()
        yield str(manifest), hash_bytes(content), None
        for path, digest in parse_manifest(content, manifest).artifacts.items():
            mode = (folder / path).stat().st_mode
            yield str(folder / path), digest, bool(mode & stat.S_IXUSR)


def _repositories(checked: Iterable[CheckedSpec]) -> tuple[list[str], list[str]]:
    """What makes a folder the root of a spec's repository: `.git` there, and none below it."""
    present, absent = set(), set()
    for spec in checked:
        folder = Path(spec.loaded.path).resolve().parent
        for one in (folder, *folder.parents):
            git = str(one / ".git")
            if (one / ".git").exists():
                present.add(git)
                break
            absent.add(git)
    return sorted(present), sorted(absent)
