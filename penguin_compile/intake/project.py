"""An app's Compose files as one model: merged, extended, included, interpolated (`init`).

Every text knows what is written (`Resolved.raw`) and where. Source of the order: the Compose
specification, "Merge", "Extend" and "Include", as its reference implementation does it: each
document is interpolated, then its `extends` and its `include` are resolved, then it is laid over
those before it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source
from penguin_compile.intake.compose_file import (
    Interpolator,
    Tagged,
)
from penguin_compile.intake.compose_merge import (
    CannotMerge,
    merge_models,
    merge_services,
    settle,
)
from penguin_compile.intake.env_file import EnvFile
from penguin_compile.intake.interpolation import (
    BadInterpolation,
    Part,
    Reference,
    Resolved,
    evaluate,
    map_references,
    parse,
    write,
)
from penguin_compile.intake.project_files import ProjectFiles
from penguin_compile.intake.source_paths import SourcePaths
from penguin_compile.source.files import FILE_SYSTEM
from penguin_compile.source.tree import Mapping, Place, Sequence

DEEPEST = 20
RESOURCES = ("services", "networks", "volumes", "secrets", "configs", "models")
_NOT_IN_NAMES = re.compile(r"[^-_a-z0-9]")


@dataclass(slots=True, kw_only=True)
class ComposeProject:
    """All Compose files of an app as one. Paths are relative to `directory`.

    `name` is the project's with that environment, `own_name` without any, `stated_name` what is
    written under `name:`. `environment` is what `${…}` is filled from; `given` has the env files of
    each service.
    """

    directory: Path
    name: str
    own_name: str = ""
    stated_name: str | None = None
    services: Mapping
    top: Mapping
    environment: dict[str, str]
    env_files: list[EnvFile]
    given: dict[str, list[EnvFile]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether Compose would refuse it, so that nobody can say what it means."""
        return any(one.severity is Severity.ERROR for one in self.findings)


def project_name(text: str) -> str:
    """A name as Compose takes it for a project: lower case, letters, digits, `-` and `_`."""
    return _NOT_IN_NAMES.sub("", text.lower()).lstrip("_-")


def read_project(
    files: list[Path],
    env_files: list[Path],
    *,
    directory: Path | None = None,
    boundary: Path | None = None,
    texts: AbstractMapping[Path, Source] | None = None,
    environment: AbstractMapping[str, str] | None = None,
) -> ComposeProject:
    """The model of Compose files, in the order in which Compose is given them.

    Without env files, `.env` beside the first one is read, as Compose does. What `include`,
    `extends` and `env_file` name must be inside `boundary`. `texts` stand for files on the disk.
    `environment` stands for all env files. Raises FileFailure for a named file that can't be read.
    """
    folder = (directory or files[0].parent) if files or directory else Path()
    sources = ProjectFiles(boundary or folder, texts or {})
    reader = _Reader(folder, sources)
    beside = [one for one in (folder / ".env",) if environment is None and one.is_file()]
    chosen = env_files or beside
    outer: dict[str, str] = dict(environment or {})
    read: list[EnvFile] = []
    for path in chosen:
        env_file = sources.env_file(path, outer)
        read.append(env_file)
        outer.update(env_file.values)
    stated = reader.stated_name(files)
    folder_name = os.path.basename(os.path.realpath(folder))  # noqa: PTH119 - a link's target
    own_name = reader.name_project(stated, {}) or project_name(folder_name) or "app"
    given_name = project_name(outer.get("COMPOSE_PROJECT_NAME") or "")
    name = given_name or reader.name_project(stated, outer) or own_name
    reader.project = name
    model = reader.model(files, folder, outer, ())
    top = Mapping()
    for key, item in model.items():
        if key not in {"services", "name", "version", "include"}:
            top.put(key, item, model.places[key])
    services = model.get("services")
    project = ComposeProject(
        directory=folder,
        name=name,
        own_name=own_name,
        stated_name=stated,
        services=services if isinstance(services, Mapping) else Mapping(),
        top=top,
        environment=outer,
        env_files=read,
        findings=sources.findings,
    )
    reader.read_given(project)
    reader.check(project)
    project.sources = list(sources.sources.values())
    return project


