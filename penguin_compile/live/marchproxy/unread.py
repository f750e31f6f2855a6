"""Writes that were answered and not read back yet, because only the whole list could tell.

Under `backend.py`: so that a server without a way to read one resource costs a list for many
writes, and none for each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.live.marchproxy.dialect import Row
from penguin_compile.live.marchproxy.read_back import ReadBack
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Change
from penguin_compile.model.record import Live

Sides = tuple[Live | None, Live | None]


class Unread:
    """What was there before each of them and what the server said after it; for many threads."""

    def __init__(self) -> None:
        self._sides: dict[Address, Sides] = {}
        self._lock = threading.Lock()

    def note(self, address: Address, before: Live | None, after: Live | None) -> None:
        """One more; the latest write of an address is what counts."""
        with self._lock:
            self._sides[address] = before, after

    def confirm(
        self,
        changes: Sequence[Change],
        read_back: ReadBack,
        keep: Callable[[Address, Live | None], None],
    ) -> dict[Address, GatewayFailure]:
        """Hold those of the changes against one list of each kind; `keep` what is there."""
        failed: dict[Address, GatewayFailure] = {}
        taken = dict(self._take(changes))
        for kind in dict.fromkeys(one.kind for one in taken):
            sides = {address: both for address, both in taken.items() if address.kind == kind}
            try:
                rows = {row["name"]: row for row in read_back.list_rows(kind)}
            except GatewayFailure as failure:
                failure.message = f"written, but not read back: {failure.message}"
                failed.update(dict.fromkeys(sides, failure))
                continue
            for address, both in sides.items():
                try:
                    keep(address, _confirm(address, both, rows, read_back))
                except GatewayFailure as failure:
                    failed[address] = failure
        return failed

    def _take(self, changes: Sequence[Change]) -> Iterator[tuple[Address, Sides]]:
        with self._lock:
            for one in changes:
                if one.address in self._sides:
                    yield one.address, self._sides.pop(one.address)


def _confirm(
    address: Address, both: Sides, rows: Mapping[str, Row], read_back: ReadBack
) -> Live | None:
    before, after = both
    row = rows.get(address.name)
    if after is not None:
        sent = {**after.fields, "name": address.name, "cluster_id": read_back.scope.cluster}
        return read_back.check_row(address, sent, row)
    if before is not None:
        read_back.check_gone(address, before.remote["id"], row)
    return None
