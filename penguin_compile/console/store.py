"""The settings that the console reads and writes: rows, their history, and one edit at a time.

Over the backend `config` and the state. An edit and its audit are one transaction; each UPDATE and
DELETE carries the value that was read, as apply's do, so that nobody's edit is lost.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from penguin_compile.console.browsing import Wish, count_categories, read_page
from penguin_compile.console.entry import Entry, make_etag
from penguin_compile.console.values import InvalidValue, read_value
from penguin_compile.core.errors import Collided, PenguinError, StalePlan, UsageError
from penguin_compile.core.secret import Masked
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.live.config.row import KIND, Row, Rows
from penguin_compile.live.config.sealing import Policy
from penguin_compile.live.config.table import NewValues
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.model.record import VALUE, Base, SecretState
from penguin_compile.model.setting import JsonValue, Setting, Unset, stored_text
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.past import AuditRecord, read_audit, read_entries
from penguin_compile.sync.remembered import AuditEntry
from penguin_compile.sync.session import Session

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COLLISIONS: Final = 8  # tries of a write that another session was in the way of
_COUNTED_SECONDS: Final = 5.0
_MOST_COUNTS: Final = 100
_LONG: Final = 200  # characters that any column of a text takes

_Done = TypeVar("_Done")


class NoSuchSetting(Exception):
    """There is no row of that key."""


class Moved(Exception):
    """The row is not what the editor saw, or another edit was done at the same moment."""


class NotHere(Exception):
    """A change that is not the console's to make; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who makes a change, through `api` or `console`, and the entity tags that they saw.

    Without tags, the change is of whatever is there when it is made.
    """

    name: str
    via: str
    seen: Collection[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of many, as they were read. `categories` count all that match, of any category."""

    rows: Rows
    ledger: Ledger
    categories: Mapping[str, int]
    total: int

    @property
    def seen(self) -> tuple[Any, ...]:
        """All that it shows: two pages that are alike are equal here."""
        return (
            tuple(self.rows.tuples.values()),
            tuple(self.ledger.rows.values()),
            tuple(self.categories.items()),
        )


