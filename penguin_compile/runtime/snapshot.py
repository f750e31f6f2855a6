"""All settings at one moment. Nothing in it changes: a change of the table makes another one.

Made by the watcher from a SELECT; what a reader holds stays as it is. A value is looked for when it
is first read, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from penguin_compile.runtime.resolution import Resolver, Source
from penguin_compile.runtime.table import Rows


class Values(dict[str, Any]):
    """Values that were read already; another is found by `resolver` and kept."""

    __slots__ = ("resolver", "rows")

    def __init__(self, resolver: Resolver, rows: Rows) -> None:
        super().__init__()
        self.resolver = resolver
        self.rows = rows

    def __missing__(self, key: str) -> Any:
        value = self.resolver.resolve(key, self.rows.get(key)).value
        self[key] = value
        return value

    def knows(self, key: object) -> bool:
        """Whether the spec or the table has the key."""
        return key in self.rows or key in self.resolver.manifest


class TypedSnapshot:
    """What a generated `settings.pyi` declares the keys of."""

    __slots__ = ("_values",)

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return self._values.knows(key)

    def __iter__(self) -> Iterator[str]:
        """The spec's keys, in its order."""
        return iter(self._values.resolver.manifest)

    def source(self, key: str) -> Source:
        """Where the value comes from: `database`, `environment`, `default` or `nowhere`."""
        return self._values.resolver.resolve(key, self._values.rows.get(key)).source

    def __repr__(self) -> str:
        return f"<settings of {self._values.resolver.manifest.app}>"


class Snapshot(TypedSnapshot):
    """All settings at one moment: `snapshot.smtp_port`, or `snapshot["api.key"]`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    else:

        def __getattr__(self, name: str) -> Any:
            if name == "_values":  # not yet there: copied, or unpickled
                raise AttributeError(name)
            return self._values[name]
