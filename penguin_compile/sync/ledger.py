"""The ledger's entries as they were read; each becomes a value when somebody asks for it.

Between the state and the plan: of 100,000 entries a plan looks closely at few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.model.address import Address
from penguin_compile.model.record import Base
from penguin_compile.model.setting import Manage
from penguin_compile.sync.ledger_text import holds_secret, read_fields


class LedgerRow(NamedTuple):
    """A row of penguin_ledger."""

    address: str
    fields: str
    manage: str
    protected: object
    kept: str | None
    revision: int


class Ledger(Mapping[Address, Base]):
    """Entries by address. Reading one raises DatabaseFailure where its text is damaged."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], database: str) -> None:
        self.rows: dict[str, tuple[Any, ...]] = {row[0]: row for row in rows}
        self._database = database

    def __getitem__(self, address: Address) -> Base:
        return self._read(LedgerRow._make(self.rows[str(address)]))

    def __iter__(self) -> Iterator[Address]:
        return map(Address.parse, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, addresses: Iterable[str]) -> Ledger:
        """The same entries, but for those."""
        left = Ledger((), self._database)
        left.rows = dict(self.rows)
        for address in addresses:
            left.rows.pop(address, None)
        return left

    def including(self, others: Ledger) -> Ledger:
        """The same entries, and those others, which are newer."""
        both = Ledger((), self._database)
        both.rows = {**self.rows, **others.rows}
        return both

    def secret_keys(self, kind: str) -> frozenset[str]:
        """Names of resources of a kind that are remembered with a secret."""
        found = (row[0] for row in self.rows.values() if holds_secret(row[1]))
        addresses = (Address.parse(one) for one in found)
        return frozenset(one.name for one in addresses if one.kind == kind)

    def _read(self, row: LedgerRow) -> Base:
        try:
            return Base(
                address=Address.parse(row.address),
                fields=read_fields(row.fields),
                manage=Manage(row.manage),
                protected=bool(row.protected),
                revision=row.revision,
                kept=row.kept,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DatabaseFailure(
                f"{self._database}: the ledger's entry of {row.address} can't be read",
                hint="bring back a backup of table penguin_ledger, or delete that row: the next "
                "plan then treats the address as never applied",
            ) from None
