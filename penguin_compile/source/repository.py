"""The repository of a spec: which commit it is at."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SECONDS = 5.0


def find_commit(root: Path) -> str | None:
    """The commit that is checked out, `-dirty` with uncommitted changes; None outside of git."""
    if not (root / ".git").exists():
        return None
    commit = _ask_git(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _ask_git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}-dirty" if changes else commit


def _ask_git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a folder that was found
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
