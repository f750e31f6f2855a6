"""A target at work. What a package brings is looked at more closely than what is our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penguin_compile.core.errors import PenguinError
from penguin_compile.model.app import App
from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import Artifact, Placement, Target


def render_target(name: str, app: App, placement: Placement) -> list[Artifact]:
    """The artifacts of a target; PenguinError where a package's target does what it must not."""
    target = load_target(name)
    package = TARGETS.package(name)
    if package is None:
        return list(target.render(app, placement))
    try:
        artifacts = list(target.render(app, placement))
    except PenguinError:
        raise
    except Exception as error:
        problem = f"failed with {type(error).__name__}: {error}"
        raise _wrong(name, package, problem) from error
    _check(name, package, target, artifacts)
    return artifacts


def load_target(name: str) -> Target:
    """The target; PenguinError where a package's entry point stands for something else."""
    target = TARGETS.load(name)
    package = TARGETS.package(name)
    if package is None:
        return target
    if not isinstance(target, Target):
        raise _wrong(name, package, f"is a {type(target).__name__}, where a Target is needed")
    if target.name != name:
        raise _wrong(name, package, f'calls itself "{target.name}": the two names must be one')
    for other in TARGETS:
        if TARGETS.package(other) is None:
            for path in _shared(target.owns, TARGETS.load(other).owns):
                raise _wrong(name, package, f'says that it owns "{path}", which is of "{other}"')
    return target


def _shared(paths: Iterable[str], others: tuple[str, ...]) -> Iterator[str]:
    """Those of the paths that hold or are among the others."""
    for path in paths:
        if path.startswith(others) or any(one.startswith(path) for one in others):
            yield path


def _check(name: str, package: str, target: Target, artifacts: Iterable[object]) -> None:
    for one in artifacts:
        if not isinstance(one, Artifact):
            raise _wrong(name, package, f"yields a {type(one).__name__}, not an Artifact")
        if not isinstance(one.path, str) or not isinstance(one.text, str):
            raise _wrong(name, package, "yields an Artifact whose path or text is no text")
        if not target.owns_path(one.path):
            listed = ", ".join(target.owns) or "nothing"
            raise _wrong(name, package, f'writes "{one.path}", and says that it owns {listed}')


def _wrong(name: str, package: str, problem: str) -> PenguinError:
    return PenguinError(
        f'the target "{name}" of the package {package} {problem}; nothing was written',
        hint=f"mend or update {package}, or switch it off: outputs: {{targets: {{{name}: false}}}}",
    )
