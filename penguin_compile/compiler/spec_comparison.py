"""Two versions of one spec, compared resource by resource and environment by environment.

Under `diff`. What several environments share is told once, with their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from penguin_compile.compiler.projection import project
from penguin_compile.core.canonical import canonical_json
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App
from penguin_compile.model.plan import ABSENT
from penguin_compile.model.spec_change import (
    FieldDifference,
    Hidden,
    Kind,
    Resource,
    SpecChange,
    SpecDifference,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One version of one spec: its environments' models, and where a node of each stands.

    `trees` are the resolved trees, for what no resource shows.
    """

    path: str
    app: str
    models: Mapping[str, App]
    trees: Mapping[str, Mapping[str, Any]]
    locate: Callable[[str, Pointer], str]


def compare(base: Side | None, head: Side | None) -> SpecDifference:
    """What becomes of a spec; a side is None where there is no such spec."""
    before = () if base is None else tuple(base.models)
    after = () if head is None else tuple(head.models)
    names = (*after, *(one for one in before if one not in after))
    changes = _group((name, one) for name in names for one in _compare_models(base, head, name))
    return SpecDifference(
        app=None if head is None else head.app,
        base_app=None if base is None else base.app,
        path=None if head is None else head.path,
        base_path=None if base is None else base.path,
        environments=names,
        added_environments=tuple(one for one in after if one not in before),
        removed_environments=tuple(one for one in before if one not in after),
        changes=tuple(changes),
        notes=tuple(_untold(base, head, {name for one in changes for name in one.environments})),
    )


def _compare_models(base: Side | None, head: Side | None, name: str) -> Iterator[SpecChange]:
    old = _resources(base, name)
    new = _resources(head, name)
    for address in (*new, *(one for one in old if one not in new)):
        before, after = old.get(address), new.get(address)
        fields = tuple(compare_fields(before, after))
        if before is not None and after is not None and not fields:
            continue
        side, resource = (base, before) if after is None else (head, after)
        yield SpecChange(
            address=address,
            kind=_kind(before, after),
            environments=(name,),
            fields=fields,
            sensitive=any(one is not None and one.sensitive for one in (before, after)),
            origin=None
            if side is None or resource is None
            else side.locate(name, resource.pointer),
        )


def _resources(side: Side | None, name: str) -> dict[str, Resource]:
    return {} if side is None or name not in side.models else project(side.models[name])


def _kind(before: Resource | None, after: Resource | None) -> Kind:
    if before is None:
        return Kind.ADDED
    return Kind.REMOVED if after is None else Kind.CHANGED


def compare_fields(before: Resource | None, after: Resource | None) -> Iterator[FieldDifference]:
    """The fields that are not the same; true and 1 are not, and neither are 1 and "1"."""
    old = {} if before is None else before.fields
    new = {} if after is None else after.fields
    for path in (*new, *(one for one in old if one not in new)):
        one, other = old.get(path, ABSENT), new.get(path, ABSENT)
        if _comparable(one) != _comparable(other):
            yield FieldDifference(path=path, old=one, new=other)


def _comparable(value: Any) -> str | None:
    if value is ABSENT:
        return None
    return canonical_json(value.value if isinstance(value, Hidden) else value)


_Same: TypeAlias = tuple[tuple[str, str | None, str | None], ...]


def _group(changes: Iterable[tuple[str, SpecChange]]) -> list[SpecChange]:
    """The same change once, with all its environments: of what stays, field by field."""
    grouped: dict[tuple[str, Kind, _Same], tuple[SpecChange, list[str]]] = {}
    for name, change in changes:
        for part in _split(change):
            same = tuple((one.path, _comparable(one.old), _comparable(one.new)) for one in part)
            key = (change.address, change.kind, same)
            grouped.setdefault(key, (replace(change, fields=part), []))[1].append(name)
    merged: dict[tuple[object, ...], SpecChange] = {}
    for (_, kind, same), (change, names) in grouped.items():
        # of one that came or went in two shapes, each is told by itself
        shape = None if kind is Kind.CHANGED else same
        place = (change.address, kind, tuple(names), shape)
        before = merged[place].fields if place in merged else ()
        fields = (*before, *change.fields)
        merged[place] = replace(change, environments=tuple(names), fields=fields)
    return list(merged.values())


def _split(change: SpecChange) -> list[tuple[FieldDifference, ...]]:
    if change.kind is Kind.CHANGED:
        return [(one,) for one in change.fields]
    return [change.fields]


def _untold(base: Side | None, head: Side | None, told: set[str]) -> Iterator[str]:
    """Differences of the text that are none of a resource: the order of entries, `x-` keys."""
    if base is None or head is None:
        return
    for name in head.trees:
        if name in told or name not in base.trees:
            continue
        old, new = base.trees[name], head.trees[name]
        sections = [
            one for one in {**old, **new} if _ordered(old.get(one)) != _ordered(new.get(one))
        ]
        if sections:
            listed = ", ".join(sections)
            yield f"{name}: {listed}: only what no resource shows differs (order, x- keys)"


def _ordered(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
