"""The one pipeline: text → load → overlay → shape → lower → link → MODEL → rules, and onwards.

Every command is a prefix of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from penguin_compile.core.diagnostic import Diagnostic, Severity, merge_environments
from penguin_compile.core.errors import FileFailure, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.source.environments import environment_names, resolve_environment
from penguin_compile.source.load import LoadedSpec, collector_paused, load_spec
from penguin_compile.source.tree import Document
from penguin_compile.source.tree import Mapping as Tree

if TYPE_CHECKING:
    from penguin_compile.model.app import App

SPEC_FOLDER = "spec"
UNUSED_ALLOWANCE = "PC313"
_SUFFIXES = frozenset((".yaml", ".yml"))


@dataclass(frozen=True)
class ResolvedApp:
    """One app in one environment: the tree, and the model where the tree has no errors."""

    environment: str
    document: Document
    app: App | None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the resolved spec: comments and layout apart, any change changes it."""
        import hashlib

        import orjson

        try:
            data = orjson.dumps(self.document.root)
        except TypeError:  # an integer of more than 64 bits
            import json

            data = json.dumps(self.document.root, separators=(",", ":")).encode()
        return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class CheckedSpec:
    """One spec after all its environments were checked."""

    loaded: LoadedSpec
    environments: Mapping[str, ResolvedApp]
    findings: list[Diagnostic]

    @property
    def has_errors(self) -> bool:
        """Whether anything stands in the way of compiling it."""
        return any(one.severity is Severity.ERROR for one in self.findings)

    @property
    def name(self) -> str | None:
        """The app's name, as far as it can be read."""
        document = self.loaded.document
        app = document.root.get("app") if document is not None else None
        name = app.get("name") if isinstance(app, Tree) else None
        return name if isinstance(name, str) else None


def find_specs(paths: Iterable[Path]) -> list[Path]:
    """Spec files by name, and those directly in the folders that are named.

    Raises FileFailure where there is none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if is_spec(one) and one.is_file())
            if not inside:
                raise FileFailure(
                    f"there is no spec in the folder {path}",
                    hint=f"write {path / 'myapp.yaml'}; the README shows one of 30 lines",
                )
            found.extend(inside)
        elif not path.exists() and str(path) == SPEC_FOLDER:
            raise FileFailure(
                f"there is no folder {SPEC_FOLDER}/ here, and no spec was named",
                hint="name a spec file or a folder, or change to the repository with -C DIR",
            )
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def is_spec(path: Path) -> bool:
    """Whether a file in a folder of specs is one, by its name."""
    return path.suffix in _SUFFIXES


def check_spec(loaded: LoadedSpec, environments: Collection[str] = ()) -> CheckedSpec:
    """Validate one spec in the environments that are named, or in all of them.

    Raises UsageError for an environment that the spec doesn't have.
    """
    document = loaded.document
    if document is None:
        return CheckedSpec(loaded, {}, loaded.findings)
    names = _chosen_environments(loaded, document, environments)
    findings: list[tuple[str, Diagnostic]] = []
    resolved: dict[str, ResolvedApp] = {}
    with collector_paused():
        for name in names:
            resolved[name], found = _check_environment(document, name)
            findings.extend((name, one) for one in found)
            findings.extend((name, one) for one in loaded.findings)
    every = names == environment_names(document)
    merged = [
        one
        for one in merge_environments(findings, tuple(names))
        # Idle in one environment, an allowance may be needed in another.
        if one.code != UNUSED_ALLOWANCE or (every and not one.environments)
    ]
    return CheckedSpec(loaded, resolved, merged)


def check_file(path: Path, environments: Collection[str] = ()) -> CheckedSpec:
    """Read and validate one spec file."""
    return check_spec(load_spec(path), environments)


def _chosen_environments(
    loaded: LoadedSpec, document: Document, chosen: Collection[str]
) -> list[str]:
    names = environment_names(document)
    for name in chosen:
        if name not in names:
            near = did_you_mean(name, names)
            message = f'{loaded.path} has no environment "{name}"' + (f"; {near}" if near else "")
            raise UsageError(message, hint=f"its environments: {list_names(names)}")
    return [name for name in names if not chosen or name in chosen]


def _check_environment(document: Document, name: str) -> tuple[ResolvedApp, list[Diagnostic]]:
    from penguin_compile.compiler.compose_numbers import check_compose_numbers
    from penguin_compile.compiler.lower import lower
    from penguin_compile.compiler.shape import read_shapes
    from penguin_compile.rules.engine import check_app

    spec, findings = resolve_environment(document, name)
    findings.extend(check_compose_numbers(spec.document))
    shape, shape_findings = read_shapes(spec.document)
    if shape is None:
        findings.extend(shape_findings)
        findings.extend(_check_the_rest(spec.document, shape_findings, name))
        return ResolvedApp(name, spec.document, None), findings
    app = lower(shape, name)
    del shape  # as large as the model; the rules need the memory
    findings.extend(_check_targets(app, spec.document))
    findings.extend(_check_places(app, spec.document, environment_names(document)))
    findings.extend(check_app(app, spec.document))
    return ResolvedApp(name, spec.document, app), findings


def _check_targets(app: App, document: Document) -> Iterator[Diagnostic]:
    """Targets are a registry that packages extend: no shape can list their names."""
    if not app.outputs.targets:
        return
    from penguin_compile.targets import TARGETS

    for name in app.outputs.targets:
        if name not in TARGETS:
            pointer = ("outputs", "targets", name)
            yield Diagnostic(
                code="PC103",
                severity=Severity.ERROR,
                message=f'no target is called "{name}"',
                span=document.key_span(pointer),
                pointer=pointer,
                label=did_you_mean(name, TARGETS),
                help=f"targets that exist: {list_names(TARGETS)}",
            )


def _check_places(
    app: App, document: Document, environments: Collection[str]
) -> Iterator[Diagnostic]:
    """The model holds one environment: what the others are called is known here."""
    for target, place in app.outputs.places.items():
        if place.environment is not None and place.environment not in environments:
            pointer = ("outputs", target, "environment")
            yield Diagnostic(
                code="PC104",
                severity=Severity.ERROR,
                message=f'no environment is called "{place.environment}"',
                span=document.value_span(pointer),
                pointer=pointer,
                label=did_you_mean(place.environment, environments),
                help=f"environments of this spec: {list_names(environments)}",
            )


def _check_the_rest(
    document: Document, findings: list[Diagnostic], environment: str
) -> list[Diagnostic]:
    """What rules find in the parts of a tree that have no shape errors."""
    from penguin_compile.compiler.lower import lower
    from penguin_compile.compiler.mend import mend, untouched
    from penguin_compile.rules.engine import check_app

    shape, mended, removed = mend(document, findings)
    if shape is None:
        return []
    return untouched(check_app(lower(shape, environment), mended), removed)
