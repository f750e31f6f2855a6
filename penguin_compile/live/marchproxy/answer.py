"""What the gateway answered, judged: secrets are stripped here, before anything else sees them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterable
from dataclasses import field
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import Masked
from penguin_compile.live.marchproxy.failures import Denied, Rejected, Unanswered

_SECRET = re.compile(
    r"(^|_)(secret|token|password|passwd|passphrase|api_?key|private_key|totp)(_|$)", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]+")
_NESTED = frozenset((dict, list))
_LONGEST_DETAIL = 300
_BUSY = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `request` is `METHOD URL` as a person may see it; `known` are our own secrets."""

    request: str
    status: int
    content_type: str = ""
    location: str = ""
    retry_after: str = ""
    request_id: str = ""
    body: bytes = field(default=b"", repr=False)
    known: tuple[str, ...] = field(default=(), repr=False)

    def parse(self, only: Collection[str] | None = None) -> dict[str, Any]:
        """Return the JSON object without its secrets; GatewayFailure where it is none.

        `only`: what it has under those names, which is all that anybody looks at.
        """
        try:
            value = _read_json(self.body)
            if only is not None and isinstance(value, dict):
                value = {name: value[name] for name in only if name in value}
            _strip_secrets(value)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            kind = self.content_type.partition(";")[0].strip() or "something"
            what = "JSON that is cut off or wrong" if "json" in kind else f"{kind}, not JSON"
            raise GatewayFailure(
                f"{self.request}: the server answered {self.status} with "
                + self.redact("no JSON object" if value is not None else what),
                hint="is that the address of MarchProxy's API, with no login page before it?",
            )
        return value

    def take_secret(self, name: str) -> Masked | None:
        """Return one secret of the answer, for the one caller that asked the server for it."""
        try:
            value = json.loads(self.body).get(name)
        except (ValueError, RecursionError, AttributeError):
            value = None
        return Masked(value) if isinstance(value, str) and value else None

    def check(self, hint: str) -> None:
        """Raise where the answer is no success; `hint` tells where the credentials come from."""
        if 200 <= self.status < 300:
            return
        if 300 <= self.status < 400:
            self._refuse_redirect()
        if self.status in (401, 403):
            raise Denied(
                f"{self.request}: the server doesn't accept the credentials ({self._summary()})",
                status=self.status,
                hint=hint,
            )
        if 400 <= self.status < 500 and self.status not in _BUSY:
            raise Rejected(
                f"{self.request}: the server refused it ({self._summary()})",
                status=self.status,
                hint=_advise(self.status),
            )
        raise Unanswered(
            f"{self.request}: the server failed ({self._summary()})",
            sent=True,
            again=self.status in _BUSY,
            retry_after=parse_retry_after(self.retry_after),
            status=self.status,
            hint="the server's own log says why; the same command may be run again",
        )

    def redact(self, text: str) -> str:
        """Return a server's text fit to be shown."""
        return redact(text, self.known)

    def _refuse_redirect(self) -> NoReturn:
        parts = urlsplit(self.location)
        target = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another path"
        raise GatewayFailure(
            f"{self.request}: the server redirects ({self.status}) to {self.redact(target)}, "
            "and the token is sent to no address but the one in the spec",
            hint="write the base URL that answers itself, https:// included, as marchproxy.url",
        )

    def _summary(self) -> str:
        """Return status and detail; a 422's `input` echoes what was sent, so it stays out."""
        try:
            detail = json.loads(self.body).get("detail")
        except (ValueError, RecursionError, AttributeError):
            detail = None
        if isinstance(detail, list):
            detail = "; ".join(_describe_problem(one) for one in detail if isinstance(one, dict))
        text = self.redact(detail) if isinstance(detail, str) else ""
        return f"{self.status}: {text}" if text else str(self.status)


def redact(text: str, known: Iterable[str]) -> str:
    """Return a server's text on one line, short, and without the secrets that we know."""
    for secret in filter(None, known):
        text = text.replace(secret, "***")
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + " …"


def parse_retry_after(text: str) -> float | None:
    """Return seconds from `Retry-After`: a number or a date (RFC 9110, 10.2.3)."""
    from email.utils import parsedate_to_datetime

    if re.fullmatch(r"[0-9]{1,9}", text.strip()):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def is_secret(name: str) -> bool:
    """Whether a field of that name holds a secret."""
    return bool(_SECRET.search(name))


@lru_cache(maxsize=1024)
def _find_secrets(names: tuple[str, ...]) -> tuple[str, ...]:
    """The secret ones; remembered, because the rows of a list have the same names."""
    return tuple(filter(is_secret, names))


def _strip_secrets(value: Any) -> None:
    """Take every secret out, as deep as it may be; null stays, for it tells that there is none."""
    if isinstance(value, list):
        for one in value:
            _strip_secrets(one)
    elif isinstance(value, dict):
        for name in _find_secrets(tuple(value)):
            if value[name] is not None and not isinstance(value[name], dict):
                del value[name]
        # Of thousands of rows, nearly all are flat: their types are looked at in C.
        if not _NESTED.isdisjoint(map(type, value.values())):
            for one in value.values():
                _strip_secrets(one)


def _read_json(text: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(text)
    except ValueError:  # half a surrogate pair, which is JSON all the same, or none at all
        return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _describe_problem(problem: dict[str, Any]) -> str:
    where = problem.get("loc")
    parts = where if isinstance(where, list) else []
    return f"{'.'.join(str(part) for part in parts if part != 'body')}: {problem.get('msg')}"


def _advise(status: int) -> str:
    if status in (404, 405):
        return "does this server speak another dialect? marchproxy.dialect in the spec says which"
    return "compare what the spec says with what this server takes"
