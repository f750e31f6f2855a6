"""Files to text: bounds, encoding, and the ways a file can fail to be one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source, clip_span

LARGEST = 256 * 1024 * 1024  # bytes
# A pipe must not block us; not every system has either.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_source(path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
    """The text of a spec file; a file over the limit or not in UTF-8 is a complaint.

    Raises FileFailure for a file that is not there or can't be read.
    """
    return decode_source(read_bytes(path, shown), shown)


def read_bytes(path: Path, shown: str) -> bytes:
    """The bytes of a spec file, one more than the limit at most.

    Raises FileFailure for a file that is not there or can't be read.
    """
    try:
        descriptor = os.open(path, _READ)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
                raise FileFailure(f"can't read {shown}: it is {what}", hint="name a YAML file")
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise FileFailure(
            f"there is no file {shown}", hint="name a spec file, or a folder that holds specs"
        ) from None
    except IsADirectoryError:
        raise FileFailure(f"can't read {shown}: it is a folder", hint="name a YAML file") from None
    except OSError as error:
        raise FileFailure(
            f"can't read {shown}: {error.strerror}", hint="check its rights"
        ) from None


def decode_source(data: bytes, shown: str) -> tuple[Source, list[Diagnostic]]:
    """The text of bytes: UTF-8, a leading BOM dropped."""
    if len(data) > LARGEST:
        return refuse_size(shown)
    try:
        return Source(shown, data.decode("utf-8").removeprefix("\ufeff")), []
    except UnicodeDecodeError as error:
        source = Source(shown, data.decode("utf-8", "replace").removeprefix("\ufeff"))
        offset = len(data[: error.start].decode("utf-8", "replace").removeprefix("\ufeff"))
        utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
        message = "the file is UTF-16" if utf16 else "the file is not UTF-8 here"
        return source, [_complain(source, "PC101", message, offset, "save the file as UTF-8")]


def refuse_size(shown: str) -> tuple[Source, list[Diagnostic]]:
    """No text, and the complaint about a file over the limit."""
    source = Source(shown, "")
    message = f"the file is larger than {LARGEST // 1024 // 1024} MiB"
    return source, [_complain(source, "PC108", message, 0)]


def _complain(
    source: Source, code: str, message: str, offset: int, help_text: str | None = None
) -> Diagnostic:
    span = clip_span(source, offset, offset + 1)
    return Diagnostic(
        code=code, severity=Severity.ERROR, message=message, span=span, help=help_text
    )
