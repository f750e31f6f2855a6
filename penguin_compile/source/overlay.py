"""Merging trees so that every value keeps the place of the text that last set it."""

from __future__ import annotations

from penguin_compile.core.pointer import Pointer
from penguin_compile.source.tree import Document, Mapping, Value

WHOLE = frozenset(("default", "enum", "check"))  # language.md: always replaced whole
_WHOLE_IN = frozenset(("config", "variables"))


def merge_imports(base: Document, over: Document) -> Document:
    """`imports`: deep, the later one wins, null is a value."""
    return _merge(base, over, null_removes=False)


def apply_patch(base: Document, patch: Document) -> Document:
    """`extends` and `overrides`: JSON Merge Patch (RFC 7396), where null removes."""
    return _merge(base, patch, null_removes=True)


def without(document: Document, *keys: str) -> Document:
    """A shallow copy of the root mapping without some keys."""
    kept = Mapping()
    for key, place in document.root.places.items():
        if key not in keys:
            kept.put(key, document.root[key], place)
    return Document(kept, document.place)


def _merge(base: Document, over: Document, *, null_removes: bool) -> Document:
    if not isinstance(base.root, Mapping) or not isinstance(over.root, Mapping):
        return over
    return Document(
        _merge_mappings(base.root, over.root, (), null_removes=null_removes), base.place
    )


def _merge_mappings(
    base: Mapping, over: Mapping, pointer: Pointer, *, null_removes: bool
) -> Mapping:
    merged = Mapping()
    merged.update(base)
    merged.places.update(base.places)
    for key, value in over.items():
        place = over.places[key]
        if null_removes and value is None:
            merged.pop(key, None)
            merged.places.pop(key, None)
            continue
        earlier = merged.places.get(key)
        here = (*pointer, key)
        if earlier is None:
            merged.put(key, _without_nulls(value, here) if null_removes else value, place)
        elif isinstance(value, Mapping) and isinstance(merged[key], Mapping) and not _whole(here):
            deeper = _merge_mappings(merged[key], value, here, null_removes=null_removes)
            merged.put(key, deeper, earlier)
        else:
            new = _without_nulls(value, here) if null_removes else value
            merged.put(key, new, (*place[:5], earlier))
    return merged


def _whole(pointer: Pointer) -> bool:
    return len(pointer) == 3 and pointer[0] in _WHOLE_IN and pointer[2] in WHOLE


def _without_nulls(value: Value, pointer: Pointer) -> Value:
    """What a patch adds anew has no nulls in its mappings either (RFC 7396, section 2)."""
    if not isinstance(value, Mapping) or _whole(pointer):
        return value
    kept = Mapping()
    for key, item in value.items():
        if item is not None:
            kept.put(key, _without_nulls(item, (*pointer, key)), value.places[key])
    return kept
