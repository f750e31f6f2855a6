"""What needs no closer look: row and ledger say, letter by letter, what the spec says.

Before the three-way comparison, which tells what becomes of all others. Of 100,000 keys or 10,000
services it is usually all but a few, and a look at text is all that they cost. Whatever is spelled
otherwise, even if it means the same, is left to the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Rows
from penguin_compile.model.record import Desired
from penguin_compile.model.setting import Setting, SettingType, Unset, stored_text
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.ledger_text import write_fields

# What ledger and spec agree on of a resource, and what takes the same fields from a row.
Remembered: TypeAlias = tuple[Mapping[str, Any], Callable[[Mapping[str, Any]], tuple[Any, ...]]]

_FALSE: Final = frozenset((False, None, "F", "f", "false", "0"))


def settled_settings(
    settings: Mapping[str, Setting], rows: Rows | None, ledger: Ledger
) -> Iterator[str]:
    """The keys whose class is `unchanged`, with nothing to write and nothing to remember."""
    if rows is None:
        return
    there = [column in rows.names for column in FIELD_COLUMNS.values()]
    fields = [name for name, one in zip(FIELD_COLUMNS, there, strict=True) if one]
    of_row = _picker([rows.names.index(FIELD_COLUMNS[name]) for name in fields])
    of_spec = _picker([index for index, one in enumerate(there) if one])
    kinds = {one: (one.stored, one is not SettingType.STRING) for one in SettingType}
    live, known = rows.tuples, ledger.rows
    for key, setting in settings.items():
        row, entry = live.get(key), known.get(f"{KIND}/{key}")
        value = setting.default
        if row is None or entry is None or setting.sensitive or isinstance(value, Unset):
            continue
        kind, converted = kinds[setting.type]
        text = stored_text(setting.type, value) if converted else value
        said = (kind, setting.category, setting.description, False)
        if not _is_said(of_row(row), of_spec((text, *said))):
            continue
        _, remembered, manage, protected, kept, _ = entry
        as_settled = kept is None and manage == setting.manage
        if as_settled and bool(protected) is setting.protected:
            values = of_spec((value, *said))
            if remembered == write_fields(dict(zip(fields, values, strict=True))):
                yield key


def remembered_resources(
    wanted: Iterable[Desired], ledger: Ledger
) -> dict[str, dict[str, Remembered]]:
    """Resources of a gateway that were settled as the spec says, by kind and name."""
    known = ledger.rows
    picks: dict[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]] = {}
    found: dict[str, dict[str, Remembered]] = {}
    for desired in wanted:
        kind, name, fields = desired.address.kind, desired.address.name, desired.fields
        entry = known.get(f"{kind}/{name}")
        if entry is None:
            continue
        _, remembered, manage, protected, kept, _ = entry
        if kept is not None or manage != desired.manage or bool(protected) is not desired.protected:
            continue
        if remembered == write_fields(fields):
            paths = tuple(fields)
            pick = picks.get(paths) or picks.setdefault(paths, _picker(paths))
            found.setdefault(kind, {})[name] = fields, pick
    return found


def settled_resources(
    remembered: Mapping[str, Mapping[str, Remembered]],
    plain: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> dict[str, set[str]]:
    """Those that are live as well, by kind: they are `unchanged`. `plain` are a gateway's rows."""
    import orjson

    write = orjson.dumps
    settled: dict[str, set[str]] = {kind: set() for kind in plain}
    for kind, entries in remembered.items():
        rows, names = plain.get(kind, {}), settled.setdefault(kind, set())
        for name, (fields, pick) in entries.items():
            try:
                if write(pick(rows[name])) == write(pick(fields)):  # as text: to Python, true is 1
                    names.add(name)
            except (KeyError, TypeError):  # no such row or field; half a surrogate pair
                continue
    return settled


def _picker(indexes: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these items of a row, as a tuple; a table may have its values alone."""
    if len(indexes) == 1:
        return lambda row: (row[indexes[0]],)
    return itemgetter(*indexes)


def _is_said(row: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether a row says it letter by letter; a boolean may be spelled as its database does."""
    if row == wanted:
        return True
    flag = wanted[-1] is False
    return flag and row[:-1] == wanted[:-1] and row[-1] in _FALSE
