"""Requests to a gateway over HTTP: timeouts, tries, and failures that a person can act on."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import Masked, SecretReference
from penguin_compile.live.marchproxy.answer import Answer, redact
from penguin_compile.live.marchproxy.exchange import show_answer, show_body
from penguin_compile.live.marchproxy.failures import Unanswered
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.live.marchproxy.proxies import name_proxy
from penguin_compile.live.marchproxy.transport import (
    HEADERS,
    open_transport,
    parse_url,
    read_timeouts,
)
from penguin_compile.live.marchproxy.trust import UNKNOWN_HINT, UNTRUSTED_HINT
from penguin_compile.model.environment import Gateway

if TYPE_CHECKING:
    import httpx

_LARGEST_BODY = 256 * 1024 * 1024
_INTERNAL_ERROR = 500
_write_json = json.JSONEncoder(allow_nan=False).encode


class Client:
    """The connections to one gateway, for several threads. Secrets are resolved when first used.

    `credentials_hint` is what a person is told where the server refuses them; a dialect sets it.

    `place` is where the spec speaks of this gateway, such as `environments.prod.marchproxy`.
    """

    def __init__(
        self,
        gateway: Gateway,
        place: str,
        patience: Patience | None = None,
        manners: Manners | None = None,
        resolve: Resolver | None = None,
    ) -> None:
        self.gateway = gateway
        self._resolve = Resolver() if resolve is None else resolve
        self.place = place
        self.patience = Patience() if patience is None else patience
        self.credentials_hint = ""
        self._manners = Manners() if manners is None else manners
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._run = secrets.token_hex(4)
        self._numbers = count(1)
        self._http: httpx.HTTPTransport | None = None
        self._closed = False
        self._url: str | None = None
        self._shown: str | None = None

    @property
    def shown_url(self) -> str:
        """The gateway's URL as a person may see it: of a secret one only scheme, host and port."""
        if self._shown is not None:
            return self._shown
        shown = self._show_url()
        if self._url is not None:  # nothing more will be known of it
            self._shown = shown
        return shown

    def _show_url(self) -> str:
        url = self.gateway.url
        if isinstance(url, SecretReference):
            if self._url is None:
                return str(url)
            resolved = urlsplit(self._url)
            return f"{resolved.scheme}://{resolved.netloc}"
        parts = _split(url)
        return url.rstrip("/") if parts and _is_usable(parts) else "(no usable URL)"

    def resolve(self, reference: SecretReference) -> Masked:
        """Return the secret of a reference, which no message shows from now on."""
        secret = self._resolve(reference)
        self.hide(secret)
        return secret

    def resolve_token(self, reference: SecretReference) -> Masked:
        """Return a secret that a header can carry; GatewayDenied where it can't."""
        token = self.resolve(reference)
        if not is_portable(token):
            raise GatewayDenied(
                f"the token {reference} holds spaces, line breaks or other characters that no "
                "header can carry",
                hint="copy the key again, without quotes and without the line break at its end",
            )
        return token

    def hide(self, secret: Masked) -> None:
        """Keep a secret out of all that is told of answers from now on."""
        with self._lock:
            if secret.reveal() not in self._secrets:
                # Longest first: where one is a part of another, nothing of either is left.
                every = (*self._secrets, secret.reveal())
                self._secrets = tuple(sorted(every, key=len, reverse=True))

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: Masked | None = None,
        cluster_key: Masked | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Return a successful answer; GatewayFailure for anything else.

        `repeatable`: to do it twice is as good as once, so it is tried again where no answer came.
        What isn't repeatable is tried again only where nothing was sent.
        """
        return self.patience.insist(
            lambda: self._try(method, path, body, token, cluster_key),
            repeat=lambda failure: failure.again and (repeatable or not failure.sent),
        )

    def redact(self, text: str) -> str:
        """Return a text that holds a server's words, fit to be shown."""
        return redact(text, self._secrets)

    def close(self) -> None:
        """Give back the connections, for good: a thread that still waits asks no more."""
        with self._lock:
            http, self._http, self._closed = self._http, None, True
        if http is not None:
            http.close()

    def _try(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        token: Masked | None,
        cluster_key: Masked | None = None,
    ) -> Answer:
        import httpx

        http, url = self.open()
        request = f"{method} {self.shown_url}{path}"
        request_id = f"{self._run}-{next(self._numbers)}"
        headers = {**HEADERS, "X-Request-ID": request_id}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        if cluster_key is not None:
            headers["Cluster-API-Key"] = cluster_key.reveal()
        content = None
        if body is not None:
            # ASCII alone: half a surrogate pair, read from a server, has no bytes in UTF-8.
            content = _write_json(body).encode("ascii")
            headers["Content-Type"] = "application/json"
        timeouts = {"timeout": read_timeouts(self.patience)}
        message = httpx.Request(
            method, parse_url(url + path), content=content, headers=headers, extensions=timeouts
        )
        log = self._manners.log
        started = time.monotonic()
        if log is not None:
            log(f"> {request} request {request_id}{show_body(body)}")
        try:
            with closing(http.handle_request(message)) as response:
                answer = self._receive(request, response)
        except httpx.HTTPError as error:
            failure = self._explain(request, error)
            if log is not None:
                log(f"< {failure.message} request {request_id}")
            raise failure from None
        finally:
            if self._closed:  # meanwhile: the pool has opened one more
                http.close()
        if log is not None:
            log(show_answer(answer, time.monotonic() - started, request_id))
        answer.check(self.credentials_hint)
        return answer

    def _receive(self, request: str, response: httpx.Response) -> Answer:
        chunks: list[bytes] = []
        # The server hangs up after a 500 without saying so. Its body is left unread, because
        # httpx keeps no connection that holds an unread answer, and the next request gets another.
        if response.status_code != _INTERNAL_ERROR:
            chunks = self._read(request, response)
        return Answer(
            request=request,
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            location=response.headers.get("Location", ""),
            retry_after=response.headers.get("Retry-After", ""),
            body=b"".join(chunks),
            request_id=response.headers.get("X-Request-ID", ""),
            known=self._secrets,
        )

    def _read(self, request: str, response: httpx.Response) -> list[bytes]:
        """Read the body; a server that drips one byte a second must not hold us for ever."""
        deadline = time.monotonic() + self.patience.total
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > _LARGEST_BODY or time.monotonic() > deadline:
                raise Unanswered(
                    f"{request}: the answer doesn't end", sent=True, again=False, hint=self._hint()
                )
        return chunks

    def open(self) -> tuple[httpx.HTTPTransport, str]:
        """Return the connections and the base URL; GatewayDenied where the URL is of no use."""
        with self._lock:
            if self._closed:
                raise GatewayFailure(f"{self.shown_url}: the run is over", hint="nothing was sent")
            if self._url is None:
                self._url = self._resolve_url()
            if self._http is None:
                self._http = open_transport(self._url, self._manners)
            return self._http, self._url

    def _resolve_url(self) -> str:
        given = self.gateway.url
        secret = isinstance(given, SecretReference)
        url = self._resolve(given).reveal() if isinstance(given, SecretReference) else given
        parts = _split(url)
        if parts is None or not _is_usable(parts):
            named = f"{self.place}.url" + (f" ({given})" if secret else "")
            raise GatewayDenied(
                f"{named} is no URL that can be used",
                hint="write http:// or https://, host and port, such as https://marchproxy:8000, "
                "without user, password and query",
            )
        return url.rstrip("/")

    def _explain(self, request: str, error: httpx.HTTPError) -> GatewayFailure:
        import httpx

        cause = _find_cause(error)
        reason = _REASONS.get(type(error).__name__, "the request failed")
        if cause is not None and cause.strerror:
            reason = f"{reason}: {cause.strerror}"
        untrusted = type(cause).__name__ == "SSLCertVerificationError"
        unknown = "CERTIFICATE_REQUIRED" in (getattr(cause, "reason", None) or "")
        unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
        garbled = isinstance(error, httpx.DecodingError | httpx.UnsupportedProtocol)
        return Unanswered(
            f"{request}: {reason}",
            sent=not isinstance(error, unsent),
            again=not (untrusted or unknown or garbled),
            hint=UNTRUSTED_HINT if untrusted else UNKNOWN_HINT if unknown else self._hint(),
        )

    def _hint(self) -> str:
        named = None if self._url is None else name_proxy(self._url)
        through = "" if named is None else f"; requests go through the proxy that {named} names"
        return f"is MarchProxy running there? The address is {self.place}.url{through}"


_REASONS = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no connection in time",
    "ProxyError": "the HTTP proxy made no connection",
    "ReadTimeout": "no answer in time",
    "WriteTimeout": "the request was not taken in time",
    "ReadError": "the connection was cut before the answer",
    "WriteError": "the connection was cut before the answer",
    "CloseError": "the connection was cut before the answer",
    "RemoteProtocolError": "the server hung up before its answer was complete",
    "DecodingError": "the answer's compression is broken",
}


def is_portable(token: Masked) -> bool:
    """Whether a header can carry it."""
    text = token.reveal()
    return text.isascii() and text.isprintable() and " " not in text


def _find_cause(error: BaseException) -> OSError | None:
    """Return the operating system's error behind one of httpx, which says why."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _split(url: str) -> SplitResult | None:
    import httpx

    try:
        parts = urlsplit(url)
        _ = parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        return None
    return parts


def _is_usable(parts: SplitResult) -> bool:
    spare = parts.username, parts.password, parts.query, parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(spare)
