"""Settings that need no closer look: row and ledger say, letter by letter, what the spec says.

Before the three-way comparison, which tells what becomes of all others. Of 100,000 keys it is
usually all but a few, and a look at text is all that they cost. Whatever is spelled otherwise,
even if it means the same, is left to the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Final

from penguin_compile.live.config.row import FIELD_COLUMNS, KIND, Rows
from penguin_compile.model.setting import Setting, SettingType, Unset, stored_text
from penguin_compile.sync.ledger import Ledger

_FALSE: Final = frozenset((False, None, "F", "f", "false", "0"))


def settled_settings(
    settings: Mapping[str, Setting], rows: Rows | None, ledger: Ledger
) -> Iterator[str]:
    """The keys whose class is `unchanged`, with nothing to write and nothing to remember."""
    if rows is None:
        return
    columns = [column in rows.names for column in FIELD_COLUMNS.values()]
    fields = [name for name, there in zip(FIELD_COLUMNS, columns, strict=True) if there]
    of_row = _picker([rows.names.index(FIELD_COLUMNS[name]) for name in fields])
    of_spec = _picker([index for index, there in enumerate(columns) if there])
    stored_types = {one: one.stored for one in SettingType}
    live, known = rows.tuples, ledger.rows
    for key, setting in settings.items():
        row, entry = live.get(key), known.get(f"{KIND}/{key}")
        if row is None or entry is None or setting.sensitive or isinstance(setting.default, Unset):
            continue
        kind = stored_types[setting.type]
        described = (kind, setting.category, setting.description)
        text = stored_text(setting.type, setting.default)
        if not _is_text(of_row(row), of_spec((text, *described, False))):
            continue
        values = of_spec((setting.default, *described, False))
        remembered = _ledger_text(dict(zip(fields, values, strict=True)))
        if entry[1:5] == (remembered, setting.manage.value, entry[3], None) and (
            bool(entry[3]) is setting.protected
        ):
            yield key


def _picker(indexes: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What takes these items of a tuple; there are two at least, key and value."""
    return itemgetter(*indexes)


def _is_text(row: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether a row says it letter by letter; a boolean may be spelled as its database does."""
    if row == wanted:
        return True
    flag = wanted[-1] is False
    return flag and row[:-1] == wanted[:-1] and row[-1] in _FALSE


def _ledger_text(fields: Mapping[str, Any]) -> str | None:
    """As `write_fields` has it, or None where this faster way may spell it otherwise."""
    import orjson

    try:
        return orjson.dumps({"fields": fields}, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return None
