"""Names that stand for code which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.core.suggestion import did_you_mean, list_names

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """A table `name -> "module:attribute"`, extended by an entry point group of packages."""

    def __init__(self, kind: str, table: Mapping[str, str], group: str | None = None) -> None:
        self._kind = kind
        self._own = frozenset(table)
        self._table = dict(table)
        self._group = group
        self._extended = group is None

    def __iter__(self) -> Iterator[str]:
        """Built-in names first, in the order of the table, then those of packages."""
        self._extend()
        return iter(self._table)

    def __contains__(self, name: object) -> bool:
        return name in self._table or name in list(self)

    def is_built_in(self, name: str) -> bool:
        """Whether it is of this package, and no other one's."""
        return name in self._own

    def load(self, name: str) -> Item:
        """Import what the name stands for; UsageError for an unknown name."""
        if name not in self._table:
            self._extend()
        if name not in self._table:
            near = did_you_mean(name, self._table)
            message = f'no {self._kind} is called "{name}"' + (f"; {near}" if near else "")
            raise UsageError(message, hint=f"there are: {list_names(self._table)}")
        module, _, attribute = self._table[name].partition(":")
        try:
            return cast("Item", getattr(import_module(module), attribute))
        except (ImportError, AttributeError) as error:
            raise PenguinError(
                f'the {self._kind} "{name}" can\'t be loaded: {error}',
                hint="install the extra or the package that provides it",
            ) from error

    def _extend(self) -> None:
        if self._extended:
            return
        self._extended = True
        for entry in sorted(_entry_points(cast("str", self._group)), key=lambda one: one.name):
            self._table.setdefault(entry.name, entry.value)


def _entry_points(group: str) -> Any:  # importlib.metadata's types are only for checkers
    from importlib.metadata import entry_points  # 38 ms: only where packages are asked

    return entry_points(group=group)
