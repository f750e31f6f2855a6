"""The file system for many specs in one process: what several import is read and parsed once.

For the length of one run: what was read once is not looked at again. It remembers what a result
depends on, so that a later run can tell whether it still holds.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source
from penguin_compile.source.files import FileSystem
from penguin_compile.source.text import decode_source, read_bytes
from penguin_compile.source.tree import Document
from penguin_compile.source.yaml_events import parse_yaml

_MOST = 256  # texts that are kept; those that are imported often come back first


class SharedFiles(FileSystem):
    """Files that are kept once they were read, and a note of what each spec has asked for.

    `hashes` has the SHA-256 of the bytes of what the spec has read since `begin`, by path; None
    for a file that can't be read. `links` are paths that lead elsewhere, and where to.
    """

    def __init__(self) -> None:
        self.hashes: dict[str, str | None] = {}
        self.links: dict[str, str] = {}
        self._read: dict[tuple[Path, str], tuple[Source, list[Diagnostic], str]] = {}
        self._parsed: dict[Source, tuple[Document | None, list[Diagnostic]]] = {}
        self._spec: Path | None = None

    def begin(self, spec: Path) -> None:
        """A new spec: what it reads is noted from here on, and it is itself not kept."""
        self.hashes, self.links, self._spec = {}, {}, spec

    def forget(self) -> None:
        """Read everything anew from here on."""
        self._read.clear()
        self._parsed.clear()

    def real_path(self, path: Path) -> Path:
        """Absolute, links followed."""
        real = super().real_path(path)
        whole = os.path.abspath(path)  # noqa: PTH100 - without following links
        if str(real) != whole:
            self.links[whole] = str(real)
        return real

    def read(self, path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
        """The text of a file, and what is wrong with it; read once."""
        key = (path, shown)
        name = os.path.abspath(path)  # noqa: PTH100
        if key not in self._read:
            try:
                data = read_bytes(path, shown)
            except FileFailure:
                self.hashes[name] = None
                raise
            read = (*decode_source(data, shown), sha256(data).hexdigest())
            if path == self._spec:
                self.hashes[name] = read[2]
                return read[:2]
            if len(self._read) >= _MOST:
                self.forget()
            self._read[key] = read
        source, findings, digest = self._read[key]
        self.hashes[name] = digest
        return source, findings

    def parse(self, source: Source) -> tuple[Document | None, list[Diagnostic]]:
        """The tree of a text; that of an import is made once."""
        if source.path == str(self._spec):
            return parse_yaml(source)
        if source not in self._parsed:
            self._parsed[source] = parse_yaml(source)
        return self._parsed[source]
