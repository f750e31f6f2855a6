"""What the last run of a `validate`, `compile` or `fleet` read and said, to be said again.

A run that would say and change nothing else is recognised by the content of every file that it
would read and write: each is hashed, none is believed by its time or size. Deleting the cache costs
a second. This module is loaded at every start of these commands, so it imports next to nothing; a
record is lines of text, because a parser of JSON takes longer to load than all else here.
"""

from __future__ import annotations

import os
import sys
from hashlib import file_digest, sha256

from penguin_compile import __version__
from penguin_compile.artifacts.cache_folder import cache_folder, make_cache_folder
from penguin_compile.cli.terminal import columns

TYPE_CHECKING = False  # typing's own would cost 4 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penguin_compile.cli.run_record import Record

_FORMAT = "penguin-compile run 1"
_OPTIONS = "PENGUIN_COMPILE_"
_NOT_CACHED = ("--diff", "--force", "--watch", "--no-cache", "--debug", "--help", "-h")
_NOT_CODE = frozenset(("__pycache__", "examples"))  # of the package; `explain` shows the latter
_LARGE = 1 << 16  # bytes of a file from which a second thread pays; a larger buffer costs more
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def recall(arguments: Sequence[str]) -> int | None:
    """The exit code of this very command, if nothing that it deals with has changed since.

    If so, what it says has been said.
    """
    here = working_folder()
    if here is None or not _is_cached(arguments):
        return None
    lines = _read(_record_file(arguments, here, _place(arguments, here)))
    if not lines or lines[1] != describe_tool() or not _unchanged(lines[2:]):
        return None
    for kind, stream in (("out ", sys.stdout), ("err ", sys.stderr)):
        if stream is not None:  # closed before we were started
            stream.write("\n".join([line[4:] for line in lines if line.startswith(kind)]))
    return int(lines[2].removeprefix("code "))


def remember(arguments: Sequence[str], here: str | None, record: Record) -> None:
    """Note the run for the next one, which starts in the folder `here` as this one did.

    Where that can't be written, it is told, and harmless.
    """
    if here is None or not _is_cached(arguments):
        return
    modes = {None: "any", True: "executable", False: "plain"}
    lines = [
        _FORMAT,
        describe_tool(),
        f"code {record.code}",
        *(f"file {digest} {modes[mode]} {_whole(path)}" for path, digest, mode in record.files),
        *(f"leads {_digest(target)} {_absolute(path)}" for path, target in record.links),
        *(f"names {digest_listing(_whole(path))} {_whole(path)}" for path in record.listings),
        *(f"present {_whole(path)}" for path in record.present),
        *(f"absent {_whole(path)}" for path in record.absent),
        *(f"out {line}" for line in record.out.split("\n")),
        *(f"err {line}" for line in record.err.split("\n")),
    ]
    if any("\n" in line for line in lines):  # a path that this format can't hold
        return
    text = "\n".join(lines)
    _write(_record_file(arguments, here, _absolute("")), f"{text}\nend {_digest(text)}")


def working_folder() -> str | None:
    """Where the program was started; None if that folder is gone."""
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return None


def _whole(path: str) -> str:
    whole = os.path.isabs(path)  # noqa: PTH117 - thousands of them, most of them whole
    return path if whole else os.path.abspath(path)  # noqa: PTH100


def _absolute(path: str) -> str:
    """Unlike `_whole` with its `..`, which may lead elsewhere behind a link."""
    return os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: str) -> list[str]:
    """The lines of a record, its last one left out; none where there is no whole one of ours."""
    try:
        if not _is_ours(os.path.dirname(path)):  # noqa: PTH120
            _tell(f"{os.path.dirname(path)} belongs to another user and is not used")  # noqa: PTH120
            return []
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        _tell(f"{path} can't be read: {error.strerror}")
        return []
    text, _, end = content.rpartition(b"\nend ")
    if text.startswith(f"{_FORMAT}\n".encode()) and sha256(text).hexdigest().encode() == end:
        return text.decode("utf-8").split("\n")
    _tell(f"{path} is damaged, or none of ours, and was not used")
    return []


def _is_ours(folder: str) -> bool:
    """Whether nobody else could have put a record there in our name."""
    if not hasattr(os, "geteuid"):
        return True
    return bool(os.stat(folder).st_uid == os.geteuid())  # noqa: PTH116


def _write(path: str, text: str) -> None:
    folder = os.path.dirname(path)  # noqa: PTH120
    try:
        make_cache_folder(folder)
        if not _is_ours(folder):  # which was told when it was looked at
            return
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "wb") as file:  # noqa: PTH123
            file.write(text.encode())
        os.replace(temporary, path)  # noqa: PTH105
    except UnicodeEncodeError:
        return
    except OSError as error:
        _tell(f"{folder} can't be written: {error.strerror}")


def _tell(problem: str) -> None:
    print(f"note: {problem}; --no-cache does without it", file=sys.stderr)  # noqa: T201


def _is_cached(arguments: Sequence[str]) -> bool:
    asked = os.environ.get(f"{_OPTIONS}NO_CACHE") or f"{_OPTIONS}DEBUG" in os.environ
    return not asked and not any(one.partition("=")[0] in _NOT_CACHED for one in arguments)


def _place(arguments: Sequence[str], here: str) -> str:
    """The folder that the command works in, as far as a glance at its words shows."""
    for one, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if one.startswith("-C"):
            return os.path.join(here, one[2:] or following)  # noqa: PTH118
    return here


def _record_file(arguments: Sequence[str], here: str, place: str) -> str:
    """By the command, where it is started, and what else decides over how it says something.

    Kept by the repository that it works in.
    """
    options = sorted(f"{key}={value}" for key, value in os.environ.items() if _OPTIONS in key)
    colour = f"{os.environ.get('NO_COLOR', '')} {sys.stdout is not None and sys.stdout.isatty()}"
    look = f"{colour} {columns()}"
    name = _digest("\0".join([here, *arguments, "", look, *options]))[:32]
    return os.path.join(cache_folder(place), f"run-{name}")  # noqa: PTH118


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
    return _digest("\n".join(parts))


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
        elif kind == "leads":
            target, path = rest.split(" ", 1)
            if _digest(os.path.realpath(path)) != target:
                return False
        elif kind == "names":
            names, path = rest.split(" ", 1)
            if digest_listing(path) != names:
                return False
        elif kind in {"present", "absent"} and os.path.exists(rest) != (  # noqa: PTH110
            kind == "present"
        ):
            return False
    return _hashes_are(files)


def digest_listing(folder: str) -> str:
    """A digest of the names in a folder, and of which are files."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(f"{one.name}{'' if one.is_file() else '/'}" for one in entries)
    except OSError:
        return "none"
    return _digest("\0".join(names))


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
