"""Where artifacts stand: in which folder, by which name, and that no two want the same place.

Between the targets and the writer. A folder has a manifest of its own; what stands in it belongs
to one app in one environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from penguin_compile.artifacts.manifest import NAME, parse_manifest
from penguin_compile.core.errors import FileFailure, PenguinError, UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App
from penguin_compile.targets.target import Artifact, Target

OUT_FOLDER = "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that compile writes, and the folder that it may not leave by a link.

    `target` is the only one whose files stand here; None for the environment's folder, which
    holds those of all targets that have no folder of their own.
    """

    path: Path
    within: Path
    app: str
    environment: str
    target: str | None = None

    @property
    def owner(self) -> str:
        """Whose it is, for messages."""
        alone = "" if self.target is None else f", target {self.target}"
        return f"{self.app} in {self.environment}{alone}"


def environment_folder(app: App, root: Path, out: Path | None) -> Folder:
    """`<out>/<app>/<environment>`; `out` is --out, else `outputs.directory`, else `generated`."""
    within, folder = Path(), Path(OUT_FOLDER)
    if out is not None:
        within = folder = out
    elif app.outputs.directory is not None:
        within, folder = root, _shown(root / app.outputs.directory)
    environment = app.environment.name
    return Folder(
        path=folder / app.name / environment, within=within, app=app.name, environment=environment
    )


def target_folder(app: App, target: str, root: Path, environments: Sequence[str]) -> Folder | None:
    """The folder that `outputs.<target>` gives a target in this environment, if any.

    `environments` are all of the spec's.
    """
    place = app.outputs.places.get(target)
    environment = app.environment.name
    if place is None or place.environment not in {None, environment}:
        return None
    folder = root / place.directory
    if place.environment is None and len(environments) > 1:
        folder /= environment
    return Folder(
        path=_shown(folder), within=root, app=app.name, environment=environment, target=target
    )


def _shown(folder: Path) -> Path:
    """A folder of the repository as a person in the working directory writes it."""
    return Path(os.path.relpath(folder))


def abandoned_folders(folder: Folder, environments: Iterable[str]) -> Iterator[Folder]:
    """Folders beside an environment's that bear the name of none: those of removed ones."""
    names = set(environments)
    for manifest in sorted(folder.path.parent.glob(f"*/{NAME}")):
        if manifest.parent.name not in names and _is_ours(manifest):
            yield replace(folder, path=manifest.parent, environment=manifest.parent.name)


def _is_ours(manifest: Path) -> bool:
    try:
        parse_manifest(manifest.read_bytes(), manifest)
    except (OSError, FileFailure):
        return False
    return True


def place_artifacts(folder: Folder, rendered: Mapping[str, Sequence[Artifact]]) -> list[Artifact]:
    """The artifacts of one folder, by their names in it. Raises PenguinError where two clash."""
    from penguin_compile.targets import TARGETS

    if folder.target is not None:
        target = TARGETS.load(folder.target)
        rendered = {
            folder.target: [
                replace(one, path=_path_alone(target, one.path)) for one in rendered[folder.target]
            ]
        }
    _refuse_clashes(folder, rendered)
    return [one for artifacts in rendered.values() for one in artifacts]


def _path_alone(target: Target, path: str) -> str:
    """A path without the folder that sets a target's files apart from those of others."""
    folders = (owned for owned in target.owns if owned.endswith("/"))
    folder = next((owned for owned in folders if path.startswith(owned)), None)
    return path.rpartition("/")[2] if folder is None else path.removeprefix(folder)


def _refuse_clashes(folder: Folder, rendered: Mapping[str, Iterable[Artifact]]) -> None:
    """Where case does not count, as on macOS and Windows, two names in one case are one file."""
    taken: dict[str, tuple[str, str]] = {}
    for target, artifacts in rendered.items():
        for one in artifacts:
            claim = (target, one.path)
            other = taken.setdefault(one.path.casefold(), claim)
            if other is not claim:
                raise PenguinError(_clash(folder, claim, other), hint=_CLASH_HINT)


_CLASH_HINT = "rename one in the spec, or switch a target off in `outputs.targets`"


def _clash(folder: Folder, one: tuple[str, str], other: tuple[str, str]) -> str:
    if one[1] == other[1]:
        return (
            f"target {one[0]} and target {other[0]} want the same file:"
            f" {folder.path / one[1]}; nothing was written"
        )
    return (
        f"{folder.path / one[1]} and {other[1]} are one file where case does not count;"
        " nothing was written"
    )


def refuse_shared_folders(folders: Iterable[Folder]) -> None:
    """Raises UsageError where two of the folders are one, FileFailure where one leads outside."""
    taken: dict[str, Folder] = {}
    for one in folders:
        _refuse_link(one)
        other = taken.setdefault(str(one.path.resolve()).casefold(), one)
        if other is not one:
            raise UsageError(
                f"{one.path} is wanted by {other.owner} and by {one.owner}; nothing was written",
                hint="give each a folder of its own: `outputs`, or the environment's name",
            )


def _refuse_link(folder: Folder) -> None:
    if not folder.path.resolve().is_relative_to(folder.within.resolve()):
        raise FileFailure(
            f"{folder.path} leads out of {folder.within.resolve()} by a link; nothing was written",
            hint="remove the link, or name another folder with --out",
        )
