"""What a backend is: one live system, read whole, in the fields that the spec speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.record import Desired, Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One pass over a live system, complete.

    `notices` are things that a person should know and that change nothing; `warnings` are parts of
    the spec that this system can't have.
    """

    live: Mapping[Address, Live]
    notices: Sequence[str] = ()
    warnings: Sequence[str] = ()


class Backend(Protocol):
    """A live system that plan compares with and apply writes to."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of resources that it has."""

    def describe(self) -> str:
        """The system in a plan's header: a URL without password, and what it is."""

    def project(self, app: App) -> Sequence[Desired]:
        """What the spec wants of this system, in the order of the spec."""

    def read(self) -> Reading:
        """Everything of ours that is there. Raises DatabaseFailure or GatewayFailure."""

    def close(self) -> None:
        """Give back connections."""
