"""Text back to the file that it came from: all of it or nothing, at one moment."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from penguin_compile.core.errors import FileFailure, Refused


def rewrite(path: Path, data: bytes) -> None:
    """Put bytes in the place of a file's own, its mode kept; a link stays one.

    Raises FileFailure; the file is then as it was.
    """
    target = Path(os.path.realpath(path))
    staged: str | None = None
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
        descriptor, staged = tempfile.mkstemp(prefix=".penguin-compile-", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        Path(staged).chmod(mode)
        Path(staged).replace(target)
        staged = None
    except OSError as error:
        raise FileFailure(
            f"can't write {path}: {error.strerror}", hint="the file is as it was; check its rights"
        ) from None
    finally:
        if staged is not None:
            Path(staged).unlink(missing_ok=True)


def write_new(path: Path, data: bytes, *, force: bool) -> Path | None:
    """Write a file that isn't there yet; with `force` the old one is kept beside it, and named.

    Raises Refused where there is one, FileFailure where it can't be written.
    """
    kept: Path | None = None
    if os.path.lexists(path):
        if not force:
            raise Refused(
                f"{path} is there already, and was not touched",
                hint="--force replaces it, and keeps a copy beside it",
            )
        kept = _spare(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kept is not None:
            kept.write_bytes(path.read_bytes())
        else:
            path.touch(exist_ok=False)
    except OSError as error:
        raise FileFailure(
            f"can't write {path}: {error.strerror}", hint="nothing was changed; check the folder"
        ) from None
    rewrite(path, data)
    return kept


def _spare(path: Path) -> Path:
    """A name for a copy that nothing has yet."""
    names = (path.with_name(f"{path.name}.bak{number or ''}") for number in range(10_000))
    return next(one for one in names if not os.path.lexists(one))
