"""Bearer tokens: signed by a key of the issuer, for this audience, not expired.

Under `access.py`; OIDC's ID tokens are verified here, too. What a token says of where its key is
(`jku`, `x5u`) is never followed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import FileFailure, PenguinError

if TYPE_CHECKING:
    from httpx import Response

# No HMAC: a public key must never pass for a shared secret. No `none`.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_KEPT_SECONDS: Final = 300.0
_ASKED_AGAIN_SECONDS: Final = 30.0  # for a key that is not known: nobody makes us ask at will
_LEEWAY_SECONDS: Final = 30
_TIMEOUT_SECONDS: Final = 5.0
_LARGEST: Final = 1_000_000  # bytes
_LONGEST_TOKEN: Final = 16_384


class TokenRejected(Exception):
    """A token that is not accepted; the text says why, for the audit."""


class IssuerUnavailable(PenguinError):
    """The issuer can't be asked for its keys."""


class TokenVerifier:
    """Verifies tokens of one issuer with keys that `load` gives."""

    def __init__(self, issuer: str, audience: str, load: Callable[[], Mapping[str, Any]]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._load = load
        self._lock = threading.Lock()
        self._keys: Any = None
        self._loaded = 0.0

    def verify(self, token: str, *, nonce: str | None = None) -> Mapping[str, Any]:
        """The claims. Raises TokenRejected, and IssuerUnavailable where there are no keys."""
        from joserfc.errors import JoseError

        if len(token) > _LONGEST_TOKEN:
            raise TokenRejected("the token is too long")
        try:
            claims = self._decode(token)
            self._registry(nonce).validate(claims)
        except JoseError as error:
            raise TokenRejected(f"{type(error).__name__}") from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise TokenRejected("the token is malformed") from None
        return claims

    def _registry(self, nonce: str | None) -> Any:
        from joserfc.jwt import JWTClaimsRegistry

        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._audience},
            "exp": {"essential": True},
            "sub": {"essential": True},
        }
        if nonce is not None:
            wanted["nonce"] = {"essential": True, "value": nonce}
        return JWTClaimsRegistry(leeway=_LEEWAY_SECONDS, **wanted)

    def _decode(self, token: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            return dict(jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError):
            if not self._may_ask_again():
                raise
        return dict(
            jwt.decode(token, self._key_set(fresh=True), algorithms=list(ALGORITHMS)).claims
        )

    def _may_ask_again(self) -> bool:
        return time.monotonic() - self._loaded > _ASKED_AGAIN_SECONDS

    def _key_set(self, *, fresh: bool = False) -> Any:
        from joserfc.jwk import KeySet

        with self._lock:
            age = time.monotonic() - self._loaded
            if self._keys is None or age > _KEPT_SECONDS or (fresh and self._may_ask_again()):
                self._loaded = time.monotonic()
                data = self._load()
                # A shared secret has no place among published keys.
                keys = [one for one in data["keys"] if one.get("kty") in {"RSA", "EC", "OKP"}]
                self._keys = KeySet.import_key_set({"keys": keys})
            return self._keys


def load_file(path: Path) -> Mapping[str, Any]:
    """A key set from a file; FileFailure where it is none."""
    try:
        return _as_keys(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FileFailure(
            f"{path} holds no JSON Web Key Set: {error}", hint='write {"keys": [ … ]}'
        ) from None


def load_url(url: str) -> Mapping[str, Any]:
    """A JSON document of the operator's own URL. No redirects: nobody else names where we ask."""
    return fetch_json(url)


def fetch_json(url: str) -> Mapping[str, Any]:
    """A JSON object; IssuerUnavailable where there is none."""
    import httpx

    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
        ):
            answer.raise_for_status()
            data = json.loads(_read_all(answer))
    except (httpx.HTTPError, ValueError) as error:
        raise IssuerUnavailable(
            f"{url} gave no JSON document: {type(error).__name__}",
            hint="is it up, and the URL right?",
        ) from None
    if not isinstance(data, dict):
        raise IssuerUnavailable(f"{url} gave no JSON object", hint="is the URL right?")
    return data


def _read_all(answer: Response) -> bytes:
    """The body; ValueError for one that nobody needs."""
    body = b""
    for part in answer.iter_bytes():
        body += part
        if len(body) > _LARGEST:
            raise ValueError("it is too large")
    return body


def _as_keys(data: Any) -> Mapping[str, Any]:
    keys = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(keys, list):
        raise ValueError("no `keys`")  # noqa: TRY004 - of a file, as other mistakes in it are
    return {"keys": keys}
