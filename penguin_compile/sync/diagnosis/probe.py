"""One small request to a service of the house, which apply itself could do without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import Masked
from penguin_compile.sync.diagnosis.check import Check, warning

_SECONDS: Final = 3.0
NOT_FROM_HERE: Final = "start it; where only the app's network reaches it, run doctor in there"


class Unreached(Exception):
    """Nobody answered; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: its status, and its JSON where it is an object."""

    status: int
    body: Mapping[str, object]

    @property
    def refused(self) -> bool:
        """Whether it was about who asks."""
        return self.status in (401, 403)

    @property
    def version(self) -> str:
        """`, version 1.2` where the service tells it."""
        told = self.body.get("version")
        return f", version {told}" if isinstance(told, str) and told.isprintable() else ""


def ask(
    url: str,
    *,
    body: Mapping[str, object] | None = None,
    bearer: Masked | None = None,
    basic: tuple[Masked, Masked] | None = None,
) -> Reply:
    """GET, or POST where there is a body; Unreached where there is no answer."""
    import httpx

    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer.reveal()}"}
    auth = None if basic is None else httpx.BasicAuth(*(one.reveal() for one in basic))
    method = "GET" if body is None else "POST"
    try:
        with httpx.Client(timeout=_SECONDS, auth=auth) as client:
            answer = client.request(method, url, json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # Not chained: the request's headers may hold a secret.
        raise Unreached(str(error) or type(error).__name__) from None
    try:
        data = answer.json()
    except ValueError:
        data = None
    return Reply(status=answer.status_code, body=data if isinstance(data, dict) else {})


def unreached(subject: str, url: str, error: Unreached) -> Iterator[Check]:
    """A warning: apply goes on without it."""
    yield warning(subject, f"{url} can't be reached from here: {error}", NOT_FROM_HERE)
