"""The tree that YAML becomes: plain values, whose containers remember where each one stands.

A place is a tuple `(source, key_start, key_end, start, end, earlier)` of offsets in code points.
`earlier` is the place that an overlay replaced, or None. A large spec has a million of them, and
few are ever asked for: a container that was read keeps them packed, as numbers alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, TypeAlias

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.span import Source, Span

Place: TypeAlias = tuple[Source, int, int, int, int, Any]
Value: TypeAlias = Any  # None | bool | int | float | str | Mapping | Sequence; stops at `compiler/`

_SMALL = 16  # entries; so few are unpacked anew each time rather than kept


class Mapping(dict[str, Value]):
    """A YAML mapping; `places` has an entry for each key."""

    __slots__ = ("_offsets", "_places", "_source")

    _offsets: array[int] | None
    _places: dict[str, Place]
    _source: Source

    def pack(self, source: Source, offsets: list[int]) -> None:
        """Set where everything stands: four offsets for each key, in the order of the keys."""
        self._source = source
        self._offsets = array("I", offsets)

    @property
    def places(self) -> dict[str, Place]:
        """Where each value stands, by key; to be changed as one likes."""
        try:
            return self._places
        except AttributeError:
            self._places = self._unpack()
            self._offsets = None
            return self._places

    def put(self, key: str, value: Value, place: Place) -> None:
        """Set a value and where it stands."""
        self[key] = value
        self.places[key] = place

    def find_place(self, key: Any) -> Place | None:
        """Where one value stands; None where there is no such key."""
        places = self.places if len(self) > _SMALL or not self._is_packed() else self._unpack()
        return places.get(key)

    def _is_packed(self) -> bool:
        return getattr(self, "_offsets", None) is not None

    def _unpack(self) -> dict[str, Place]:
        if not self._is_packed():
            return {}
        source, numbers = self._source, iter(self._offsets or ())
        fours = zip(numbers, numbers, numbers, numbers, strict=True)
        # What was put since then has no offsets, and stands behind.
        return {key: (source, *four, None) for key, four in zip(self, fours, strict=False)}


class Sequence(list[Value]):
    """A YAML sequence; `places` has an entry for each item."""

    __slots__ = ("_offsets", "_places", "_source")

    _offsets: array[int] | None
    _places: list[Place]
    _source: Source

    def pack(self, source: Source, offsets: list[int]) -> None:
        """Set where everything stands: two offsets for each item."""
        self._source = source
        self._offsets = array("I", offsets)

    @property
    def places(self) -> list[Place]:
        """Where each item stands; to be changed as one likes."""
        try:
            return self._places
        except AttributeError:
            numbers = iter(getattr(self, "_offsets", None) or ())
            pairs = zip(numbers, numbers, strict=True)
            self._places = [(self._source, *pair, *pair, None) for pair in pairs]
            self._offsets = None
            return self._places


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
            if isinstance(node, Mapping):
                found = node.find_place(part)
                if found is None:
                    break
                place = found
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
