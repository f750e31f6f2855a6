"""The files of a repository that describe an app today: found by name, read with their places.

First step of `init` where no file is named, and of the examples that `explain` shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source
from penguin_compile.intake.compose_file import read_compose_file
from penguin_compile.intake.env_file import EnvFile, read_env_file
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.findings.source_code import read_source_code
from penguin_compile.intake.gateway_file import read_gateway_file
from penguin_compile.source.text import read_source
from penguin_compile.source.tree import Document

_COMPOSE: Final = re.compile(r"(?:docker-)?compose(?:[._-][A-Za-z0-9._-]+)?\.ya?ml\Z")
_ENV: Final = re.compile(
    r"\.env(?:\.[A-Za-z0-9._-]+)?\Z|(?:[A-Za-z0-9_-]+\.)?env\.(?:example|sample)\Z"
)
_GATEWAY_FOLDERS: Final = ("config/marchproxy", "marchproxy")
_GATEWAY: Final = ("import-config.json", "services.json", "mappings.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class TodaysFiles:
    """Paths, each kind in the order in which it is read: a base before what is laid over it."""

    compose: tuple[Path, ...] = ()
    env: tuple[Path, ...] = ()
    gateway: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.compose or self.env or self.gateway)


def find_todays_files(folder: Path) -> TodaysFiles:
    """What a folder holds by the usual names. Raises FileFailure for one that can't be read."""
    try:
        every = sorted(folder.iterdir(), key=lambda one: (len(one.name), one.name))
    except OSError as error:
        raise FileFailure(
            f"can't read the folder {folder}: {error.strerror}", hint="name one that is there"
        ) from None
    files = [one for one in every if one.is_file()]
    gateway = [folder / place / name for place in _GATEWAY_FOLDERS for name in _GATEWAY]
    return TodaysFiles(
        compose=tuple(one for one in files if _COMPOSE.match(one.name)),
        env=tuple(one for one in files if _ENV.match(one.name)),
        gateway=tuple(one for one in gateway if one.is_file()),
    )


def read_todays_files(
    files: TodaysFiles, *, code: Path | None = None, below: str = os.curdir
) -> tuple[Evidence, list[Diagnostic]]:
    """Everything that they state, and what keeps them from being read.

    `code` is a folder to be searched, too. Complaints name files as they are seen from `below`.
    """
    reader = _Reader(below)
    evidence = Evidence(
        compose=reader.compose(files.compose),
        env=reader.env(files.env),
        gateway=reader.gateway(files.gateway),
        code=None if code is None else read_source_code(code),
    )
    return evidence, reader.findings


class _Reader:
    def __init__(self, below: str) -> None:
        self._below = below
        self.findings: list[Diagnostic] = []

    def compose(self, paths: Sequence[Path]) -> list[Document]:
        """The documents of all files."""
        documents: list[Document] = []
        for source in self._sources(paths):
            read, problems = read_compose_file(source)
            documents.extend(one.document for one in read)
            self.findings.extend(problems)
        return documents

    def env(self, paths: Sequence[Path]) -> list[EnvFile]:
        """All env files; their lines that are no assignments are told."""
        files = [read_env_file(source) for source in self._sources(paths)]
        self.findings.extend(one for file in files for one in file.findings)
        return files

    def gateway(self, paths: Sequence[Path]) -> list[Document]:
        """The import files that are any."""
        documents: list[Document] = []
        for path in paths:
            document, problems = read_gateway_file(path, self._shown(path))
            self.findings.extend(problems)
            if document is not None:
                documents.append(document)
        return documents

    def _sources(self, paths: Sequence[Path]) -> Iterator[Source]:
        for path in paths:
            source, problems = read_source(path, self._shown(path))
            self.findings.extend(problems)
            if not problems:
                yield source

    def _shown(self, path: Path) -> str:
        return os.path.relpath(path, self._below)
