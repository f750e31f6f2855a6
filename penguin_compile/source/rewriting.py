"""Text back to the file that it came from: all of it or nothing, at one moment."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from penguin_compile.core.errors import FileFailure


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
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(staged).replace(target)
        staged = None
    except OSError as error:
        raise FileFailure(
            f"can't write {path}: {error.strerror}", hint="the file is as it was; check its rights"
        ) from None
    finally:
        if staged is not None:
            Path(staged).unlink(missing_ok=True)