class SettingsStore:
    """The config table of one app in one environment, with its ledger and audit."""

    def __init__(self, session: Session) -> None:
        """UsageError where the environment has no database."""
        if session.database is None:
            name = session.app.environment.name
            raise UsageError(
                f'the environment "{name}" of {session.app.name} names no database',
                hint=f"add environments.{name}.database: {{url: …}}",
            )
        self.session = session
        self.database = session.database
        self.state = session.state
        self._there = False
        self._counts: dict[str, tuple[float, Mapping[str, int]]] = {}
        self.backend = self._open(session.app)

    @property
    def app(self) -> App:
        """The app as its spec says it."""
        return self.session.app

    def _open(self, app: App) -> ConfigBackend:
        return ConfigBackend(self.database, app, salt=self.state.salt())

    def prepare(self) -> None:
        """Create or migrate the state tables: they hold the audit of what is done here."""
        for again in (True, False):
            self.state.salt()
            try:
                with self.state.database.writing("preparing the state") as connection:
                    self.state.prepare(connection)
            except StalePlan:  # another run was the first here, with a salt of its own
                if not again:
                    raise
                self.state.forget_salt()
            else:
                break
        self.backend = self._open(self.app)

    # Reading.

    def rows(self) -> list[Entry]:
        """Every row, by category and key; nothing where there is no table yet."""
        rows = self.backend.fetch()
        found = () if rows is None else rows.values()
        entries = self._entries(found, self.state.bases())
        return sorted(entries, key=lambda one: (one.category, one.key))

    def page(self, wish: Wish) -> Page:
        """Some rows, found and ordered by the database."""
        with self.database.reading("reading settings") as connection:
            if connection is None or not self._has_table(connection):
                none = Ledger((), self.state.describe())
                return Page(rows=Rows((), ()), ledger=none, categories={}, total=0)
            rows = read_page(connection, self.backend.table, wish)
            categories = self._count(connection, wish.text)
            shared = self.state.database.is_same(self.database)
            ledger = self._ledger(connection, rows) if shared else None
        if ledger is None:
            ledger = self._bases(rows)
        total = sum(categories.values())
        if wish.category is not None:
            total = categories.get(wish.category, 0)
        return Page(rows=rows, ledger=ledger, categories=categories, total=total)

    def _count(self, connection: Connection, text: str) -> Mapping[str, int]:
        """Counts of the whole table, a few seconds old at most: they cost more than a page."""
        now = time.monotonic()
        kept = self._counts.get(text)
        if kept is not None and now - kept[0] < _COUNTED_SECONDS:
            return kept[1]
        if len(self._counts) > _MOST_COUNTS:
            self._counts.clear()
        counted = count_categories(connection, self.backend.table, text)
        self._counts[text] = (now, counted)
        return counted

    def entry(self, page: Page, key: str) -> Entry:
        """One of a page's rows with what is known of it."""
        address = Address(KIND, key)
        base = page.ledger.get(address)
        return self._entries([page.rows[key]], {} if base is None else {address: base})[0]

    def _has_table(self, connection: Connection) -> bool:
        """Asked until it is there: what a table looks like is many questions to some servers."""
        self._there = self._there or self.backend.table.exists(connection)
        return self._there

    def find(self, key: str) -> Entry:
        """One row; NoSuchSetting where there is none."""
        with self.database.reading("reading a setting") as connection:
            if connection is None or not _is_key(key):
                raise NoSuchSetting
            rows = self.backend.read_rows(connection, [key])
        if key not in rows:
            raise NoSuchSetting
        return self._entries(rows.values(), self._bases(rows))[0]

    def _bases(self, keys: Iterable[str]) -> Ledger:
        with self.state.database.reading("reading the state") as memory:
            if memory is None:
                return Ledger((), self.state.describe())
            return self._ledger(memory, keys)

    def _ledger(self, memory: Connection, keys: Iterable[str]) -> Ledger:
        return read_entries(self.state, memory, [Address(KIND, key) for key in keys])

    def _entries(self, rows: Iterable[Row], bases: Mapping[Address, Base]) -> list[Entry]:
        salt, settings = self.state.salt(), self.app.settings
        secret = {
            address.name
            for address, base in bases.items()
            if isinstance(base.fields.get(VALUE), SecretState)
        }
        interpreter = self.backend.interpreter(None, secret)
        return [
            Entry(
                row=row,
                live=interpreter.read(row),
                base=bases.get(Address(KIND, row.key)),
                declared=settings.get(row.key),
                etag=make_etag(row, salt),
            )
            for row in rows
        ]

    def missing(self, there: Collection[str]) -> list[Setting]:
        """Settings of the spec that have no row: never applied, or deleted."""
        return [one for key, one in self.app.settings.items() if key not in there]

    def history(self, key: str, limit: int = 50) -> list[AuditRecord]:
        """Who changed a key through us, newest first."""
        return read_audit(self.state, Address(KIND, key), limit)

    # Writing.

    def change(self, key: str, given: JsonValue, author: Author) -> Entry:
        """Set a row's value, and the row as it is then.

        Raises NoSuchSetting, Moved, InvalidValue, and NotHere for a secret that is not stored.
        """
        entry = self.find(key)
        value = read_value(entry.setting, given)
        text = Masked(stored_text(entry.setting.type, value))
        self._check_fit(entry, value)
        return self._repeated(lambda: self._change(key, text, author))

    def reset(self, key: str, author: Author) -> Entry:
        """Set a row's value to what the spec says; NotHere where it states none."""
        entry = self.find(key)
        default = entry.setting.default
        if entry.sensitive or isinstance(default, Unset):
            raise NotHere("the spec states no value that could be written here")
        text = Masked(stored_text(entry.setting.type, default))
        return self._repeated(lambda: self._change(key, text, author, "reset"))

    def remove(self, key: str, author: Author) -> None:
        """Delete a row; NotHere where the spec or the ledger protects it."""
        self._repeated(lambda: self._remove(key, author))

    def _change(self, key: str, text: Masked, author: Author, action: str = "update") -> Entry:
        with self._both("changing a setting") as (connection, memory):
            entry = self._seen(connection, memory, key, author)
            stored = self._protect(entry, text)
            new = NewValues(row=entry.row, key=key, values={"config_value": stored})
            if self.backend.table.update(connection, [new], author=author.name) != 1:
                raise Moved
            after = self._read(connection, memory, key)
            self._note(memory, entry, after, author, action)
            return after

    def _remove(self, key: str, author: Author) -> None:
        with self._both("deleting a setting") as (connection, memory):
            entry = self._seen(connection, memory, key, author)
            if entry.setting.protected or (entry.base is not None and entry.base.protected):
                raise NotHere(f"config/{key} is protected: the spec says `protected: true`")
            row = NewValues(row=entry.row, key=key, values={})
            if self.backend.table.delete(connection, [row]) != 1:
                raise Moved
            self._counts.clear()
            self._note(memory, entry, None, author, "delete")

    def _read(self, connection: Connection, memory: Connection, key: str) -> Entry:
        """The row as a transaction sees it."""
        rows = self.backend.read_rows(connection, [key]) if _is_key(key) else {}
        if key not in rows:
            raise NoSuchSetting
        bases = read_entries(self.state, memory, [Address(KIND, key)])
        return self._entries([rows[key]], bases)[0]

    def _seen(self, connection: Connection, memory: Connection, key: str, author: Author) -> Entry:
        """The row in this transaction, if it is still the one that the author saw."""
        entry = self._read(connection, memory, key)
        if author.seen is not None and not any(
            hmac.compare_digest(entry.etag.encode(), one.encode()) for one in author.seen
        ):
            raise Moved
        return entry

    def _protect(self, entry: Entry, text: Masked) -> str:
        if not entry.sensitive and not entry.setting.sensitive:
            return text.reveal()
        if self.backend.policy is Policy.SKIP:
            raise NotHere(
                "sensitive values are not stored here, the app reads its variable: set "
                "PENGUIN_CONFIG_KEYS, or `sensitive: plaintext` in the environment"
            )
        return self.backend.protect(entry.key, text.reveal())

    def _check_fit(self, entry: Entry, value: JsonValue) -> None:
        """What the column would cut short or refuse."""
        if len(stored_text(entry.setting.type, value)) <= _LONG:
            return
        change = Change(
            address=Address(KIND, entry.key),
            klass=ChangeClass.UPDATE,
            action=Action.UPDATE,
            writes={VALUE: value},
        )
        problems = self.backend.problems([change])
        if problems:
            raise InvalidValue(*problems)

    def _note(
        self, memory: Connection, before: Entry, after: Entry | None, author: Author, action: str
    ) -> None:
        interpreter = self.backend.interpreter(
            self.state.salt(), {before.key} if before.sensitive else set()
        )
        entry = AuditEntry(
            address=Address(KIND, before.key),
            action=action,
            before={VALUE: interpreter.read(before.row).fields[VALUE]},
            after=None if after is None else {VALUE: interpreter.read(after.row).fields[VALUE]},
        )
        self.state.audit(memory, [entry], actor=author.name, via=author.via)

    @contextmanager
    def _both(self, operation: str) -> Iterator[tuple[Connection, Connection]]:
        """The config table's transaction and the audit's: one, unless the state is elsewhere."""
        with ExitStack() as stack:
            if self.state.database.is_same(self.database):
                connection = stack.enter_context(self.database.writing(operation))
                yield connection, connection
                return
            # The row first: what is noted and not done would be the lie that is harder to see.
            memory = stack.enter_context(self.state.database.writing(operation))
            yield stack.enter_context(self.database.writing(operation)), memory

    def _repeated(self, work: Callable[[], _Done]) -> _Done:
        """Again where another session was in the way: nothing was written then."""
        for _ in range(_COLLISIONS - 1):
            try:
                return work()
            except Collided:
                continue
        return work()


def _is_key(key: str) -> bool:
    """Whether a database could hold it at all."""
    return bool(key) and "\0" not in key and not any("\ud800" <= one <= "\udfff" for one in key)


def tell(error: PenguinError) -> str:
    """A failure and what to do next, in one line."""
    return error.message if error.hint is None else f"{error.message}; {error.hint}"
