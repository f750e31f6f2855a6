"""Taking an app on: from its files to a spec that compiles to what they mean (`init`).

The spec is checked and compiled before it is written, and the Compose file that comes out is
compared with the one that went in, key by key. What the language forbids and the files have is
mended here, each mend told with its reason.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguin_compile.compilation import compile_spec
from penguin_compile.core.diagnostic import Diagnostic, sort_diagnostics
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.span import Source
from penguin_compile.intake.found import Found
from penguin_compile.intake.intake import Intake, draft_project
from penguin_compile.intake.meaning import Difference, compare
from penguin_compile.intake.mending import Mender
from penguin_compile.intake.merging import merge_found
from penguin_compile.intake.normal_form import normalise
from penguin_compile.intake.project import project_name, read_project
from penguin_compile.intake.spec_text import write_spec
from penguin_compile.pipeline import CheckedSpec, check_spec
from penguin_compile.source.load import find_root, load_text

_MOST_ROUNDS = 8
_TARGET = "compose"
_LONGEST_NAME = 40
_TEMPLATE = Path(__file__).parent / "intake" / "first_spec.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What `init` is asked for; the spec goes to `directory`/spec/<app>.yaml."""

    directory: Path
    compose_files: Sequence[Path] = ()
    env_files: Sequence[Path] = ()
    found: Sequence[Found] = ()
    app: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """The spec and its account. `checked` is what `validate` says of it.

    `compiled` tells whether the round trip was gone; `differences` are what it changed.
    """

    path: Path
    text: str
    intake: Intake
    checked: CheckedSpec
    compiled: bool
    differences: Sequence[Difference]

    @property
    def findings(self) -> list[Diagnostic]:
        """What is wrong with the files of the app."""
        return sort_diagnostics(self.intake.findings)

    @property
    def unexplained(self) -> list[Difference]:
        """Differences that nobody intended: a gap of this program."""
        return [one for one in self.differences if one.reason is None]


def adopt(request: Request) -> Adoption:
    """A spec for an app, checked, compiled and compared; nothing is written.

    Raises FileFailure where the files can't be read, or say what Compose would refuse.
    """
    directory = request.directory
    boundary = _boundary(directory)
    for one in (*request.compose_files, *request.env_files):
        _refuse_link(one, boundary)
    project = read_project(
        list(request.compose_files),
        list(request.env_files),
        directory=request.compose_files[0].parent if request.compose_files else directory,
        boundary=boundary,
    )
    app = app_name(request.app or _name_there(request.found) or project.own_name)
    path = directory / "spec" / f"{app}.yaml"
    start = boundary if (boundary / ".git").exists() else directory
    prefix = os.path.relpath(os.path.abspath(project.directory), os.path.abspath(start))  # noqa: PTH100
    intake = draft_project(project, app, Path(prefix).as_posix())
    for found in request.found:
        merge_found(intake.draft, found, intake.secrets)
    if not project.services:  # nothing of Compose is there to be the same
        intake.draft.compose.clear()
    return _checked(intake, path, directory)


def _name_there(found: Sequence[Found]) -> str | None:
    """The app's name on a live gateway: with another, plan would take nothing there for its own."""
    return next((one.app for one in found if one.gateway is not None), None)


def app_name(text: str) -> str:
    """A name as the language wants it for an app: an RFC 1123 label of at most 40 characters."""
    name = project_name(text).replace("_", "-").strip("-")
    return name[:_LONGEST_NAME].rstrip("-") or "app"


def _boundary(directory: Path) -> Path:
    """The repository that a folder is in, or the folder itself."""
    return find_root(Path(os.path.realpath(directory)) / "spec.yaml")


def _refuse_link(path: Path, boundary: Path) -> None:
    """A link may not lead out of the repository; a file that is named outright may lie there."""
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(boundary):
        raise FileFailure(
            f"{path} is a link that leads out of the repository",
            hint="name the file that it leads to, or copy it into the repository",
        )


def _checked(intake: Intake, path: Path, directory: Path) -> Adoption:
    mender = Mender(intake)
    for _ in range(_MOST_ROUNDS):
        text = write_spec(intake.draft)
        checked = _check(text, path)
        app = next((one.app for one in checked.environments.values()), None)
        if not mender.mend(checked.findings, app):
            break
    compiled = _compile(checked, directory)
    differences: list[Difference] = []
    if compiled is not None and intake.project.services:
        differences = _compare(intake, compiled)
    return Adoption(
        path=path,
        text=text,
        intake=intake,
        checked=checked,
        compiled=compiled is not None,
        differences=differences,
    )


def _check(text: str, path: Path) -> CheckedSpec:
    return check_spec(load_text(Source(str(path), text), path, []))


def _compile(checked: CheckedSpec, directory: Path) -> Source | None:
    """The Compose file that `compile` would write, under the name that it would have."""
    if checked.has_errors:
        return None
    for one in compile_spec(checked, out=directory / "generated", targets=(_TARGET,)):
        for artifact in one.artifacts.get(_TARGET, ()):
            return Source(str(one.folder.path / artifact.path), artifact.text)
    return None


def _compare(intake: Intake, compiled: Source) -> list[Difference]:
    """The compiled file against the files, both read with the same env file.

    What stood in the files as a secret is brought, as a deployment has to bring it.
    """
    before = intake.project
    brought = {one.name: one.value for one in intake.draft.brought.values()}
    path = Path(compiled.path)
    after = read_project(
        [path],
        [],
        directory=path.parent,
        boundary=before.directory,
        texts={path: compiled},
        environment={**before.environment, **brought},
    )
    return compare(normalise(before), normalise(after), intake.draft.intentions)


def first_spec(directory: Path, app: str | None) -> tuple[Path, str]:
    """Where a spec goes that is taken from nothing, and its text: an example to change."""
    name = app_name(app or os.path.basename(os.path.realpath(directory)))  # noqa: PTH119
    text = _TEMPLATE.read_text(encoding="utf-8").replace("myapp", name)
    return directory / "spec" / f"{name}.yaml", text
