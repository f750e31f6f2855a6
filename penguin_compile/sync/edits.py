"""Live edits: where LIVE departs from what was settled, and whether a person knows it.

Beside the three-way comparison: `settlement.py` remembers that an edit was kept, `drift.py` asks.
Pure functions over values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from penguin_compile.core.canonical import digest
from penguin_compile.model.plan import ABSENT, Absent
from penguin_compile.model.record import Live, SecretState
from penguin_compile.sync.comparison import same

DELETED: Final = "deleted"  # the mark of a resource that was deleted live, and knowingly so


def find_edits(
    settled: Mapping[str, Any], live: Live, writes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The settled fields that are otherwise live, with their live values; ABSENT for none.

    With `writes`, as they will be after those. A resource that somebody else took over says so in
    a field `owner`.
    """
    fields = {**live.fields, **writes} if writes else live.fields
    edits = {
        path: fields.get(path, ABSENT)
        for path, value in settled.items()
        if path not in fields or not same(fields[path], value)
    }
    return edits if live.owner is None else {**edits, "owner": live.owner}


def mark_edits(edits: Mapping[str, Any]) -> str | None:
    """What the ledger holds as `kept` once a person knows of these edits; None where none are.

    A digest of the edited values alone: a description that apply writes beside a kept value
    doesn't make it another edit.
    """
    return digest({path: _plain(value) for path, value in edits.items()}) if edits else None


def _plain(value: Any) -> Any:
    if isinstance(value, SecretState):
        return {"stored": value.stored}
    if isinstance(value, Absent):
        return {"absent": True}
    return [sorted(value)] if isinstance(value, set | frozenset) else [value]
