"""One setting as the console shows it: its row, what the spec says, and what was last settled."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from penguin_compile.console.values import undeclared
from penguin_compile.live.config.row import TOOL, Row
from penguin_compile.model.record import VALUE, Base, Live, SecretState
from penguin_compile.model.setting import Setting, Unset, stored_text
from penguin_compile.sync.comparison import same
from penguin_compile.sync.edits import find_edits


class Source(StrEnum):
    """Where a live value comes from."""

    SPEC = "from the spec"
    EDITED = "edited live"
    KEPT = "edited live, kept"
    WAITING = "spec changed, not applied yet"
    LIVE = "set live"  # the spec declares the key and states no value
    UNMANAGED = "not in the spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the config table beside spec and ledger.

    `text` is None where the value is sensitive: it is never shown. `declared` is the spec's
    setting, `setting` the same or what the row's own columns tell.
    """

    row: Row = field(repr=False)
    live: Live
    base: Base | None
    declared: Setting | None
    etag: str

    @property
    def key(self) -> str:
        """The key of the row."""
        return self.row.key

    @property
    def sensitive(self) -> bool:
        """Whether the value is a secret by the spec, the ledger, its row or its form."""
        return isinstance(self.live.fields[VALUE], SecretState)

    @property
    def text(self) -> str | None:
        """The value as its row holds it, None for a secret."""
        return None if self.sensitive else (self.row.text("config_value") or "")

    @property
    def setting(self) -> Setting:
        """What says what a value has to be."""
        if self.declared is not None:
            return self.declared
        return undeclared(self.key, self.row.text("config_type"), sensitive=self.sensitive)

    @property
    def type(self) -> str:
        """The `config_type`: the row's own, else the spec's."""
        return self.row.text("config_type") or self.setting.type.stored

    @property
    def category(self) -> str:
        """The row's category, else the spec's."""
        return self.row.text("category") or self.setting.category

    @property
    def description(self) -> str | None:
        """The row's description, else the spec's."""
        return self.row.text("description") or self.setting.description

    @property
    def last_updated(self) -> str | None:
        """ISO 8601, as the standard's API has it; None where the table doesn't say."""
        return iso_time(self.row.columns.get("last_updated"))

    @property
    def updated_by(self) -> str | None:
        """Who wrote the row last."""
        return self.row.text("updated_by")

    @property
    def by_person(self) -> bool:
        """Whether it was somebody else than apply."""
        return self.updated_by not in {None, TOOL}

    @property
    def spec_text(self) -> str | None:
        """The spec's value as a row would hold it; None for a secret and where it states none."""
        if self.declared is None or self.sensitive or isinstance(self.declared.default, Unset):
            return None
        return stored_text(self.declared.type, self.declared.default)

    @property
    def edited(self) -> bool:
        """Whether the value departs from what was last settled."""
        return self.source in {Source.EDITED, Source.KEPT}

    @property
    def source(self) -> Source:
        """Where the live value comes from."""
        if self.declared is None:
            return Source.UNMANAGED
        as_said = self._as_spec()
        if self.base is None or VALUE not in self.base.fields:
            if as_said:
                return Source.SPEC
            return Source.LIVE if as_said is None else Source.EDITED
        if find_edits({VALUE: self.base.fields[VALUE]}, self.live):
            if as_said:  # the spec has followed the edit; the next apply notes it
                return Source.SPEC
            return Source.EDITED if self.base.kept is None else Source.KEPT
        return Source.WAITING if as_said is False else Source.SPEC

    def _as_spec(self) -> bool | None:
        """Whether the spec says the live value; None where it states none that can be compared."""
        if self.declared is None or self.sensitive or isinstance(self.declared.default, Unset):
            return None
        return same(self.live.fields[VALUE], self.declared.default)


def make_etag(row: Row, salt: bytes) -> str:
    """A strong entity tag of a row, which tells nothing about a secret in it."""
    said: tuple[Any, ...] = (
        row.key,
        row.digest,
        row.text("updated_by"),
        row.text("last_updated"),
    )
    code = hmac.new(salt, "\0".join(map(str, said)).encode("utf-8", "surrogatepass"), "sha256")
    return f'"{code.hexdigest()[:32]}"'


def iso_time(value: object) -> str | None:
    """A time as the driver has it, in ISO 8601; SQLite's texts have a space in the middle."""
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value).replace(" ", "T", 1)
