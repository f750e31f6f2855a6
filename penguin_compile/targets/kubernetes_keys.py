"""The keys of a Compose service while Kubernetes takes them one by one (target `kubernetes`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from penguin_compile.targets.kubernetes_text import KubernetesText, Unresolvable

Data: TypeAlias = dict[str, Any]
Read = TypeVar("Read")

_IN_PARTS = frozenset(("deploy", "healthcheck"))  # told by their parts, not as a whole


class ContainerKeys:
    """Each key is taken once; what is left has no place in Kubernetes, and is told."""

    def __init__(self, container: Mapping[str, Any], text: KubernetesText) -> None:
        self._text = text
        self._refused: list[str] = []
        self._left: Data = {
            key: _copy(value) if key in _IN_PARTS else value
            for key, value in container.items()
            if not key.startswith("x-") and key != "depends_on"
        }
        # a Deployment starts again whatever ends
        if self._left.get("restart") in {"always", "unless-stopped"}:
            del self._left["restart"]

    def take_raw(self, key: str) -> Any:
        """A key's value as it is written; None where it isn't there."""
        return self._left.pop(key, None)

    def take_each(self, key: str) -> Iterator[Any]:
        """The items of a list, their references replaced; a lone one is a list of one."""
        stated = self.take_raw(key)
        items = stated if isinstance(stated, list | tuple) else () if stated is None else (stated,)
        resolved = (self.resolve(key, item) for item in items)
        return (item for item in resolved if item is not None)

    def take(self, *path: str) -> Any:
        """A key's value, its references replaced; None where that can't be done."""
        value = self._pop(path)
        return self.resolve(".".join(path), value)

    def take_as(self, read: Callable[[Any], Read], *path: str) -> Read | None:
        """A value that `read` converts; one that it raises ValueError for is told."""
        value = self.take(*path)
        return None if value is None else self.convert(".".join(path), read, value)

    def convert(self, what: str, read: Callable[[Any], Read], value: Any) -> Read | None:
        """What `read` makes of a value; where it raises ValueError, that is told."""
        try:
            return read(value)
        except (TypeError, ValueError):
            self.refuse(f"{what} ({value})")
            return None

    def resolve(self, what: str, value: Any) -> Any:
        """A value, its references replaced; None, and told, where one has no value."""
        try:
            return self._text.resolved(value)
        except Unresolvable as problem:
            self.refuse(f"{what} ({problem})")
            return None

    def refuse(self, what: str) -> None:
        """Something that has no place in Kubernetes."""
        self._refused.append(what)

    def left(self) -> list[str]:
        """What nothing was made of."""
        return list(dict.fromkeys([*_names(self._left), *self._refused]))

    def _pop(self, path: tuple[str, ...]) -> Any:
        node: Any = self._left
        for step in path[:-1]:
            node = node.get(step) if isinstance(node, dict) else None
        return node.pop(path[-1], None) if isinstance(node, dict) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """A value that should be a mapping; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def _copy(value: Any) -> Any:
    return {key: _copy(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def _names(left: Data) -> Iterator[str]:
    for key, value in left.items():
        if key in _IN_PARTS and isinstance(value, dict):
            yield from _leaves(key, value)
        else:
            yield key


def _leaves(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    for key, item in value.items():
        yield from _leaves(f"{path}.{key}", item)
