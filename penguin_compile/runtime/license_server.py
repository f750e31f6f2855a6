"""Requests to the license server, in both dialects: the key in a header, or in the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.runtime.license_errors import LicenseInvalid, LicenseServerDown
from penguin_compile.runtime.license_terms import BODY_DIALECT, LicenseTerms, parse_terms

if TYPE_CHECKING:
    import httpx

_KEY: Final = re.compile(r"PENG-[A-Z0-9]{4}(-[A-Z0-9]{4}){4}")
_REFUSALS: Final = frozenset((401, 402, 403))


def check_key(key: str | None) -> str:
    """The key, if it has the form of one; LicenseInvalid, which doesn't show it, otherwise."""
    if not key:
        raise LicenseInvalid("there is no license key: set LICENSE_KEY")
    if not _KEY.fullmatch(key):
        raise LicenseInvalid("LICENSE_KEY is no license key: PENG- and five times four of A-Z, 0-9")
    return key


class LicenseServer:
    """The server's three operations. LicenseServerDown where there is no answer to go by."""

    def __init__(self, url: str, key: str, product: str, dialect: str, seconds: float) -> None:
        """Open nothing yet; LicenseInvalid for what can't be a key. `seconds` bound a request."""
        self.url = url.rstrip("/")
        self._key = check_key(key)
        self._product = product
        self._in_body = dialect == BODY_DIALECT
        self._seconds = seconds
        self._client: httpx.Client | None = None

    def validate(self) -> LicenseTerms:
        """What the license grants; LicenseInvalid where the server says no."""
        terms = parse_terms(self._post("validate", {}))
        if not terms.valid:
            raise LicenseInvalid(_refusal(terms.reason))
        return terms

    def check_feature(self, feature: str) -> bool:
        """Ask for one feature."""
        data = self._post("features", {"feature": feature})
        terms = parse_terms(data)
        grants = terms.features or {}
        if feature in grants:
            return grants[feature].entitled
        return isinstance(data, dict) and data.get("entitled", data.get("enabled")) is True

    def keep_alive(self, body: Mapping[str, object], usage: Mapping[str, object]) -> None:
        """Say that the app is running. Source of the body's form: integration-standards."""
        if self._in_body:
            self._post("keepalive", {"usage": usage})
        else:
            self._post("keepalive", {**body, "usage_stats": usage})

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def forget(self) -> None:
        """Leave a parent process its connection."""
        self._client = None

    def _post(self, operation: str, body: Mapping[str, object]) -> Any:
        import httpx

        headers = {} if self._in_body else {"Authorization": f"Bearer {self._key}"}
        who = {"product": self._product}
        if self._in_body:
            who |= {"license_key": self._key, "product_name": self._product}
        if self._client is None:
            self._client = httpx.Client(timeout=self._seconds)
        try:
            answer = self._client.post(
                f"{self.url}/api/v2/{operation}", json={**who, **body}, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: a request's headers hold the key.
            problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise LicenseServerDown(f"{self.url} can't be reached: {problem}") from None
        return self._read(operation, answer)

    def _read(self, operation: str, answer: httpx.Response) -> Any:
        try:
            data = answer.json()
        except ValueError:
            data = None
        refused = isinstance(data, dict) and data.get("valid") is False
        if answer.status_code in _REFUSALS or (refused and answer.is_client_error):
            reason = parse_terms(data).reason if isinstance(data, dict) else None
            raise LicenseInvalid(_refusal(reason or f"status {answer.status_code}"))
        if not answer.is_success or data is None:
            what = f"status {answer.status_code}" + ("" if answer.is_error else ", and no JSON")
            raise LicenseServerDown(f"{self.url} answered {operation} with {what}")
        return data


def _refusal(reason: str | None) -> str:
    return "the license server refuses the license" + (f": {reason}" if reason else "")
