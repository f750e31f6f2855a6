"""What a target is: a function from the model to files, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App

RESOURCE_KINDS = (
    "service",
    "route",
    "setting",
    "variable",
    "tier",
    "feature",
    "metric",
    "waddleai",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file to be written. `path` is relative to the environment's folder, with slashes.

    `notices` are things a person should know about what it could not say.
    """

    path: str
    text: str
    executable: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where artifacts will stand, as far as their text depends on it.

    `spec` is the spec's file name, for the first line of artifacts; `to_root` leads from their
    folder to the root of the repository, such as `../../..`. `alone`: the folder is the target's
    own, so that the first folder of its paths is left out.
    """

    spec: str
    to_root: str
    alone: bool = False

    def way_up(self, folder: str) -> str:
        """From a target's folder, such as `compose`, to the root of the repository."""
        steps = 0 if self.alone else folder.count("/") + 1
        return "../" * steps + self.to_root


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One kind of output.

    `renders` and `ignores` name every one of RESOURCE_KINDS between them, the ignored ones with
    the reason; a test makes sure that a new kind is not forgotten. `owns` are the paths that are
    its own, folders with a slash at the end: what it no longer renders there is removed.
    """

    name: str
    render: Callable[[App, Placement], Iterable[Artifact]]
    renders: frozenset[str]
    owns: tuple[str, ...]
    ignores: Mapping[str, str] = field(default_factory=dict)
    default: bool = True

    def owns_path(self, path: str) -> bool:
        """Whether a path in an environment's folder is one of its own."""
        folders = tuple(one for one in self.owns if one.endswith("/"))
        return path in self.owns or (path.startswith(folders) and ".." not in path.split("/"))
