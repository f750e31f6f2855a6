"""What the operating system refused while artifacts were read or written, as failures that help."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from penguin_compile.core.errors import FileFailure


def not_a_folder(folder: Path) -> FileFailure:
    """A file stands where artifacts should."""
    return FileFailure(
        f"{folder} is a file where a folder is needed",
        hint="move it away, or name another folder with --out",
    )


_HINTS = {
    errno.ENOSPC: "free some space on that disk and run the same command again",
    errno.EDQUOT: "free some of your quota there and run the same command again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f) and run it again",
    errno.EACCES: "allow this user to write there, or name another folder with --out",
    errno.EPERM: "allow this user to write there, or name another folder with --out",
    errno.EROFS: "mount it for writing, or name another folder with --out",
    errno.ENOTDIR: "move away the file that stands where a folder is needed",
    errno.EEXIST: "move away the file that stands where a folder is needed",
    errno.EISDIR: "move away the folder that stands where a file is needed",
    errno.ENAMETOOLONG: "shorten the name in the spec",
    errno.ELOOP: "remove the link that leads to itself",
}


@contextmanager
def explained(folder: Path, what: str) -> Iterator[None]:
    """What the operating system refused, as a failure that names the place and the way out."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or folder
        untouched = "; nothing was changed" if what == "write" else ""
        raise FileFailure(
            f"can't {what} {_shown(place, folder)}: {error.strerror}{untouched}",
            hint=_HINTS.get(error.errno or 0, "mend that and run the same command again"),
        ) from error


def _shown(place: object, folder: Path) -> str:
    """A file in the stage means nothing to a person: the folder stands for it."""
    text = os.fsdecode(place) if isinstance(place, str | bytes) else str(place)
    inside = Path(text).is_relative_to(folder)
    return text if inside else str(folder)
