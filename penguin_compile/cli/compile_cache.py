"""What the last run of a `compile` command read, wrote and said, so that it can be said again.

A run that would change nothing is recognised by the content of every file that it would read and
write: each is hashed, none is believed by its time or size. Deleting the cache costs a second.
This module is loaded at every start of `compile`, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from hashlib import file_digest, sha256

from penguin_compile import __version__
from penguin_compile.artifacts.cache_folder import cache_folder, make_cache_folder

TYPE_CHECKING = False  # typing's own would cost 4 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penguin_compile.cli.record import Record

_FORMAT = "penguin-compile compile cache 1"
_OPTIONS = "PENGUIN_COMPILE_"
_NOT_CACHED = ("--diff", "--force", "--watch", "--no-cache", "--debug", "--help", "-h")
_NOT_CODE = frozenset(("__pycache__", "examples"))  # of the package; `explain` shows the latter
_LARGE = 1 << 16  # bytes of a file from which a second thread pays; a larger buffer costs more
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def recall(arguments: Sequence[str]) -> bool:
    """Whether this very command was run before and nothing it deals with has changed.

    If so, what it says has been said.
    """
    if not _is_cached(arguments):
        return False
    try:
        with open(_record_file(arguments), encoding="utf-8") as file:  # noqa: PTH123
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return False
    if lines[:2] != [_FORMAT, describe_tool()] or lines[-1:] != ["end"]:
        return False
    if not _unchanged(lines[2:-1]):
        return False
    for line in lines:
        if line.startswith("out "):
            print(line[4:])  # noqa: T201
        elif line.startswith("err "):
            print(line[4:], file=sys.stderr)  # noqa: T201
    return True


def remember(arguments: Sequence[str], record: Record) -> None:
    """Note it for the next run. Does nothing where that can't be written: it is a convenience."""
    if not _is_cached(arguments):
        return
    modes = {None: "any", True: "executable", False: "plain"}
    lines = [
        *(f"file {digest} {modes[mode]} {_whole(path)}" for path, digest, mode in record.files),
        *(f"names {_list(_whole(path))} {_whole(path)}" for path in record.listings),
        *(f"present {_whole(path)}" for path in record.present),
        *(f"absent {_whole(path)}" for path in record.absent),
        *(f"out {line}" for line in record.out),
        *(f"err {line}" for line in record.err),
    ]
    if any("\n" in line for line in lines):  # a path or a notice that this format can't hold
        return
    _write(_record_file(arguments), "\n".join([_FORMAT, describe_tool(), *lines, "end"]))


def _whole(path: str) -> str:
    whole = os.path.isabs(path)  # noqa: PTH117 - thousands of them, most of them whole
    return path if whole else os.path.abspath(path)  # noqa: PTH100


def _write(path: str, text: str) -> None:
    try:
        make_cache_folder(os.path.dirname(path))  # noqa: PTH120
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
        os.replace(temporary, path)  # noqa: PTH105
    except (OSError, UnicodeEncodeError):
        return


def _is_cached(arguments: Sequence[str]) -> bool:
    asked = os.environ.get(f"{_OPTIONS}NO_CACHE") or f"{_OPTIONS}DEBUG" in os.environ
    return not asked and not any(one.partition("=")[0] in _NOT_CACHED for one in arguments)


def _record_file(arguments: Sequence[str]) -> str:
    """By the command, the working directory and the options that come from elsewhere."""
    options = sorted(f"{key}={value}" for key, value in os.environ.items() if _OPTIONS in key)
    here = os.getcwd()  # noqa: PTH109
    key = "\0".join([here, *arguments, "", *options])
    name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return os.path.join(cache_folder(here), f"compile-{name}")  # noqa: PTH118


def describe_tool() -> str:
    """Which program this is: its version, its own files, and what it was installed with."""
    parts = [__version__, sys.version]
    for folder in sys.path:
        try:
            parts.append(f"{folder} {os.stat(folder).st_mtime_ns}")  # noqa: PTH116
        except OSError:
            continue
    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
    parts += [f"{one.path} {one.stat().st_mtime_ns}" for one in _walk(package)]
    return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for one in entries:
            if not one.is_dir():
                yield one
            elif one.name not in _NOT_CODE:
                yield from _walk(one.path)


def _unchanged(lines: Iterable[str]) -> bool:
    """Whether every file and folder is as it was."""
    files = []
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "file":
            digest, mode, path = rest.split(" ", 2)
            files.append((digest, mode, path))
        elif kind == "names":
            names, path = rest.split(" ", 1)
            if _list(path) != names:
                return False
        elif kind in {"present", "absent"} and os.path.exists(rest) != (  # noqa: PTH110
            kind == "present"
        ):
            return False
    return _hashes_are(files)


def _list(folder: str) -> str:
    try:
        names = "\0".join(sorted(os.listdir(folder)))  # noqa: PTH208
    except OSError:
        return "none"
    return sha256(names.encode("utf-8", "surrogatepass")).hexdigest()


def _hashes_are(files: Iterable[tuple[str, str, str]]) -> bool:
    """Small files one after the other, which threads would only slow down; then large ones."""
    large = []
    for digest, mode, path in files:
        try:
            descriptor = os.open(path, _READ)
        except OSError:
            return False
        try:
            if mode != "any" and bool(os.fstat(descriptor).st_mode & 0o100) != (
                mode == "executable"
            ):
                return False
            data = os.read(descriptor, _LARGE)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        if len(data) == _LARGE:
            large.append((digest, path))
        elif sha256(data).hexdigest() != digest:
            return False
    return not large or _large_hashes_are(large)


def _large_hashes_are(files: list[tuple[str, str]]) -> bool:
    from threading import Thread

    order = sorted(files, key=lambda one: os.stat(one[1]).st_size)  # noqa: PTH116
    right: list[bool] = []
    threads = [
        Thread(target=lambda half=half: right.append(all(_hash_is(*one) for one in half)))
        for half in (order[0::2], order[1::2])
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return right == [True, True]


def _hash_is(digest: str, path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False
