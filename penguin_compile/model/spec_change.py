"""What a change of a spec changes, as a value: resource by resource, environment by environment.

Made in `compiler/spec_comparison.py`, shown by `report/spec_diff_*.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass


class Kind(StrEnum):
    """What becomes of a resource."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that is compared and never shown; `text` is what may be shown of it."""

    text: str
    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing that a spec describes, as flat fields.

    Values are JSON's, or Hidden; what is absent has no field. `pointer` is the node of the spec.
    """

    fields: Mapping[str, Any]
    pointer: Pointer
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field, before and after; ABSENT where there is none."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecChange:
    """One resource's change, told once for all environments in which it is the same.

    `origin` is the place in the spec: of what was removed, in the base.
    """

    address: str
    kind: Kind
    environments: tuple[str, ...]
    fields: tuple[FieldDifference, ...]
    sensitive: bool
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecDifference:
    """One app's spec, before and after.

    A name or path is None on the side where there is no such spec. `environments` are those of
    both sides. `notes` tell what no resource shows.
    """

    app: str | None
    base_app: str | None
    path: str | None
    base_path: str | None
    environments: tuple[str, ...]
    added_environments: tuple[str, ...]
    removed_environments: tuple[str, ...]
    changes: tuple[SpecChange, ...]
    notes: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether anything is to be told."""
        moved = self.path != self.base_path or self.app != self.base_app
        return moved or bool(self.changes or self.notes)
