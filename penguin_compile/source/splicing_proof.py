"""What a splice has to come to: the tree of before, and one value in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penguin_compile.core.pointer import Pointer


def with_value(tree: Any, pointer: Pointer, value: Any) -> Any:
    """A copy of a tree with a value at a pointer; mappings that are missing on the way are added.

    What an alias shares is copied on that way alone: elsewhere it keeps its value.
    Raises KeyError where something else than a mapping is in the way.
    """
    if not pointer:
        return value
    part, rest = pointer[0], pointer[1:]
    if isinstance(tree, list) and isinstance(part, int) and part < len(tree):
        items = list(tree)
        items[part] = with_value(items[part], rest, value)
        return items
    if tree is not None and not isinstance(tree, dict):
        raise KeyError(part)
    changed = dict(tree or {})
    changed[str(part)] = with_value(changed.get(str(part)), rest, value)
    return changed


def list_differences(one: Any, other: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    """Where two trees differ, as deep as both have something; 1 is not 1.0, nor true."""
    if one is other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key in one and key in other:
                yield from list_differences(one[key], other[key], (*pointer, key))
            else:
                yield (*pointer, key)
    elif isinstance(one, list) and isinstance(other, list):
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from list_differences(left, right, (*pointer, index))
        if len(one) != len(other):
            yield (*pointer, min(len(one), len(other)))
    elif _kind(one) is not _kind(other) or one != other:
        yield pointer


def _kind(value: Any) -> type[Any]:
    return next((one for one in (dict, list) if isinstance(value, one)), type(value))
