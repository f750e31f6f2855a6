"""How the console is served and who gets in, as the command line and the environment say it.

Made by `cli/serve.py`. What makes no sense together, or is not safe, is a UsageError at start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from penguin_compile.core.errors import UsageError
from penguin_compile.core.secret import Masked

SHORTEST_PASSWORD: Final = 12  # source: ASVS 2.1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOptions:
    """Which claim of a token names roles, and which role is an admin's.

    `claim` is a claim's name, or a path with dots into nested ones.
    """

    claim: str = "roles"
    admin: str = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtOptions:
    """Whose bearer tokens are accepted; the keys are at an URL or in a file."""

    issuer: str
    audience: str
    keys_url: str | None = None
    keys_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOptions:
    """The provider that people log in at; PKCE is used with a secret and without."""

    issuer: str
    client_id: str
    client_secret: Masked | None = field(default=None, repr=False)
    scope: str = "openid profile email"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAdmin:
    """A name and the Argon2 hash of a password: for development, on this machine alone."""

    name: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """Where it listens, what it is called from outside, and who gets in."""

    host: str
    port: int
    public_url: str
    roles: RoleOptions = field(default_factory=RoleOptions)
    jwt: JwtOptions | None = None
    oidc: OidcOptions | None = None
    local: LocalAdmin | None = None

    @property
    def origin(self) -> str:
        """Scheme and host of the public URL, as browsers name it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered: no other name may be pointed at us."""
        names = {urlsplit(self.public_url).netloc.lower()}
        if is_loopback(self.host):
            names |= {f"localhost:{self.port}", f"127.0.0.1:{self.port}", f"[::1]:{self.port}"}
        return frozenset(names)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_options(options: ConsoleOptions) -> ConsoleOptions:
    """The same; UsageError for what is not safe or lacks something."""
    if options.jwt is None and options.oidc is None and options.local is None:
        raise UsageError(
            "nobody could get in: neither OIDC, nor JWT, nor a local admin",
            hint="for development: --local-admin NAME; else --oidc-issuer and --oidc-client-id, or "
            "--jwt-issuer, --jwt-audience and --jwks-url",
        )
    if options.local is not None and not is_loopback(options.host):
        raise UsageError(
            f"--local-admin is for development, on this machine alone: not on {options.host}",
            hint="leave out --host, or log in by --oidc-issuer",
        )
    check_url("--public-url", options.public_url)
    for flag, url in (
        ("--oidc-issuer", options.oidc and options.oidc.issuer),
        ("--jwks-url", options.jwt and options.jwt.keys_url),
    ):
        if url:
            check_url(flag, url)
    return options


def check_url(flag: str, url: str) -> None:
    """UsageError for an URL that is none, or that sends secrets over the network in clear."""
    parts = urlsplit(url)
    local = is_loopback(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise UsageError(f"{flag} {url}: not an URL", hint="write https://HOST/PATH")
    if parts.scheme == "http" and not local:
        raise UsageError(
            f"{flag} {url}: http is for this machine alone", hint="write https://HOST/PATH"
        )
