"""What earlier runs found out about each spec, by the content of all that they read.

A file of text in the cache folder: no more than JSON, with its own digest, so that one that was cut
or changed is known for it. What can't be used is ignored and told once; deleting it costs a run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from penguin_compile.artifacts.cache_folder import cache_folder, make_cache_folder
from penguin_compile.fleet.task import Answer

_FORMAT = "penguin-compile fleet cache 1"


class Files:
    """Files as they are now, each looked at once; `known` are hashes by path."""

    def __init__(self, known: Mapping[str, str]) -> None:
        here = os.getcwd()  # one call of abspath for each takes as long as hashing
        self._hashes: dict[str, str | None] = {
            os.path.join(here, path) if ".." not in path else os.path.abspath(path): digest
            for path, digest in known.items()
        }
        self._roots: dict[str, str] = {}

    @property
    def known(self) -> dict[str, str | None]:
        """The hashes of all that was looked at, by absolute path."""
        return dict(self._hashes)

    def hash(self, path: str) -> str | None:
        """The SHA-256 of a file's bytes, by its absolute path; None where it can't be read."""
        if path not in self._hashes:
            self._hashes[path] = _hash(path)
        return self._hashes[path]

    def root(self, spec: str) -> str:
        """The repository of a spec."""
        from penguin_compile.source.load import find_root  # with the YAML parser

        if os.path.islink(spec):
            return str(find_root(Path(spec)))
        folder = os.path.dirname(spec)
        if folder not in self._roots:
            self._roots[folder] = str(find_root(Path(spec)))
        return self._roots[folder]


def _hash(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return sha256(file.read()).hexdigest()
    except OSError:
        return None


class Store:
    """Answers of earlier runs that started in the same working directory.

    `kind` names what was asked, `tool` the program that answered, whose every file counts. `tell`
    is told, once, that a cache can't be used. Without `cached` nothing is read or kept.
    """

    def __init__(
        self, kind: str, tool: str, tell: Callable[[str], None], *, cached: bool = True
    ) -> None:
        here = os.getcwd()
        name = sha256(here.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._file = os.path.join(cache_folder(here), f"fleet-{kind}-{name}")
        self._tool = tool
        self._tell = tell
        self._told = False
        self._read = ""  # the digest of what was read
        self._cached = cached
        self._answers: dict[str, Answer] = self._load() if cached else {}

    def get(self, spec: str) -> Answer | None:
        """What was found out about a spec; whether it still holds is another question."""
        return self._answers.get(spec)

    def keep(self, answers: Iterable[Answer]) -> None:
        """Note these for the next run, and forget specs that are gone."""
        if not self._cached:
            return
        import orjson

        self._answers |= {one["spec"]: one for one in answers}
        left = {spec: one for spec, one in self._answers.items() if os.path.exists(spec)}
        body = orjson.dumps(left, option=orjson.OPT_SORT_KEYS)
        digest = sha256(body).hexdigest()
        if digest == self._read:
            return
        temporary = f"{self._file}.{os.getpid()}"
        try:
            make_cache_folder(os.path.dirname(self._file))
            with open(temporary, "wb") as file:
                file.write(f"{_FORMAT}\n{self._tool}\n{digest}\n".encode() + body)
            os.replace(temporary, self._file)
        except OSError as error:
            self._complain(f"can't be written: {error.strerror}")

    def _load(self) -> dict[str, Answer]:
        problem, head, body = self._read_file()
        if problem is None and head and head[0] != _FORMAT:
            problem = "holds a file that is not of this program"
        if problem is None and head and head[1] == self._tool:  # else of another version
            if head[2] == sha256(body).hexdigest():
                import orjson

                self._read = head[2]
                answers: dict[str, Any] = orjson.loads(body)
                return answers
            problem = "is damaged"
        if problem is not None:
            self._complain(problem)
        return {}

    def _read_file(self) -> tuple[str | None, list[str], bytes]:
        """What is wrong with the file, its first lines, and the rest."""
        folder = os.path.dirname(self._file)
        try:
            with open(self._file, "rb") as file:
                if _is_foreign(file.fileno()):
                    return "holds a file of another user", [], b""
                head = [file.readline().decode().rstrip("\n") for _ in range(3)]
                return None, head, file.read()
        except FileNotFoundError:
            return None, [], b""
        except NotADirectoryError:
            return f"can't be read: {folder} is no folder", [], b""
        except OSError as error:
            return f"can't be read: {error.strerror}", [], b""
        except UnicodeDecodeError:
            return "holds a file that is not of this program", [], b""

    def _complain(self, problem: str) -> None:
        if not self._told:
            folder = os.path.dirname(self._file)
            self._tell(f"the cache {folder} {problem}; it is ignored, everything is done anew")
        self._told = True


def _is_foreign(file: int) -> bool:
    """Whether somebody else could have put there what they like."""
    return hasattr(os, "getuid") and os.fstat(file).st_uid not in {os.getuid(), 0}


def holds(answer: Answer, now: Files) -> bool:
    """Whether all that an answer was made from is as it was."""
    return (
        all(now.hash(path) == digest for path, digest in answer["files"].items())
        and all(os.path.realpath(path) == real for path, real in answer["links"].items())
        and now.root(answer["spec"]) == answer["root"]
    )
