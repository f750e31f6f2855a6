"""What needs no closer look: row and ledger say, letter by letter, what the spec says.

Before the three-way comparison, which tells what becomes of all others. Of 100,000 keys or 10,000
services it is usually all but a few, and a look at text is all that they cost. Whatever is spelled
otherwise, even if it means the same, is left to the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeAlias

from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Rows
from penguin_compile.live.marchproxy.projection import Projections
from penguin_compile.model.record import VALUE
from penguin_compile.model.setting import UNSET, Manage, Setting, SettingType, stored_text
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.ledger_text import write_fields

# The address, what takes the fields from a row, and the text of the values that they ought to have.
Remembered: TypeAlias = tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]], str]

_MANAGED: Final = Manage.MERGE.value  # all that a gateway has
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


def remembered_resources(wanted: Projections, ledger: Ledger) -> dict[str, dict[str, Remembered]]:
    """Resources of a gateway that were settled as the spec says, by kind and name."""
    import orjson

    write = orjson.dumps
    known = ledger.rows
    picks: dict[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]] = {}
    found: dict[str, dict[str, Remembered]] = {}
    for kind, resources in wanted.items():
        named = found.setdefault(kind, {})
        for name, (fields, _, protected) in resources.items():
            entry = known.get(address := f"{kind}/{name}")
            if entry is None:
                continue
            remembered, managed, guarded, kept = entry[1:5]
            if kept is not None or managed != _MANAGED or bool(guarded) is not protected:
                continue
            if remembered == write_fields(fields):
                paths = tuple(fields)
                pick = picks.get(paths) or picks.setdefault(paths, _picker(paths))
                with suppress(TypeError):  # half a surrogate pair, an integer of more than 64 bits
                    # As text: to Python, true is 1. Decoded, because bytes come with spare room.
                    named[name] = address, pick, write(pick(fields)).decode()
    return found


def settled_resources(
    remembered: Mapping[str, Mapping[str, Remembered]],
    plain: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> dict[str, dict[str, str]]:
    """Those that are live as well, by kind: they are `unchanged`. `plain` are a gateway's rows.

    Each name with its address as text.
    """
    import orjson

    write = orjson.dumps
    settled: dict[str, dict[str, str]] = {kind: {} for kind in plain}
    for kind, entries in remembered.items():
        rows, names = plain.get(kind, {}), settled.setdefault(kind, {})
        for name, (address, pick, text) in entries.items():
            try:
                if write(pick(rows[name])).decode() == text:
                    names[name] = address
            except (KeyError, TypeError):  # no such row or field; half a surrogate pair
                continue
    return settled


def _picker(indexes: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these items of a row, as a tuple; a table may have its values alone."""
    if len(indexes) == 1:
        return lambda row: (row[indexes[0]],)
    return itemgetter(*indexes)


def _is_said(row: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether a row says it letter by letter but for a boolean, spelled as its database does."""
    flag = wanted[-1] is False
    return flag and row[:-1] == wanted[:-1] and row[-1] in _FALSE
