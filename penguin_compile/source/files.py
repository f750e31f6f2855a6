"""Where specs are read from: the file system, or something that answers like it.

Under `source/load.py`. A revision of git (`source/revision.py`) is the other one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.span import Source
from penguin_compile.source.text import read_source
from penguin_compile.source.tree import Document
from penguin_compile.source.yaml_events import parse_yaml


class Files(Protocol):
    """Files by their paths, with links."""

    def real_path(self, path: Path) -> Path:
        """Absolute, links followed; a loop of links stays as it is, and fails when it is read."""

    def read(self, path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
        """The text of a file, under the name that a user knows it by, and what is wrong with it.

        Raises FileFailure for a file that is not there or can't be read.
        """

    def parse(self, source: Source) -> tuple[Document | None, list[Diagnostic]]:
        """The tree of a text that was read here; who gets it doesn't change it."""
        return parse_yaml(source)


class FileSystem(Files):
    """The files of this machine."""

    def real_path(self, path: Path) -> Path:
        """Absolute, links followed."""
        return Path(os.path.realpath(path))

    def read(self, path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
        """The text of a file, and what is wrong with it."""
        return read_source(path, shown)


FILE_SYSTEM: Final = FileSystem()
