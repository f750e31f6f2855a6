"""Changes of the config table, written inside the caller's transaction.

Called by apply. Before the first write it is compared with what the plan saw, and each UPDATE
and DELETE carries the value that was read: a row that moved means StalePlan, and the caller's
transaction takes everything back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from penguin_compile.core.errors import SecretUnavailable, StalePlan
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.live.config.row import FIELD_COLUMNS, Row
from penguin_compile.live.config.sealing import Policy, is_sealed
from penguin_compile.live.config.table import NewValues
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change
from penguin_compile.model.record import VALUE, Desired, SecretState
from penguin_compile.model.setting import stored_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HINT = "make a new plan: penguin-compile plan"
_OF_ROWS = frozenset((Action.UPDATE, Action.DELETE))  # those that are there


class Written(NamedTuple):
    """What stood in a row's fields before, what stands there now; secrets as their state.

    None where the row was not there, or is not there any more.
    """

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """The new texts of a row, on their way into a statement."""

    change: Change
    new: NewValues
    secret: str | None = field(default=None, repr=False)


class SettingsWriter:
    """Writes the changes of one plan to rows of these `keys`, as the transaction sees them."""

    def __init__(
        self,
        backend: ConfigBackend,
        connection: Connection,
        keys: Collection[str],
        *,
        salt: bytes,
        desired: Mapping[Address, Desired],
        progress: Callable[[Change, str], None] = lambda _change, _status: None,
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._desired = desired
        self._progress = progress
        self._interpreter = backend.interpreter(salt)
        self._rows = backend.read_rows(connection, keys)

    @property
    def table_name(self) -> str:
        """The config table, as the spec names it."""
        return self._backend.table.name

    def moved(self, changes: Iterable[Change]) -> list[Address]:
        """Those that no longer are what the plan saw."""
        return [
            change.address
            for change in changes
            if self._digest(change.address.name) != change.precondition
        ]

    def create_table(self) -> None:
        """The table, if it is missing. Before all writes: MySQL commits what stands before DDL."""
        if not self._backend.table.exists(self._connection):
            self._backend.table.create(self._connection)

    def live_fields(self, address: Address) -> Mapping[str, Any]:
        """A row's fields before any write; empty where there is none."""
        row = self._rows.get(address.name)
        return {} if row is None else self._interpreter.read(row).fields

    def write(self, changes: Sequence[Change]) -> Mapping[Address, Written]:
        """All changes that write, in few statements; StalePlan where a row moved.

        What was written, but for rows that were created just as their change says.
        """
        created = [one for one in changes if one.action is Action.CREATE]
        secret = {one.address for one in created if self._is_secret(one)}
        secrets = [self._draft(one) for one in created if one.address in secret]
        plain = [one for one in created if one.address not in secret]
        self._create(plain)
        self._create_secrets(secrets)
        others = [self._draft(one) for one in changes if one.action in _OF_ROWS]
        table = self._backend.table
        self._expect(table.update, [one for one in others if one.change.action is Action.UPDATE])
        self._expect(table.delete, [one for one in others if one.change.action is Action.DELETE])
        self._tell((*secrets, *others))
        return {one.change.address: self._written(one) for one in (*secrets, *others)}

    def _create(self, changes: Iterable[Change]) -> None:
        """Rows without secrets; those that say the same fields go together."""
        groups: dict[tuple[str, ...], list[Change]] = defaultdict(list)
        for change in changes:
            groups[tuple(change.writes or ())].append(change)
        for paths, group in groups.items():
            kept = [path for path in paths if self._backend.table.has(FIELD_COLUMNS[path])]
            names = [FIELD_COLUMNS[path] for path in kept]
            self._insert(names, (self._row(one, kept) for one in group))

    def _tell(self, drafts: Iterable[_Draft]) -> None:
        for draft in drafts:
            self._progress(draft.change, "written")

    def _create_secrets(self, drafts: Iterable[_Draft]) -> None:
        groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for draft in drafts:
            groups[tuple(draft.new.values)].append((draft.new.key, *draft.new.values.values()))
        for names, rows in groups.items():
            self._insert(names, rows, secret=True)

    def _row(self, change: Change, paths: Sequence[str]) -> Sequence[Any]:
        writes = change.writes or {}
        kind = writes.get("type") or self._type(change, None, writes)
        row = [change.address.name, *[writes[path] for path in paths]]
        row[1 + paths.index(VALUE)] = stored_text(kind, writes[VALUE])
        self._progress(change, "written")
        return row

    def _digest(self, key: str) -> str | None:
        row = self._rows.get(key)
        return None if row is None else row.digest

    def _insert(
        self, names: Sequence[str], rows: Iterable[Sequence[Any]], *, secret: bool = False
    ) -> None:
        from sqlalchemy.exc import IntegrityError

        try:
            self._backend.table.insert(self._connection, names, rows, secret=secret)
        except IntegrityError as error:
            reason = str(error.orig).lower()
            if "unique" not in reason and "duplicate" not in reason:
                raise
            raise StalePlan("a config key was added meanwhile", hint=_HINT) from None

    def _expect(self, write: Any, drafts: Sequence[_Draft]) -> None:
        if write(self._connection, [one.new for one in drafts]) != len(drafts):
            names = ", ".join(str(one.change.address) for one in drafts[:10])
            raise StalePlan(f"changed since the plan was made, one of: {names}", hint=_HINT)

    def _draft(self, change: Change) -> _Draft:
        key = change.address.name
        row = self._rows.get(key)
        writes = change.writes or {}
        values = {
            FIELD_COLUMNS[name]: value
            for name, value in writes.items()
            if name != VALUE and self._backend.table.has(FIELD_COLUMNS[name])
        }
        text = self._text(change, row, writes)
        if text is not None:
            values[FIELD_COLUMNS[VALUE]] = text
        new = NewValues(row=row, key=key, values=values)
        return _Draft(change=change, new=new, secret=text if self._is_secret(change) else None)

    def _text(self, change: Change, row: Row | None, writes: Mapping[str, Any]) -> str | None:
        """The value's text, None where the value stays."""
        key = change.address.name
        if self._is_secret(change):
            if VALUE in writes:
                return self._backend.protect(key, self._reveal(change))
            return self._seal_existing(key, row, writes)
        if VALUE not in writes:
            return None
        return stored_text(self._type(change, row, writes), writes[VALUE])

    def _type(self, change: Change, row: Row | None, writes: Mapping[str, Any]) -> str:
        """The type by which the value is written: the plan's own, which may be an earlier one."""
        desired = self._desired.get(change.address)
        setting = self._backend.settings.get(change.address.name)
        wanted = writes.get("type") or (None if desired is None else desired.fields.get("type"))
        if wanted is None and setting is not None:
            wanted = setting.type.value
        return str(wanted or (row and row.text("config_type")) or "string")

    def _seal_existing(self, key: str, row: Row | None, writes: Mapping[str, Any]) -> str | None:
        """A row that becomes sensitive is encrypted where it stands, in the same statement."""
        text = None if row is None else row.text(FIELD_COLUMNS[VALUE])
        becomes = writes.get("sensitive") is True and self._backend.policy is Policy.ENCRYPT
        if text is None or not becomes or is_sealed(text):
            return None
        return self._backend.protect(key, text)

    def _is_secret(self, change: Change) -> bool:
        writes = change.writes or {}
        setting = self._backend.settings.get(change.address.name)
        declared = setting is not None and setting.sensitive
        return declared or isinstance(writes.get(VALUE), SecretState)

    def _reveal(self, change: Change) -> str:
        desired = self._desired.get(change.address)
        if desired is None or desired.secret is None:
            raise SecretUnavailable(
                f"the secret of {change.address} was not resolved",
                hint="say in the spec where it is kept: `secret: env:NAME`",
            )
        return desired.secret.reveal()

    def _written(self, draft: _Draft) -> Written:
        address, writes = draft.change.address, draft.change.writes or {}
        row = self._rows.get(address.name)
        before = None if row is None else self._interpreter.read(row).fields
        if draft.change.action is Action.DELETE:
            return Written(before=before, after=None)
        after = {**(before or {}), **writes}
        if draft.secret is not None:
            after[VALUE] = self._interpreter.secret_state(address.name, draft.secret)
        return Written(before=before, after=after)
