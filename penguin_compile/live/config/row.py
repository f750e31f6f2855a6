"""A row of the config table as the database holds it, and as what plan compares.

Between the table (`table.py`) and the backend: text to typed values, secrets to fingerprints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from penguin_compile.core.canonical import digest, digest_text
from penguin_compile.core.records import dataclass
from penguin_compile.live.config.sealing import Keyring, fingerprint, is_sealed, unseal
from penguin_compile.model.address import Address
from penguin_compile.model.record import VALUE, Live, SecretState
from penguin_compile.model.setting import JsonValue, Setting, canonical_value

KIND: Final = "config"
TOOL: Final = "penguin-compile"  # what `updated_by` says of our own writes

# A resource's fields, and the standard's columns that hold them.
FIELD_COLUMNS: Final[Mapping[str, str]] = {
    VALUE: "config_value",
    "type": "config_type",
    "category": "category",
    "description": "description",
    "sensitive": "is_sensitive",
}
_TRUE: Final = frozenset(("1", "t", "true", "y", "yes", "on"))


def is_true(flag: object) -> bool:
    """A boolean as some database spells it: pyDAL's is `T`, MySQL's 1, NULL is false."""
    return flag is True or (_text(flag) or "").strip().lower() in _TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: what the driver returned, by the standard's names of the columns it has."""

    key: str
    columns: Mapping[str, Any] = field(repr=False)

    def text(self, column: str) -> str | None:
        """A column as text; None for NULL and for a column that the table lacks."""
        return _text(self.columns.get(column))

    @property
    def sensitive(self) -> bool:
        """The row's own flag, in whatever way its database spells booleans."""
        return is_true(self.columns.get("is_sensitive"))

    @property
    def digest(self) -> str:
        """Of all that a plan compares; who wrote the row and when doesn't count."""
        kept = {name: self.text(name) for name in FIELD_COLUMNS.values() if name in self.columns}
        if "is_sensitive" in kept:
            kept["is_sensitive"] = str(self.sensitive)
        return digest({"key": self.key, **kept})


class Rows(Mapping[str, Row]):
    """A table's rows by key, as the driver returned them; each becomes a Row when it is asked for.

    `names` are the standard's names of the columns, the key's first.
    """

    def __init__(self, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        self.names = tuple(names)
        self.tuples = {str(row[0]): row for row in rows}

    def __getitem__(self, key: str) -> Row:
        return Row(key=key, columns=dict(zip(self.names, self.tuples[key], strict=True)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.tuples)

    def __len__(self) -> int:
        return len(self.tuples)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Reads rows with what the spec and the ledger know of their keys.

    `secret_keys` are sensitive by the ledger: their rows are never shown, even when the spec
    doesn't have them any more.
    """

    settings: Mapping[str, Setting]
    secret_keys: frozenset[str]
    keyring: Keyring | None
    salt: bytes | None = field(repr=False)

    def read(self, row: Row) -> Live:
        """The resource that a row is."""
        fields: dict[str, Any] = {VALUE: self._value(row)}
        for name in ("type", "category", "description"):
            if FIELD_COLUMNS[name] in row.columns:
                fields[name] = row.text(FIELD_COLUMNS[name])
        if "is_sensitive" in row.columns:
            fields["sensitive"] = row.sensitive
        editor = row.text("updated_by")
        edited = editor is not None and editor != TOOL
        return Live(
            address=Address(KIND, row.key),
            fields=fields,
            digest=row.digest,
            edited_by=editor if edited else None,
            edited_at=row.text("last_updated") if edited else None,
            read_as=self._type(row),
        )

    def _type(self, row: Row) -> str:
        """The spec's type of a key, else the row's own."""
        setting = self.settings.get(row.key)
        return (row.text("config_type") or "string") if setting is None else setting.type.stored

    def _value(self, row: Row) -> JsonValue | SecretState:
        text = row.text("config_value")
        if text is not None and self._is_secret(row, text):
            return self.secret_state(row.key, text)
        return canonical_value(self._type(row), text)

    def _is_secret(self, row: Row, text: str) -> bool:
        setting = self.settings.get(row.key)
        declared = setting is not None and setting.sensitive
        return declared or row.sensitive or row.key in self.secret_keys or is_sealed(text)

    def secret_state(self, key: str, stored: str) -> SecretState:
        """What may be known of a stored secret; its fingerprint only where it can be opened."""
        value = unseal(self.keyring, key, stored) if is_sealed(stored) else stored
        known = None if value is None or self.salt is None else fingerprint(value, self.salt)
        return SecretState(fingerprint=known, stored=digest_text(stored))
