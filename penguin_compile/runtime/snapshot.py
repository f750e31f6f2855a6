"""All settings at one moment. Nothing in it changes: a change of the table makes another one.

Made by the watcher from a SELECT; what a reader holds stays as it is. A value is looked for when it
is first read, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.runtime.resolution import Resolver, Source
from penguin_compile.runtime.table import Rows

# What the classes of readers have themselves: such a key is read by `settings["source"]`.
METHODS: Final = frozenset(("close", "explain", "on_change", "refresh", "snapshot", "source"))


class Values(dict[str, Any]):
    """Values that were read already; another is found by `resolver` and kept.

    It is the `__dict__` of those who read it, so that a setting costs what an attribute costs.
    """

    __slots__ = ("resolver", "rows")

    def __init__(self, resolver: Resolver, rows: Rows) -> None:
        super().__init__()
        self.resolver = resolver
        self.rows = rows

    def __missing__(self, key: str) -> Any:
        value = self.resolver.resolve(key, self.rows.get(key)).value
        if key not in METHODS and not key.startswith("_"):  # it would hide what the reader has
            self[key] = value
        return value

    def __repr__(self) -> str:
        return f"<settings of {self.resolver.manifest.app}>"

    def knows(self, key: object) -> bool:
        """Whether the spec or the table has the key."""
        return key in self.rows or key in self.resolver.manifest


class Reader:
    """Reads one Values after another; each change puts a whole one in the place of the last."""

    __slots__ = ("__dict__",)
    __dict__: Values

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    def __contains__(self, key: object) -> bool:
        return self.__dict__.knows(key)

    def __iter__(self) -> Iterator[str]:
        """The spec's keys, in its order."""
        return iter(self.__dict__.resolver.manifest)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            raise AttributeError(f"{name}: settings are changed in their table, not here")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return repr(self.__dict__)

    def __reduce_ex__(self, _protocol: object) -> str:
        raise TypeError("settings may hold secrets: they are neither pickled nor copied")

    def source(self, key: str) -> Source:
        """Where the value comes from: `database`, `environment`, `default` or `nowhere`."""
        values = self.__dict__
        return values.resolver.resolve(key, values.rows.get(key)).source

    def explain(self, key: str) -> str:
        """What each source says of a key, for people; secrets are masked."""
        values = self.__dict__
        return values.resolver.explain(key, values.rows.get(key))


class TypedSnapshot(Reader):
    """What a generated `settings.pyi` declares the keys of."""

    __slots__ = ()

    def __init__(self, values: Values) -> None:
        self.__dict__ = values


def read_attribute(reader: Reader, name: str) -> Any:
    """A setting that is read for the first time since the last change."""
    values = reader.__dict__
    if not isinstance(values, Values):  # not yet there: copied, or unpickled
        raise AttributeError(name)  # noqa: TRY004  # the protocol
    return values[name]


class Snapshot(TypedSnapshot):
    """All settings at one moment: `snapshot.smtp_port`, or `snapshot["api.key"]`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    else:
        __getattr__ = read_attribute
