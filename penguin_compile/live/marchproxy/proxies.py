"""Which HTTP proxy the environment names for a gateway: `HTTP_PROXY` and so on, and `NO_PROXY`."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def find_proxy(url: str) -> str | None:
    """The proxy for a URL, None where it is asked straight."""
    scheme = _find_scheme(url)
    if scheme is None:
        return None
    proxy = getproxies()[scheme]
    return proxy if "://" in proxy else f"http://{proxy}"


def name_proxy(url: str) -> str | None:
    """The variable that names it, to be told to people."""
    scheme = _find_scheme(url)
    if scheme is None:
        return None
    name = f"{scheme}_proxy"
    return name if name in os.environ else name.upper()


def _find_scheme(url: str) -> str | None:
    parts = urlsplit(url)
    known = getproxies()
    scheme = next((one for one in (parts.scheme, "all") if known.get(one)), None)
    return None if scheme is None or proxy_bypass(parts.netloc) else scheme
