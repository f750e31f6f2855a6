"""One writer at a time: two compiles of one repository wait for each other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from penguin_compile.artifacts.cache_folder import cache_folder, make_cache_folder
from penguin_compile.core.errors import LockHeld

PATIENCE = 30.0  # seconds; the largest specs are written in a few


@contextmanager
def writing(root: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a repository. Raises LockHeld where another run keeps it for too long."""
    from filelock import FileLock, Timeout

    path = _lock_file(root)
    try:
        with FileLock(path, timeout=patience):
            yield
    except Timeout:
        raise LockHeld(
            f"another penguin-compile has been writing in {root} for {patience:.0f} seconds",
            hint=f"wait for it or end it; {path} is freed when it ends",
        ) from None


def _lock_file(root: Path) -> Path:
    folder = cache_folder(str(root))
    try:
        make_cache_folder(folder)
        if os.access(folder, os.W_OK):
            return Path(folder, "compile.lock")
    except OSError:
        pass
    # a repository that may only be read, compiled to somewhere else
    name = f"penguin-compile-{sha256(str(root).encode()).hexdigest()[:16]}.lock"
    return Path(tempfile.gettempdir(), name)
