"""The tree that YAML becomes: plain values, whose containers remember where each one stands.

A place is a tuple `(source, key_start, key_end, start, end, earlier)` of offsets in code points.
`earlier` is the place that an overlay replaced, or None. Tuples, not objects: a large spec has a
million of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.span import Source, Span

Place: TypeAlias = tuple[Source, int, int, int, int, Any]
Value: TypeAlias = Any  # None | bool | int | float | str | Mapping | Sequence; stops at `compiler/`


class Mapping(dict[str, Value]):
    """A YAML mapping; `places` has an entry for each key."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}

    def put(self, key: str, value: Value, place: Place) -> None:
        """Set a value and where it stands."""
        self[key] = value
        self.places[key] = place


class Sequence(list[Value]):
    """A YAML sequence; `places` has an entry for each item."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []


class Document:
    """A tree with the place of its root."""

    def __init__(self, root: Value, place: Place) -> None:
        self.root = root
        self.place = place

    @property
    def span(self) -> Span:
        """The first character of the root: where a complaint about the whole file is told."""
        return Span(self.place[0], self.place[3], self.place[3])

    def value(self, pointer: Pointer) -> Value:
        """What stands at a pointer; KeyError or IndexError when there is nothing."""
        node = self.root
        for part in pointer:
            node = node[part]
        return node

    def place_of(self, pointer: Pointer) -> Place:
        """The place of the deepest part of a pointer that the tree has."""
        node, place = self.root, self.place
        for part in pointer:
            if isinstance(node, Mapping) and part in node.places:
                place = node.places[str(part)]
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node):
                place = node.places[part]
            else:
                break
            node = node[part]
        return place

    def value_span(self, pointer: Pointer) -> Span:
        """Where the value at a pointer is written, or the nearest thing around it."""
        place = self.place_of(pointer)
        return self.span if place is self.place else Span(place[0], place[3], place[4])

    def key_span(self, pointer: Pointer) -> Span:
        """Where the key at a pointer is written; for an item of a sequence, the item."""
        place = self.place_of(pointer)
        return self.span if place is self.place else Span(place[0], place[1], place[2])

    def earlier_spans(self, pointer: Pointer) -> Iterator[Span]:
        """Where the values stand that overlays replaced, by this one or by what it is part of.

        The latest first.
        """
        depths = range(len(pointer), 0, -1)
        replaced = (self.place_of(pointer[:depth])[5] for depth in depths)
        earlier = next((one for one in replaced if one is not None), None)
        while earlier is not None:
            yield Span(earlier[0], earlier[3], earlier[4])
            earlier = earlier[5]
