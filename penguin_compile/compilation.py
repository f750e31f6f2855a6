"""From checked specs to artifacts, and what they change on disk: the pipeline for `compile`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.artifacts.layout import (
    Folder,
    abandoned_folders,
    environment_folder,
    place_artifacts,
    refuse_shared_folders,
    target_folder,
)
from penguin_compile.artifacts.writes import Writes, plan_writes
from penguin_compile.core.errors import UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.pipeline import CheckedSpec, ResolvedApp
from penguin_compile.source.environments import environment_names
from penguin_compile.source.load import LoadedSpec, collector_paused
from penguin_compile.targets import TARGETS
from penguin_compile.targets.rendering import load_target, render_target
from penguin_compile.targets.target import Artifact, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What belongs into one folder: the artifacts of each target, by its name.

    `complete`: files of other targets, from earlier runs, do not belong there. `digest` is the
    resolved spec's; None where the folder's environment is gone, and nothing belongs there.
    """

    folder: Folder
    artifacts: Mapping[str, Sequence[Artifact]]
    digest: str | None
    complete: bool


def compile_spec(
    spec: CheckedSpec, *, out: Path | None = None, targets: Collection[str] = ()
) -> list[Compiled]:
    """The artifacts of a spec that has no errors, folder by folder; nothing is written.

    Of the targets that are named, or of those that the spec switches on. `out` stands for every
    folder that the spec names. Where all targets of all environments are compiled, folders that an
    environment has left behind are among them, with nothing in them.
    """
    names = environment_names(spec.loaded.document) if spec.loaded.document else []
    compiled: list[Compiled] = []
    for resolved in spec.environments.values():
        compiled.extend(_compile_environment(resolved, spec.loaded, out, targets, names))
    if not targets and list(spec.environments) == names:
        compiled.extend(_abandoned(compiled, names))
    return compiled


def _compile_environment(
    resolved: ResolvedApp,
    loaded: LoadedSpec,
    out: Path | None,
    targets: Collection[str],
    environments: Sequence[str],
) -> Iterator[Compiled]:
    app = resolved.app
    if app is None:
        raise UsageError("a spec with errors can't be compiled", hint="run validate first")
    common = environment_folder(app, loaded.root, out)
    chosen: dict[Folder, list[str]] = {} if targets else {common: []}
    for name in targets or TARGETS:
        on = True if targets else app.outputs.targets.get(name)
        # one that is switched off is not even loaded: it may be the one that is broken
        if load_target(name).default if on is None else on:
            own = None if out else target_folder(app, name, loaded.root, environments)
            chosen.setdefault(own or common, []).append(name)
    for folder, names in chosen.items():
        yield Compiled(
            folder=folder,
            artifacts={name: render(resolved, loaded, folder, name) for name in names},
            digest=resolved.digest,
            complete=not targets or folder.target is not None,
        )


def _abandoned(compiled: Sequence[Compiled], environments: Collection[str]) -> list[Compiled]:
    known = {one.folder.path.resolve() for one in compiled}
    found = {
        folder.path: Compiled(folder=folder, artifacts={}, digest=None, complete=True)
        for one in compiled
        if one.folder.target is None
        for folder in abandoned_folders(one.folder, environments)
        if folder.path.resolve() not in known
    }
    return list(found.values())


def render(
    resolved: ResolvedApp, loaded: LoadedSpec, folder: Folder, target: str
) -> list[Artifact]:
    """What one target makes of one app in one environment, for a folder."""
    if resolved.app is None:
        raise UsageError("a spec with errors can't be compiled", hint="run validate first")
    place = Placement(
        spec=Path(loaded.path).name,
        to_root=path_to_root(folder.path, loaded.root),
        alone=folder.target is not None,
    )
    with collector_paused():
        return render_target(target, resolved.app, place)


def path_to_root(folder: Path, root: Path) -> str:
    """From a folder of artifacts to the repository's root.

    A folder outside the repository gets the way of the default layout, so that what is compiled
    there is byte for byte what `generated/` holds.
    """
    resolved = folder.resolve()
    if not resolved.is_relative_to(root):
        return "../../.."
    return Path(os.path.relpath(root, resolved)).as_posix()


def plan_compiled(compiled: Iterable[Compiled]) -> list[Writes]:
    """What has to change on disk, folder by folder.

    Raises UsageError where two folders are one, FileFailure where one can't be read or is not safe
    to write to, PenguinError for an artifact that its reader would refuse.
    """
    every = list(compiled)
    refuse_shared_folders(one.folder for one in every)
    return [_plan_folder(one) for one in every]


def _plan_folder(one: Compiled) -> Writes:
    placed = place_artifacts(one.folder, one.artifacts)
    writes = plan_writes(
        one.folder.path, placed, one.digest, only=None if one.complete else one.artifacts
    )
    if writes.created or writes.changed or writes.edited:
        check_artifacts(artifact for each in one.artifacts.values() for artifact in each)
    return replace(writes, place=one.folder)