class _Reader:
    """Resolves `extends` and `include`, and lays documents over one another."""

    def __init__(self, folder: Path, files: ProjectFiles) -> None:
        self._folder = folder
        self._files = files
        self.project = ""

    def stated_name(self, files: list[Path]) -> str | None:
        """What is written under `name:`; the last of several files counts."""
        stated = [
            document.root["name"]
            for path in files
            for document in self._files.documents(path)
            if isinstance(document.root.get("name"), str)
        ]
        return stated[-1] if stated else None

    def name_project(self, stated: str | None, environment: AbstractMapping[str, str]) -> str:
        """The project's name by its files; empty where they don't say."""
        try:
            parts = parse(stated or "")
        except BadInterpolation:  # told where the file is read
            return ""
        return project_name(evaluate(parts, environment.get, lambda _: ""))

    def model(
        self,
        files: list[Path],
        folder: Path,
        environment: dict[str, str],
        chain: tuple[Path, ...],
        own: frozenset[str] = frozenset(),
    ) -> Mapping:
        """Files laid over one another; `own` are variables that are known in these alone."""
        merged: Mapping | None = None
        for path in files:
            for document in self._files.documents(path):
                lookup = self._lookup(environment)
                filled = Interpolator(lookup, self._files.findings).fill(document)
                if own:
                    filled = _localised(filled, environment, own)
                self._extend_all(filled, path, folder, environment)
                self._include_all(filled, folder, environment, (*chain, path))
                try:
                    merged = settle(filled) if merged is None else merge_models(merged, filled)
                except CannotMerge as error:
                    message = f"{error}: it can't be laid over what earlier files say"
                    help_text = "one is a list and the other a mapping, or a single value"
                    self._files.complain("PC551", message, error.place, help_text)
        return Mapping() if merged is None else merged

    def _lookup(self, environment: dict[str, str]) -> Any:
        def find(name: str) -> str | None:
            if name == "COMPOSE_PROJECT_NAME" and name not in environment:
                return self.project
            return environment.get(name)

        return find

    def _extend_all(
        self, model: Mapping, path: Path, folder: Path, environment: dict[str, str]
    ) -> None:
        services = model.get("services")
        if not isinstance(services, Mapping):
            return
        done: dict[str, Any] = {}
        for name in services:
            done[name] = self._extended(name, services, path, folder, environment, ())
        for name, service in done.items():
            services[name] = service

    def _extended(
        self,
        name: str,
        services: Mapping,
        path: Path,
        folder: Path,
        environment: dict[str, str],
        chain: tuple[tuple[Path, str], ...],
    ) -> Any:
        """A service with what it extends below it; `folder` is where file names start."""
        service = services[name]
        stated = service.get("extends") if isinstance(service, Mapping) else None
        if stated is None or isinstance(stated, Tagged):
            return service
        place = service.places["extends"]
        own = Mapping()
        for key, item in service.items():
            if key != "extends":
                own.put(key, item, service.places[key])
        base = self._base(name, stated, place, services, path, folder, environment, chain)
        if not isinstance(base, Mapping):
            return own
        try:
            return merge_services(settle(base), own)
        except CannotMerge as error:
            self._files.complain(
                "PC551", f"{error}: it can't be laid over what it extends", error.place
            )
            return own

    def _base(
        self,
        name: str,
        stated: Any,
        place: Place,
        services: Mapping,
        path: Path,
        folder: Path,
        environment: dict[str, str],
        chain: tuple[tuple[Path, str], ...],
    ) -> Any:
        """The service that is extended, whole; None where it can't be had."""
        wanted = str(stated.get("service")) if isinstance(stated, Mapping) else str(stated)
        file = stated.get("file") if isinstance(stated, Mapping) else None
        target = path if file is None else self._files.reach(folder, str(file), place)
        chain = (*chain, (path, name))
        if target is None:
            return None
        if (target, wanted) in chain or len(chain) > DEEPEST:
            self._files.complain("PC552", f'"{name}" extends itself, by way of "{wanted}"', place)
            return None
        if file is not None:
            services = self._services_of(target, place, environment)
        if wanted not in services:
            where = "there" if file is None else f"in {file}"
            self._files.complain(
                "PC552", f'"{name}" extends "{wanted}", which is not {where}', place
            )
            return None
        if file is None:
            return self._extended(wanted, services, path, folder, environment, chain)
        base = settle(self._extended(wanted, services, target, target.parent, environment, chain))
        prefix = os.path.relpath(target.parent, folder)
        if isinstance(base, Mapping) and prefix != ".":
            SourcePaths(prefix).rewrite_service(base)
        return base

    def _services_of(self, path: Path, place: Place, environment: dict[str, str]) -> Mapping:
        """All services of another file."""
        services = Mapping()
        for document in self._files.documents_of(path, place):
            filled = Interpolator(self._lookup(environment), self._files.findings).fill(document)
            listed = filled.get("services")
            if isinstance(listed, Mapping):
                services.update(listed)
                services.places.update(listed.places)
        return services

    def _include_all(
        self,
        model: Mapping,
        folder: Path,
        environment: dict[str, str],
        chain: tuple[Path, ...],
    ) -> None:
        stated = model.pop("include", None)
        if stated is None:
            return
        place = model.places["include"]
        if not isinstance(stated, Sequence):
            self._files.complain("PC551", "`include` is a list of files", place)
            return
        for entry, where in zip(stated, stated.places, strict=True):
            included = self._included(settle(entry), where, folder, environment, chain)
            if included is not None:
                self._take_in(included, model, where)

    def _included(
        self,
        entry: Any,
        place: Place,
        folder: Path,
        environment: dict[str, str],
        chain: tuple[Path, ...],
    ) -> Mapping | None:
        paths = _texts(entry.get("path")) if isinstance(entry, Mapping) else _texts(entry)
        found = [self._files.reach(folder, one, place) for one in paths]
        files = [one for one in found if one is not None]
        if not files or len(files) < len(found):
            return None
        if set(files) & {FILE_SYSTEM.real_path(one) for one in chain} or len(chain) > DEEPEST:
            self._files.complain("PC552", f'the include "{paths[0]}" leads back to itself', place)
            return None
        own = entry.get("project_directory") if isinstance(entry, Mapping) else None
        inner = files[0].parent if own is None else (folder / str(own))
        stated = _texts(entry.get("env_file")) if isinstance(entry, Mapping) else []
        brought: dict[str, str] = {}
        names = [self._files.reach(folder, one, place) for one in stated]
        beside = inner / ".env"
        for path in [one for one in names if one] if stated else [beside]:
            if stated or path.is_file():
                brought.update(self._files.env_file(path, {**brought, **environment}).values)
        for one in files:
            self._files.documents_of(one, place)
        if any(not self._files.has(one) for one in files):
            return None
        only = frozenset(brought.keys() - environment.keys())
        model = self.model(files, inner, {**brought, **environment}, chain, only)
        prefix = os.path.relpath(inner, folder)
        if prefix != ".":
            _rewrite_model(model, SourcePaths(prefix))
        return model

    def _take_in(self, included: Mapping, model: Mapping, place: Place) -> None:
        for kind in RESOURCES:
            brought = included.get(kind)
            if not isinstance(brought, Mapping):
                continue
            present = model.get(kind)
            if not isinstance(present, Mapping):
                present = Mapping()
                model.put(kind, present, included.places[kind])
            for name, item in brought.items():
                if name in present and settle(present[name]) != item:
                    message = f"{kind}.{name} is in the included file, too, and differs"
                    help_text = "Compose refuses that: lay an override over it with a list of paths"
                    self._files.complain("PC551", message, place, help_text)
                elif name not in present:
                    present.put(name, item, brought.places[name])

    def read_given(self, project: ComposeProject) -> None:
        """The env files of services; one that is missing is told, and the rest goes on."""
        for name, service in project.services.items():
            stated = service.get("env_file") if isinstance(service, Mapping) else None
            if stated is None:
                continue
            place = service.places["env_file"]
            entries = stated if isinstance(stated, list) else [stated]
            for entry in entries:
                self._give(project, name, entry, place)

    def _give(self, project: ComposeProject, name: str, entry: Any, place: Place) -> None:
        path = str(entry.get("path")) if isinstance(entry, Mapping) else str(entry)
        required = entry.get("required", True) if isinstance(entry, Mapping) else True
        target = self._files.reach(project.directory, path, place)
        if target is None:
            return
        if not target.is_file():
            if required is not False:
                message = f'the env file "{path}" of "{name}" is not there'
                help_text = "what it gives the container can't be told; Compose will want it"
                self._files.complain("PC552", message, place, help_text, Severity.WARNING)
            return
        files = project.given.setdefault(name, [])
        files.append(self._files.env_file(target, project.environment))

    def check(self, project: ComposeProject) -> None:
        """What Compose would refuse of the whole; the files say what they mean all the same."""
        for name, service in project.services.items():
            keys = service if isinstance(service, Mapping) else {}
            place = project.services.places[name]
            if not {"image", "build", "provider"} & {key for key, one in keys.items() if one}:
                message = f'the service "{name}" has neither an image nor a build context'
                help_text = "is this file laid over another one? name that one first"
                self._files.complain("PC551", message, place, help_text, Severity.WARNING)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _rewrite_model(model: Mapping, paths: SourcePaths) -> None:
    services = model.get("services")
    for service in services.values() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping):
            paths.rewrite_service(service)
    paths.rewrite_top(model)


def _localised(tree: Any, environment: dict[str, str], own: frozenset[str]) -> Any:
    """Texts of an included file whose variables come from its own env file carry their values."""

    def carry(reference: Reference) -> Part:
        if reference.name not in own or reference.operator.endswith("+"):
            return reference
        return Reference(reference.name, "-", (environment[reference.name],))

    def walk(value: Any) -> Any:
        if isinstance(value, Resolved):
            return Resolved(str(value), write(map_references(parse(value.raw), carry)))
        if isinstance(value, Tagged):
            return Tagged(value.tag, walk(value.value))
        if isinstance(value, Mapping):
            for key, item in value.items():
                value[key] = walk(item)
        elif isinstance(value, Sequence):
            for index, item in enumerate(value):
                value[index] = walk(item)
        return value

    return walk(tree)
