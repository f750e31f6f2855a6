"""The repository of a spec: which commit it is at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SECONDS = 5.0
_OF_GIT = ("GIT_", "LC_", "XDG_")
_OF_ALL = frozenset(("HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "USER"))
# Set by git for its hooks; they would lead to another repository than the spec's.
_LEADING_AWAY = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"))


def git_environment() -> dict[str, str]:
    """The variables that git is given: what it may run itself has no use for our secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if (name in _OF_ALL or name.startswith(_OF_GIT)) and name not in _LEADING_AWAY
    }


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
            env=git_environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
