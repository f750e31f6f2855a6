"""The folder for what may be deleted at any time: notes of the last run, the lock of writers."""

from __future__ import annotations

import os

_NAME = ".penguin_cache"
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"  # bford.info/cachedir
_IGNORED = "*\n"


def cache_folder(start: str) -> str:
    """Where it is for someone in a folder: at the root of the repository, else right there."""
    start = os.path.abspath(start)  # noqa: PTH100 - pathlib costs start-up time
    folder = start
    while not os.path.exists(os.path.join(folder, ".git")):  # noqa: PTH110, PTH118
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return os.path.join(start, _NAME)  # noqa: PTH118
        folder = parent
    return os.path.join(folder, _NAME)  # noqa: PTH118


def make_cache_folder(folder: str) -> None:
    """Create it, unseen by git and by backups. Raises OSError where that can't be done."""
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    for name, text in ((".gitignore", _IGNORED), ("CACHEDIR.TAG", _TAG)):
        path = os.path.join(folder, name)  # noqa: PTH118
        if not os.path.exists(path):  # noqa: PTH110
            with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
