"""The files of a project: each read once, inside the repository (under `intake/project.py`)."""

from __future__ import annotations

import os
from collections.abc import Mapping as AbstractMapping
from pathlib import Path

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source, Span
from penguin_compile.intake.compose_file import ComposeDocument, read_compose_file
from penguin_compile.intake.env_file import EnvFile, read_env_file
from penguin_compile.source.files import FILE_SYSTEM
from penguin_compile.source.tree import Place

MOST_FILES = 200


class ProjectFiles:
    """Compose files and env files by their paths; `texts` stand for files on the disk."""

    def __init__(self, boundary: Path, texts: AbstractMapping[Path, Source]) -> None:
        self._boundary = FILE_SYSTEM.real_path(boundary)
        self._texts = texts
        self._documents: dict[Path, list[ComposeDocument]] = {}
        self.findings: list[Diagnostic] = []
        self.sources: dict[Path, Source] = {}

    def source(self, path: Path) -> Source:
        """The text of a file. Raises FileFailure."""
        if path in self._texts:
            self.sources.setdefault(path, self._texts[path])
        if path not in self.sources:
            source, findings = FILE_SYSTEM.read(path, shown_name(path))
            self.sources[path] = source
            self.findings.extend(findings)
        return self.sources[path]

    def env_file(self, path: Path, outer: AbstractMapping[str, str]) -> EnvFile:
        """The entries of an env file, whose values may refer to `outer`. Raises FileFailure."""
        env_file = read_env_file(self.source(path), outer)
        self.findings.extend(env_file.findings)
        return env_file

    def documents(self, path: Path) -> list[ComposeDocument]:
        """Those of a Compose file; none where it has errors. Raises FileFailure."""
        if path not in self._documents:
            before = len(self.findings)
            source = self.source(path)
            documents: list[ComposeDocument] = []
            if len(self.findings) == before:
                documents, findings = read_compose_file(source)
                self.findings.extend(findings)
            self._documents[path] = documents
        return self._documents[path]

    def documents_of(self, path: Path, place: Place) -> list[ComposeDocument]:
        """The same of a file that `place` names: what keeps it from being read is told there."""
        if len(self._documents) > MOST_FILES:
            message = f"more than {MOST_FILES} files by `extends` and `include`"
            self.complain("PC108", message, place)
            return []
        try:
            return self.documents(path)
        except FileFailure as failure:
            self.complain("PC552", failure.message, place, "mend the name, or add the file")
            return []

    def has(self, path: Path) -> bool:
        """Whether a Compose file was read."""
        return path in self._documents

    def reach(self, folder: Path, name: str, place: Place) -> Path | None:
        """A file that another one names, if it may be read."""
        if "://" in name or name.startswith("git@") or "\0" in name:
            message = f'"{name}" is not a file of this repository'
            self.complain("PC552", message, place, "fetch it, and name the file")
            return None
        target = FILE_SYSTEM.real_path(folder / name)
        if not target.is_relative_to(self._boundary):
            message = f'"{name}" leads out of the repository'
            help_text = "copy it into the repository; links out of it are not followed"
            self.complain("PC552", message, place, help_text)
            return None
        return target

    def complain(
        self,
        code: str,
        message: str,
        place: Place,
        help_text: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note what is wrong at a place."""
        span = Span(place[0], place[3], place[4])
        self.findings.append(
            Diagnostic(code=code, severity=severity, message=message, span=span, help=help_text)
        )


def shown_name(path: Path) -> str:
    """A file's name as a user knows it: from the working directory, where it is below that."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") and path.is_absolute() else relative
