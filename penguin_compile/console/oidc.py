"""Logging in at an OpenID provider: authorization code with PKCE.

Under `login.py`. The provider is the operator's; what a browser brings back is compared with what
was remembered for it here, and the ID token is verified like any other token.
"""

from __future__ import annotations

import hmac
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from penguin_compile.console.options import OidcOptions, check_url
from penguin_compile.console.principal import Denied
from penguin_compile.console.sessions import make_token
from penguin_compile.console.tokens import (
    IssuerUnavailable,
    TokenRejected,
    TokenVerifier,
    fetch_json,
    load_url,
)
from penguin_compile.core.errors import UsageError

CALLBACK: Final = "/oidc/callback"
_SECONDS: Final = 600.0
_MOST: Final = 1000
_TIMEOUT_SECONDS: Final = 10.0
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@cache
def _client_class() -> Any:
    """Authlib's client. It warns at its import that httpx has a successor, which is its affair."""
    import authlib.deprecate  # noqa: F401 - sets a filter of its own, which ours has to follow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from authlib.integrations.httpx_client import OAuth2Client
    return OAuth2Client


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """What one browser was sent away with."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    at: float


class Provider:
    """An OpenID provider, as a client knows it."""

    def __init__(
        self,
        options: OidcOptions,
        public_url: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _client_class()
        self._options = options
        self._redirect = f"{public_url}{CALLBACK}"
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}
        self._metadata: Mapping[str, Any] | None = None
        self._verifier: TokenVerifier | None = None

    def begin(self) -> tuple[str, str]:
        """Where to send the browser, and what its cookie holds meanwhile."""
        metadata = self._discover()
        handle, nonce, verifier = make_token(), make_token(), make_token()
        with self._client() as client:
            url, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
            )
        begun = _Begun(state=state, nonce=nonce, verifier=verifier, at=self._clock())
        with self._lock:
            self._forget_old()
            self._begun[handle] = begun
        return str(url), handle

    def finish(self, handle: str | None, query: Mapping[str, str]) -> Mapping[str, Any]:
        """The claims of who came back. Raises Denied, and IssuerUnavailable."""
        begun = self._take(handle)
        state = query.get("state", "")
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise Denied(403, "Please log in again", reason="OIDC: unknown state")
        issuer = query.get("iss")  # RFC 9207
        if issuer is not None and issuer != self._options.issuer:
            raise Denied(403, "Please log in again", reason="OIDC: another issuer answered")
        code = query.get("code")
        if not code:
            raise Denied(403, "The provider did not let you in", reason="OIDC: no code")
        token = self._exchange(code, begun)
        try:
            claims = self._verify(token, begun)
        except TokenRejected as error:
            raise Denied(403, "Please log in again", reason=f"OIDC: {error}") from None
        return claims

    def _take(self, handle: str | None) -> _Begun | None:
        """Each can be finished once."""
        with self._lock:
            self._forget_old()
            return self._begun.pop(handle or "", None)

    def _forget_old(self) -> None:
        now = self._clock()
        for handle in [one for one, it in self._begun.items() if now - it.at > _SECONDS]:
            del self._begun[handle]
        while len(self._begun) >= _MOST:
            del self._begun[next(iter(self._begun))]

    def _exchange(self, code: str, begun: _Begun) -> str:
        """The ID token for a code."""
        import httpx
        from authlib.common.errors import AuthlibBaseError

        try:
            with self._client() as client:
                answer = client.fetch_token(
                    self._discover()["token_endpoint"],
                    code=code,
                    code_verifier=begun.verifier,
                    grant_type="authorization_code",
                )
        except AuthlibBaseError as error:
            reason = f"OIDC: the provider refused the code ({error.error})"
            raise Denied(403, "Please log in again", reason=reason) from None
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerUnavailable(
                f"{self._options.issuer} gave no token: {type(error).__name__}",
                hint="try again; see the provider's log",
            ) from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Denied(403, "Please log in again", reason="OIDC: no ID token")
        return token

    def _verify(self, token: str, begun: _Begun) -> Mapping[str, Any]:
        metadata = self._discover()
        if self._verifier is None:
            self._verifier = TokenVerifier(
                self._options.issuer,
                self._options.client_id,
                lambda: load_url(metadata["jwks_uri"]),
            )
        claims = self._verifier.verify(token, nonce=begun.nonce)
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._options.client_id:
            raise TokenRejected("the token was made for another client")
        return claims

    def _discover(self) -> Mapping[str, Any]:
        """The provider's own description; IssuerUnavailable where it is not to be trusted."""
        if self._metadata is None:
            issuer = self._options.issuer
            found = fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise IssuerUnavailable(
                    f"{issuer} calls itself otherwise", hint="write --oidc-issuer as it does"
                )
            for name in _ENDPOINTS:
                try:
                    check_url(name, str(found.get(name)))
                except UsageError as error:
                    raise IssuerUnavailable(
                        f"{issuer}: {error.message}", hint="is it an OpenID provider?"
                    ) from None
            self._metadata = found
        return self._metadata

    def _client(self) -> Any:
        secret = self._options.client_secret
        return _client_class()(
            self._options.client_id,
            None if secret is None else secret.reveal(),
            scope=self._options.scope,
            redirect_uri=self._redirect,
            code_challenge_method="S256",
            token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
        )
