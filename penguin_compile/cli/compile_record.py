"""What a run of `compile` dealt with: the artifacts that have to be what they are."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence

from penguin_compile.artifacts.manifest import NAME, hash_bytes, parse_manifest
from penguin_compile.cli.run_record import Record, make_record
from penguin_compile.compilation import Compiled
from penguin_compile.core.errors import FileFailure
from penguin_compile.pipeline import CheckedSpec


def make_compile_record(
    checked: Sequence[CheckedSpec], compiled: Sequence[Compiled], *, out: str, err: str
) -> Record | None:
    """The record of a run that left everything right; None where its result depends on more."""
    try:
        written = list(_artifacts(compiled))
    except (OSError, FileFailure):
        return None
    parents = {str(one.folder.path.parent) for one in compiled if one.folder.target is None}
    return make_record(checked, code=0, out=out, err=err, written=written, folders=parents)


def _artifacts(compiled: Iterable[Compiled]) -> Iterator[tuple[str, str, bool | None]]:
    for one in compiled:
        folder = one.folder.path
        manifest = folder / NAME
        content = manifest.read_bytes()
        yield str(manifest), hash_bytes(content), None
        for path, digest in parse_manifest(content, manifest).artifacts.items():
            mode = (folder / path).stat().st_mode
            yield str(folder / path), digest, bool(mode & stat.S_IXUSR)
