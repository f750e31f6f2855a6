"""The well-known forms of text that `check: {format: …}` can demand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.setting import JsonValue

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*(?:[/?#]\S*)?\Z")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}\Z")
_DURATION = re.compile(r"[0-9]{1,9}[smh]\Z")
_DIGITS = re.compile(r"[0-9]{1,5}\Z")
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFormat:
    """A form of text. `description` completes "must be …"."""

    description: str
    holds: Callable[[JsonValue], bool]


def is_hostname(value: JsonValue) -> bool:
    """RFC 1123: labels of letters, digits and hyphens; an IPv4 address has that form, too."""
    return isinstance(value, str) and _HOSTNAME.match(value) is not None


def is_url(value: JsonValue) -> bool:
    """`scheme://host…`, or `scheme:///path` for what is no network address (RFC 3986)."""
    if not isinstance(value, str) or _SCHEME.match(value) is None:
        return False
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError where it is out of range
    except ValueError:
        return False
    if parts.netloc:
        return bool(parts.hostname)
    return bool(parts.path.strip("/")) and parts.scheme not in {"http", "https"}


def is_email(value: JsonValue) -> bool:
    """`local@domain` without quoting or comments."""
    if not isinstance(value, str):
        return False
    local, at, domain = value.rpartition("@")
    if not at or _LOCAL.match(local) is None or _HOSTNAME.match(domain) is None:
        return False
    return not local.startswith(".") and not local.endswith(".") and ".." not in local


def is_port(value: JsonValue) -> bool:
    """1 to 65535, as an integer or as digits."""
    if isinstance(value, str):
        return _DIGITS.match(value) is not None and 1 <= int(value) <= _HIGHEST_PORT
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _HIGHEST_PORT


def is_ipv4(value: JsonValue) -> bool:
    """Four decimal numbers without leading zeros."""
    from ipaddress import IPv4Address

    return isinstance(value, str) and _parses(IPv4Address, value)


def is_ipv6(value: JsonValue) -> bool:
    """RFC 4291; a zone (`%eth0`) is allowed."""
    from ipaddress import IPv6Address

    return isinstance(value, str) and _parses(IPv6Address, value)


def is_duration(value: JsonValue) -> bool:
    """`30s`, `5m`, `1h`, or an integer of seconds."""
    if isinstance(value, str):
        return _DURATION.match(value) is not None
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _parses(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


FORMATS: Final[dict[str, ValueFormat]] = {
    "hostname": ValueFormat(description="a host name such as smtp.example.com", holds=is_hostname),
    "url": ValueFormat(description="a URL such as https://example.com/path", holds=is_url),
    "email": ValueFormat(description="an e-mail address", holds=is_email),
    "port": ValueFormat(description="a port from 1 to 65535", holds=is_port),
    "ipv4": ValueFormat(description="an IPv4 address", holds=is_ipv4),
    "ipv6": ValueFormat(description="an IPv6 address", holds=is_ipv6),
    "duration": ValueFormat(description="a duration such as 30s, 5m or 1h", holds=is_duration),
}
