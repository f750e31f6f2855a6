"""What became of a write: read back, and held against what was sent.

Under `backend.py`. Where no clear answer came, the list tells; where one came, it has to be what
was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.dialect import Row
from penguin_compile.live.marchproxy.failures import Rejected, Unanswered
from penguin_compile.live.marchproxy.scope import SERVICE, Scope, find_differences, see
from penguin_compile.model.address import Address
from penguin_compile.model.record import Live

_AGAIN = "plan again to see what is live now"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """The eyes of one gateway after its writes. `list_rows` reads all of a kind."""

    client: Client
    scope: Scope
    list_rows: Callable[[str], Sequence[Row]]

    def settle(self, address: Address, body: Row, failure: Unanswered | Rejected) -> Live:
        """Return what is there where it is what was meant; else raise the failure as it was."""
        if isinstance(failure, Unanswered) and not failure.sent:
            raise failure
        row = self.scope.find(address, self.list_again(address.kind, failure))
        if row is None:
            raise _explain_taken(address, failure)
        different = find_differences(address.kind, body, row)
        if not different and row.get("is_active") is not False:
            return see(address, row)
        if isinstance(failure, Unanswered):
            raise failure
        owner = self.scope.find_owner(row) if address.kind == SERVICE else None
        if owner is not None:
            raise GatewayFailure(
                f"{failure.message}; {address} is owned by {owner}",
                hint=f"somebody took the name after the plan: plan again; --use-spec {address} "
                "takes it over",
            )
        raise GatewayFailure(
            f"{failure.message}; {address} is there, and it isn't what the spec says "
            f"({self.client.redact(', '.join(different)) or 'it is inactive'})",
            hint="somebody made it after the plan: plan again, then apply",
        )

    def verify(self, address: Address, body: Row, row: Row | None) -> Live:
        """What came back has to be what was sent; it is read where the answer doesn't hold it."""
        if row is None:
            row = self.scope.find(address, self.list_rows(address.kind))
        return self.check_row(address, body, row)

    def check_row(self, address: Address, body: Row, row: Row | None) -> Live:
        """Raise where it isn't what was sent."""
        if row is None or row.get("name") != address.name or row.get("is_active") is False:
            raise GatewayFailure(
                f"{address}: {self.client.shown_url} said that it is written, and it isn't there",
                hint=_AGAIN,
            )
        different = find_differences(address.kind, body, row)
        if different:
            raise GatewayFailure(
                f"{address}: what came back is not what was sent: "
                + self.client.redact(", ".join(different)),
                hint=f"{_AGAIN}; the server may not take these values",
            )
        return see(address, row)

    def check_gone(self, address: Address, identity: object, row: Row | None) -> None:
        """Raise where a deleted one is there all the same."""
        if row is None or row.get("id") != identity or row.get("is_active") is False:
            return
        raise GatewayFailure(
            f"{address}: {self.client.shown_url} said that it is deleted, and it is still there",
            hint=_AGAIN,
        )

    def list_again(self, kind: str, failure: GatewayFailure) -> Sequence[Row]:
        """Read the list after a failure, which stays the one to be told.

        Where that fails too, nobody knows what was done, and nothing is to be repeated.
        """
        try:
            return self.list_rows(kind)
        except GatewayDenied:
            raise
        except GatewayFailure:
            if not isinstance(failure, Unanswered):
                raise failure from None
            raise failure.give_up("and what became of it can't be read") from None


def _explain_taken(address: Address, failure: Unanswered | Rejected) -> Unanswered | Rejected:
    """A name that is taken by what the list doesn't show."""
    if isinstance(failure, Rejected) and "already exists" in failure.message:
        return Rejected(
            f"{failure.message}; {address} is in no list that this user may see",
            status=failure.status,
            hint="the name is taken by a service that only an admin sees: log in as one, or "
            "have it renamed",
        )
    return failure
