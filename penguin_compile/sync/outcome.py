"""What apply tells when it ends, and what it needs of a gateway.

Between `application.py` and those who call it: the pipeline, reports, the gateway's backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.live.backend import Reading
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Change
from penguin_compile.model.record import Live

# Of each row, as it is sent: written, remembered, noted. Of a request: done, failed or skipped.
Progress: TypeAlias = Callable[[Change, str], None]


class GatewayWriter(Protocol):
    """The gateway's side of apply: one change at a time."""

    def read(self) -> Reading:
        """Everything of ours that is there now."""

    def write(self, change: Change) -> Live | None:
        """Make one change and return what is live after it; None after a delete.

        Raises GatewayFailure; where it is `fatal`, no other change is tried.
        """

    def must_confirm(self, kind: str) -> bool:
        """Whether writes of a kind count only once `confirm` has read them back."""

    def confirm(self, changes: Sequence[Change]) -> Mapping[Address, GatewayFailure]:
        """Read back what was written, many at once; what isn't there as it was meant."""

    def write_all(self, changes: Sequence[Change]) -> Mapping[Address, GatewayFailure]:
        """Make creates and updates by one request, where `bulk` asks for it; what failed.

        Raises GatewayFailure where that is so of all.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A change that the gateway didn't take."""

    address: Address
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A change that was not tried, and why."""

    address: Address
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a plan. `revision` is None where there was nothing to do.

    `settled` counts changes of the ledger alone. `fatal` is the failure that stopped the run.
    """

    done: tuple[Address, ...] = ()
    failed: tuple[Failed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    settled: int = 0
    revision: int | None = None
    fatal: GatewayFailure | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.failed and not self.skipped
