"""What needs no closer look: row and ledger say, letter by letter, what the spec says.

Before the three-way comparison, which tells what becomes of all others. Of 100,000 keys or 10,000
services it is usually all but a few, and a look at text is all that they cost. Whatever is spelled
otherwise, even if it means the same, is left to the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import compress
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from penguin_compile.live.config.lines import are_plain, flags_of, line_writer, read_key
from penguin_compile.live.config.row import FIELD_COLUMNS, KIND
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.live.marchproxy.projection import Projections
from penguin_compile.model.record import VALUE
from penguin_compile.model.setting import UNSET, Manage, Setting, SettingType, stored_text
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.ledger_text import field_writer, write_fields

# The address, what takes the fields from a row, and the text of the values that they ought to have.
Remembered: TypeAlias = tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]], str]

_MANAGED: Final = Manage.MERGE.value  # all that a gateway has
_OF_LINE: Final = (VALUE, "type", "category", "description", "description", "sensitive")
_OF_ENTRY: Final = 3  # before the fields
_PREFIX: Final = f"{KIND}/"


class Glance(NamedTuple):
    """What a first look at the config table and the ledger found.

    `settled` are the keys whose class is `unchanged`, with nothing to write and nothing to
    remember, each with its address as text. `keys` and `addresses` are those of the others; None:
    of some it can't be told.
    """

    settled: dict[str, str]
    keys: set[str] | None
    addresses: set[str] | None


class Expectations:
    """How rows and entries of settings look that need no closer look.

    `row_dialect` and `entry_dialect` are those of the databases that have them.
    """

    def __init__(
        self,
        settings: Mapping[str, Setting],
        *,
        table: SettingsTable,
        row_dialect: str,
        entry_dialect: str,
    ) -> None:
        self._settings = settings
        self._dialects = row_dialect, entry_dialect
        self._has = [True, *(table.has(FIELD_COLUMNS[field]) for field in _OF_LINE)]
        self._keys: list[str] = []
        self._rows: list[str] = []
        self._entries: list[str] = []
        self._write([name for name, column in FIELD_COLUMNS.items() if not table.has(column)])
        if not are_plain(row_dialect, self._rows, sum(self._has)):
            self._keys, self._rows, self._entries = [], [], []  # rare: the closer look for all

    def _write(self, lacks: Sequence[str]) -> None:
        """The lines of a table that `lacks` fields."""
        kinds = {one: (one.stored, one is SettingType.STRING) for one in SettingType}
        row_dialect, entry_dialect = self._dialects
        write_row, flags = line_writer(row_dialect), flags_of(row_dialect)
        write_entry, guards = line_writer(entry_dialect), flags_of(entry_dialect)
        write, has = field_writer(), self._has
        keys, rows, entries = self._keys, self._rows, self._entries
        # Each line runs for every key, attribute by attribute: attrgetter takes thrice as long.
        for key, setting in self._settings.items():
            value, description = setting.default, setting.description
            if setting.sensitive or value is UNSET:
                continue
            kind, as_it_is = kinds[setting.type]
            category = setting.category
            said = {
                VALUE: value,
                "type": kind,
                "category": category,
                "description": description,
                "sensitive": False,
            }
            for name in lacks:
                del said[name]
            head = _PREFIX + key, setting.manage, guards[setting.protected]
            entry = write_entry(head) + write(said)
            if not as_it_is:
                value = str(value) if type(value) is int else stored_text(setting.type, value)
            absent = description is None
            row = key, value, kind, category, description or "", flags[absent], flags[True]
            try:
                rows.append(write_row(tuple(compress(row, has)) if lacks else row))
            except TypeError:
                continue
            entries.append(entry)
            keys.append(key)

    def _expected(self) -> Iterator[tuple[str, str, str]]:
        return zip(self._keys, self._rows, self._entries, strict=True)

    def compare(self, rows: Sequence[str | None], entries: Sequence[str | None]) -> Glance:
        """What these lines of all rows and entries say of the settings."""
        there, known = set(rows), set(entries)
        if there.issuperset(self._rows) and known.issuperset(self._entries):
            settled = {key: _PREFIX + key for key in self._keys}
        else:
            settled = {
                key: _PREFIX + key
                for key, row, entry in self._expected()
                if row in there and entry in known
            }
        if len(there) < len(rows):  # a key is there twice
            return Glance(settled, None, None)
        if len(settled) == len(self._settings) == len(there) == len(known):
            return Glance(settled, set(), set())
        return self._name_others(settled, there, known)

    def _name_others(
        self, settled: dict[str, str], rows: set[str | None], entries: set[str | None]
    ) -> Glance:
        row_dialect, entry_dialect = self._dialects
        for key, row, entry in self._expected():
            if key in settled:
                rows.discard(row)
                entries.discard(entry)
        keys = {read_key(row_dialect, one, sum(self._has)) for one in rows}
        addresses = {read_key(entry_dialect, one, _OF_ENTRY) for one in entries}
        if None in keys or None in addresses:
            return Glance(settled, None, None)
        unsettled = {key for key in self._settings if key not in settled}.union(filter(None, keys))
        named = {f"{_PREFIX}{key}" for key in unsettled}
        return Glance(settled, unsettled, named.union(filter(None, addresses)))


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
