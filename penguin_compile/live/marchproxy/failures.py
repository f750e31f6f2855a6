"""How a request to the gateway can fail, as far as its caller has to tell the ways apart."""

from __future__ import annotations

from penguin_compile.core.errors import GatewayDenied, GatewayFailure


class Denied(GatewayDenied):
    """The server answered 401 or 403: it doesn't take these credentials, or not for this."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Rejected(GatewayFailure):
    """The server understood the request and said no: nothing was done."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Unanswered(GatewayFailure):
    """No clear answer. Where the request was `sent`, it may be done or not: read back first.

    `again` says that another try may help; `retry_after` is what the server asked to wait, in
    seconds; `status` is there where it answered at all.
    """

    def __init__(
        self,
        message: str,
        *,
        sent: bool,
        again: bool,
        retry_after: float | None = None,
        status: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent
        self.again = again
        self.retry_after = retry_after
        self.status = status

    def give_up(self, why: str) -> Unanswered:
        """Return the same failure as one that no other try is to follow, and why."""
        return Unanswered(
            f"{self.message} ({why})" if why else self.message,
            sent=self.sent,
            again=False,
            retry_after=self.retry_after,
            status=self.status,
            hint=self.hint,
        )
