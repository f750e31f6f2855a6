"""Settings that need no closer look: row and ledger say, letter by letter, what the spec says.

Before the three-way comparison, which tells what becomes of all others. Of 100,000 keys it is
usually all but a few, and a look at text is all that they cost. Whatever is spelled otherwise,
even if it means the same, is left to the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from typing import Any, Final

from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Rows
from penguin_compile.model.record import VALUE
from penguin_compile.model.setting import UNSET, Setting, SettingType, stored_text
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.ledger_text import write_fields

_FALSE: Final = frozenset((False, None, "F", "f", "false", "0"))
_LOOK: Final = attrgetter(
    "default", "type", "category", "description", "sensitive", "manage", "protected"
)


def settled_settings(
    settings: Mapping[str, Setting], rows: Rows | None, ledger: Ledger
) -> dict[str, str]:
    """The keys whose class is `unchanged`, with nothing to write and nothing to remember.

    Each with its address as text.
    """
    settled: dict[str, str] = {}
    if rows is None:
        return settled
    fields = {name: column for name, column in FIELD_COLUMNS.items() if column in rows.names}
    of_row = _picker([rows.names.index(column) for column in fields.values()])
    lacks = [name for name in FIELD_COLUMNS if name not in fields]
    kinds = {one: (one.stored, one is SettingType.STRING) for one in SettingType}
    live, known = rows.tuples, ledger.rows
    for key, setting in settings.items():
        row, address = live.get(key), f"{KIND}/{key}"
        entry = known.get(address)
        if row is None or entry is None:
            continue
        value, type_, category, description, sensitive, manage, protected = _LOOK(setting)
        if sensitive or value is UNSET:
            continue
        kind, as_it_is = kinds[type_]
        said = {
            VALUE: value,
            "type": kind,
            "category": category,
            "description": description,
            "sensitive": False,
        }
        for name in lacks:
            del said[name]
        remembered, managed, guarded, kept = entry[1:5]
        if kept is not None or managed != manage or bool(guarded) is not protected:
            continue
        if remembered != write_fields(said):
            continue
        if not as_it_is:
            said[VALUE] = str(value) if type(value) is int else stored_text(type_, value)
        stands, wanted = of_row(row), (*said.values(),)
        if stands == wanted or _is_said(stands, wanted):
            settled[key] = address
    return settled


def _picker(indexes: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What takes these items of a tuple, as a tuple; a table may have its values alone."""
    if len(indexes) == 1:
        return lambda row: (row[indexes[0]],)
    return itemgetter(*indexes)


def _is_said(row: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether a row says it letter by letter but for a boolean, spelled as its database does."""
    flag = wanted[-1] is False
    return flag and row[:-1] == wanted[:-1] and row[-1] in _FALSE
