"""The files of a git revision, read without touching the work tree.

`diff --base` reads specs and their imports from here, through the same `source/load.py` that reads
the work tree. Objects of the local repository are read as they are: no filter runs, and git is told
to fetch nothing and to ask nobody for a password.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.errors import FileFailure, PenguinError, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source
from penguin_compile.source.repository import git_environment
from penguin_compile.source.text import LARGEST, decode_source, refuse_size

_LINK: Final = "120000"
_FILES: Final = frozenset(("100644", "100755", "100664"))
_MOST_LINKS: Final = 40  # as the kernel has it, before it calls them a loop
_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    name: str  # of the object


class Revision:
    """A commit of the repository at `root`; `name` is what the user called it.

    Raises FileFailure where there is no repository, and PenguinError where git or the commit is
    missing.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root = Path(os.path.realpath(root))
        self.name = name
        self.commit = _resolve(self.root, name)

    def real_path(self, path: Path) -> Path:
        """Absolute, with the links of the revision followed; outside of it, as it stands."""
        steps = list(reversed(self._inside(path).parts))
        here: list[str] = []
        links = 0
        while steps:
            step = steps.pop()
            if step == "..":
                if not here:
                    return self._outside("..", steps)
                here.pop()
                continue
            here.append(step)
            entry = self._entries.get("/".join(here))
            if entry is None or entry.mode != _LINK or links >= _MOST_LINKS:
                continue
            links += 1
            target = Path(os.fsdecode(self._blob(entry)))
            here.pop()
            if target.is_absolute():
                return self._outside(str(target), steps)
            steps.extend(reversed(target.parts))
        return self.root.joinpath(*here)

    def read(self, path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
        """The text of a file as it was; FileFailure where the revision has no such file."""
        entry = self._entry(path)
        if entry is None or entry.mode not in _FILES:
            raise FileFailure(
                f"there is no file {shown} in {self.name}",
                hint="name a spec file that was there, or another revision",
            )
        shown = f"{self.name}:{shown}"
        if int(_run_git(self.root, "cat-file", "-s", entry.name)) > LARGEST:
            return refuse_size(shown)
        return decode_source(self._blob(entry), shown)

    def is_file(self, path: Path) -> bool:
        """Whether the revision has a file there, maybe through a link."""
        entry = self._entry(path)
        return entry is not None and entry.mode in _FILES

    def list_folder(self, path: Path) -> list[Path]:
        """The files directly in a folder, in order; none where there is no such folder."""
        real = self.real_path(path)
        if not real.is_relative_to(self.root):
            return []
        inside = real.relative_to(self.root).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        names = [
            name.removeprefix(prefix)
            for name in self._entries
            if name.startswith(prefix) and "/" not in name[len(prefix) :]
        ]
        return [path / name for name in sorted(names) if self.is_file(path / name)]

    def _inside(self, path: Path) -> Path:
        """The path from the root, its links and `..` untouched."""
        full = path if path.is_absolute() else Path.cwd() / path
        if full.is_relative_to(self.root):
            return full.relative_to(self.root)
        return Path(os.path.relpath(os.path.realpath(full), self.root))

    def _outside(self, start: str, steps: Sequence[str]) -> Path:
        return Path(os.path.normpath(self.root.joinpath(start, *reversed(steps))))

    def _entry(self, path: Path) -> _Entry | None:
        real = self.real_path(path)
        if not real.is_relative_to(self.root):
            return None
        return self._entries.get(real.relative_to(self.root).as_posix())

    @cached_property
    def _entries(self) -> dict[str, _Entry]:
        """Every file of the revision by its path; reading one and all takes git as long."""
        listing = _run_git(self.root, "ls-tree", "-r", "-z", "--full-tree", self.commit)
        entries = {}
        for line in os.fsdecode(listing).split("\0")[:-1]:
            described, _, path = line.partition("\t")
            mode, _, name = described.split(" ")
            entries[path] = _Entry(mode, name)
        return entries

    def _blob(self, entry: _Entry) -> bytes:
        return _run_git(self.root, "cat-file", "blob", entry.name)


def _resolve(root: Path, name: str) -> str:
    """The commit that a name stands for."""
    if not name or name.startswith("-"):
        raise UsageError(f'"{name}" is no revision', hint="name a branch, tag or commit")
    if not (root / ".git").exists():
        raise FileFailure(
            f"{root} is no git repository, so there is no revision {name}",
            hint="change to the repository with -C DIR",
        )
    try:
        found = _ask_git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except FileNotFoundError:
        raise PenguinError(
            "git is not installed, and revisions are read with it", hint="install git"
        ) from None
    if found.returncode == 0:
        return found.stdout.decode().strip()
    problem = found.stderr.decode(errors="replace").strip()
    if problem:  # --quiet leaves what is no wrong name: an owner that git distrusts, damage
        first, _, rest = problem.partition("\n")
        hint = " ".join(rest.split()) or "see git status"
        raise PenguinError(f"git can't read {name}: {first}", hint=hint)
    shallow = _ask_git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    if shallow:
        raise PenguinError(
            f"there is no revision {name} here: the clone is shallow",
            hint="fetch it with `git fetch --unshallow`, or in GitHub Actions check out with "
            "fetch-depth: 0",
        )
    raise PenguinError(
        f"there is no revision {name} here",
        hint="name a branch, tag or commit; fetch one of the server's with `git fetch origin`",
    )


def _run_git(root: Path, *arguments: str) -> bytes:
    try:
        done = _ask_git(root, *arguments)
    except (OSError, subprocess.SubprocessError) as error:
        raise PenguinError(f"git failed: {error}", hint="see git status") from None
    if done.returncode:
        problem = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise PenguinError(
            f"git failed: {problem}",
            hint="a clone without blobs lacks old files: fetch them, or clone in full",
        )
    return done.stdout


def _ask_git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = git_environment() | {
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return subprocess.run(  # noqa: S603 - fixed words and a checked revision
        ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's own git
        capture_output=True,
        timeout=_SECONDS,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
