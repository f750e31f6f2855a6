"""The Python API: the pipeline for programs, as far as it needs no live system. Writes nothing.

Users import it from `penguin_compile`; docs/python-api.md shows it at work.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.pipeline import CheckedSpec, check_file, check_spec

if TYPE_CHECKING:
    from penguin_compile.core.diagnostic import Diagnostic
    from penguin_compile.targets.target import Artifact

SpecPath: TypeAlias = str | os.PathLike[str]

__all__ = ["Checked", "Compiled", "Finding", "PenguinError", "SpecError", "check", "compile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One complaint about a spec, with the fields of `validate --format json`.

    `severity` is `error`, `warning` or `info`; lines and columns count from 1; `environments` is
    empty where it holds for all of them.
    """

    code: str
    severity: str
    message: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    pointer: str
    environments: tuple[str, ...]
    help: str | None
    related: tuple[Mapping[str, Any], ...]

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}:{self.column}: {self.severity}[{self.code}]: {self.message}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A spec after `check`: what was found, in all environments that were asked for.

    `report` is the findings as `validate` prints them, `""` where there are none.
    """

    app: str | None
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]
    report: str

    @property
    def ok(self) -> bool:
        """Whether it compiles: warnings may be left."""
        return not any(one.severity == "error" for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a spec compiles to: `files[environment][path]` is the text of an artifact.

    Paths are those below `generated/<app>/<environment>/`, the manifest left out, also where
    `outputs` gives a target a folder of its own. `notices` are the notes that `compile` prints,
    `findings` the warnings that are left.
    """

    app: str
    files: Mapping[str, Mapping[str, str]]
    notices: tuple[str, ...]
    findings: tuple[Finding, ...]


class SpecError(PenguinError):
    """The spec has errors. `str()` of it shows each at its place; `findings` holds them."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(checked.report.rstrip("\n"), hint="mend the spec")
        self.findings = checked.findings


def check(
    spec: SpecPath, *, text: str | None = None, environments: Collection[str] | None = None
) -> Checked:
    """All findings of a spec, in the environments that are named or in all of them.

    With `text`, that is checked in place of the file, which need not exist: imports are found
    beside it. Raises PenguinError for a file that can't be read and an environment that the spec
    doesn't have; mistakes in the spec are findings.
    """
    return _checked(_read(spec, text, environments))


def compile(  # noqa: A001  # it is called penguin_compile.compile
    spec: SpecPath,
    *,
    text: str | None = None,
    environments: Collection[str] | None = None,
    targets: Collection[str] | None = None,
) -> Compiled:
    """What `penguin-compile compile` would write, as texts: nothing is written.

    `environments` and `targets` are those that are named, else all environments and the targets
    that are on. Raises SpecError for a spec with errors, and PenguinError for what `check` raises
    it for, an unknown target, and a target that fails.
    """
    read = _read(spec, text, environments)
    checked = _checked(read)
    if not checked.ok or checked.app is None:
        raise SpecError(checked)
    artifacts = _render(read, targets or ())
    return Compiled(
        app=checked.app,
        files={
            name: {one.path: one.text for one in rendered} for name, rendered in artifacts.items()
        },
        notices=tuple(
            f"{name}/{one.path}: {notice}"
            for name, rendered in artifacts.items()
            for one in rendered
            for notice in one.notices
        ),
        findings=checked.findings,
    )


def _read(spec: SpecPath, text: str | None, environments: Collection[str] | None) -> CheckedSpec:
    path = Path(spec)
    if "\n" in str(path):
        raise UsageError(
            "a spec's text was given where its path goes",
            hint='penguin_compile.compile("spec/myapp.yaml", text=text)',
        )
    if text is None:
        return check_file(path, environments or ())
    from penguin_compile.core.span import Source
    from penguin_compile.source.load import load_text

    return check_spec(load_text(Source(str(path), text), path, []), environments or ())


def _checked(read: CheckedSpec) -> Checked:
    from penguin_compile.report.diagnostics_text import render_diagnostics

    return Checked(
        app=read.name,
        environments=tuple(read.environments),
        findings=tuple(map(_finding, read.findings)),
        report=render_diagnostics(read.findings) if read.findings else "",
    )


def _finding(diagnostic: Diagnostic) -> Finding:
    from penguin_compile.report.diagnostics_json import diagnostic_data

    data = diagnostic_data(diagnostic)
    for name in ("environments", "related"):
        data[name] = tuple(data[name])
    return Finding(**data)


def _render(read: CheckedSpec, targets: Collection[str]) -> dict[str, list[Artifact]]:
    """The artifacts by environment, as for the repository's own folder from wherever called."""
    from penguin_compile.artifacts.check import check_artifacts
    from penguin_compile.artifacts.layout import OUT_FOLDER
    from penguin_compile.compilation import compile_spec

    artifacts: dict[str, list[Artifact]] = {}
    for one in compile_spec(read, out=read.loaded.root / OUT_FOLDER, targets=targets):
        if one.digest is not None:
            rendered = [artifact for each in one.artifacts.values() for artifact in each]
            check_artifacts(rendered)
            artifacts[one.folder.environment] = rendered
    return artifacts
