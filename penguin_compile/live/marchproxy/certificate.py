"""The TLS certificate of a gateway, looked at on a connection of its own: for `doctor`.

No credentials are sent. Where the certificate isn't trusted, it is read all the same, to say why.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.trust import make_trust

_PATH = "/healthz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server shows of itself. `distrust` is why it isn't trusted here, in OpenSSL's words.

    `fingerprint` is the SHA-256 of the whole, in hexadecimal digits.
    """

    subject: str
    issuer: str
    begins: datetime
    ends: datetime
    fingerprint: str
    distrust: str | None

    @property
    def signs_itself(self) -> bool:
        """Whether no CA stands behind it."""
        return self.subject == self.issuer

    @property
    def days_left(self) -> int:
        """Whole days until it ends; negative where it has ended."""
        return (self.ends - datetime.now(UTC)).days


def read_certificate(client: Client) -> Certificate | None:
    """The certificate of an https:// gateway; None where there is none, or nobody answers.

    GatewayDenied where the URL or what the environment names as CA is of no use.
    """
    _, url = client.open()
    if not url.startswith("https://"):
        return None
    raw, distrust = _fetch(client, url, insecure=False)
    if raw is None and distrust is not None:
        raw, _ = _fetch(client, url, insecure=True)
    return None if raw is None else _parse(raw, distrust)


def _fetch(client: Client, url: str, *, insecure: bool) -> tuple[bytes | None, str | None]:
    """The certificate as it is sent; else why the one that was sent isn't trusted."""
    import httpx

    timeout = httpx.Timeout(client.patience.read, connect=client.patience.connect)
    trust = make_trust(insecure=insecure)
    try:
        with (
            httpx.Client(timeout=timeout, verify=trust) as http,
            http.stream("GET", f"{url}{_PATH}") as response,
        ):
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            # By position: the object is OpenSSL's own, which takes no names.
            return None if tls is None else tls.getpeercert(True), None
    except httpx.HTTPError as error:
        return None, _find_distrust(error)


def _find_distrust(error: BaseException) -> str | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return seen.verify_message
        seen = seen.__cause__ or seen.__context__
    return None


def _parse(raw: bytes, distrust: str | None) -> Certificate | None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        parsed = x509.load_der_x509_certificate(raw)
        return Certificate(
            subject=parsed.subject.rfc4514_string() or "(no name)",
            issuer=parsed.issuer.rfc4514_string() or "(no name)",
            begins=parsed.not_valid_before_utc,
            ends=parsed.not_valid_after_utc,
            fingerprint=parsed.fingerprint(hashes.SHA256()).hex(":").upper(),
            distrust=distrust,
        )
    except ValueError:
        return None
