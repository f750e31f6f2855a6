"""Names that stand for code which is imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from os import scandir
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.core.suggestion import did_you_mean, list_names

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """A table `name -> "module:attribute"`, extended by an entry point group of packages."""

    def __init__(self, kind: str, table: Mapping[str, str], group: str | None = None) -> None:
        self._kind = kind
        self._table = dict(table)
        self._packages: dict[str, str] = {}
        self._group = group
        self._extended = group is None

    def __iter__(self) -> Iterator[str]:
        """Built-in names first, in the order of the table, then those of packages."""
        self._extend()
        return iter(self._table)

    def __contains__(self, name: object) -> bool:
        return name in self._table or name in list(self)

    @property
    def packages(self) -> frozenset[str]:
        """Those that have brought names, as far as somebody asked for more than the table."""
        return frozenset(self._packages.values())

    def package(self, name: str) -> str | None:
        """The package that brought a name; None for a built-in one."""
        return self._packages.get(name)

    def load(self, name: str) -> Item:
        """Import what the name stands for; UsageError for an unknown name."""
        if name not in self._table:
            self._extend()
        if name not in self._table:
            near = did_you_mean(name, self._table)
            message = f'no {self._kind} is called "{name}"' + (f"; {near}" if near else "")
            raise UsageError(message, hint=f"there are: {list_names(self._table)}")
        module, _, attribute = self._table[name].partition(":")
        package = self._packages.get(name)
        try:
            return cast("Item", getattr(import_module(module), attribute))
        except (ImportError, AttributeError) as error:
            raise self._broken(name, package, str(error)) from error
        except Exception as error:
            if package is None:
                raise
            raise self._broken(name, package, f"{type(error).__name__}: {error}") from error

    def _broken(self, name: str, package: str | None, problem: str) -> PenguinError:
        owner = "" if package is None else f" of the package {package}"
        return PenguinError(
            f'the {self._kind} "{name}"{owner} can\'t be loaded: {problem}',
            hint="install the extra or the package that provides it"
            if package is None
            else f"mend or update {package}, or uninstall it",
        )

    def _extend(self) -> None:
        if self._extended:
            return
        group = cast("str", self._group)
        for entry in sorted(_entry_points(group), key=lambda one: one.name):
            package = str(entry.dist.name)
            if entry.name in self._table:
                owner = self._packages.get(entry.name, "penguin-compile")
                raise PenguinError(
                    f'the packages {owner} and {package} both bring a {self._kind} "{entry.name}"',
                    hint=f"uninstall {package}, or ask its authors for another name",
                )
            self._table[entry.name] = entry.value
            self._packages[entry.name] = package
        self._extended = True


def _entry_points(group: str) -> Any:  # importlib.metadata's types are only for checkers
    if not _may_have_entry_points(group):
        return ()
    from importlib.metadata import entry_points  # a tenth of `compile`: where it finds something

    return entry_points(group=group)


def _may_have_entry_points(group: str) -> bool:
    """Whether an installed package mentions the group; True where files alone can't tell.

    Looks where importlib.metadata would, in a thirtieth of the time.
    """
    if any(hasattr(one, "find_distributions") and one is not PathFinder for one in sys.meta_path):
        return True
    return any(_mentions(folder or ".", group.encode()) for folder in sys.path)


def _mentions(folder: str, group: bytes) -> bool:
    if folder.endswith(".egg"):
        return True
    try:
        with scandir(folder) as entries:
            found = [one.path for one in entries if one.name.endswith((".dist-info", ".egg-info"))]
    except NotADirectoryError:  # an archive
        return True
    except OSError:
        return False
    return any(_holds(Path(one, "entry_points.txt"), group) for one in found)


def _holds(path: Path, text: bytes) -> bool:
    try:
        return text in path.read_bytes()
    except OSError:
        return False
