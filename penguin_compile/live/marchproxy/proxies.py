"""Which HTTP proxy the environment names for a gateway, as far as people are told of it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def name_proxy(url: str) -> str | None:
    """The variable that names the proxy for a URL, None where it is asked straight."""
    parts = urlsplit(url)
    known = getproxies()
    scheme = next((one for one in (parts.scheme, "all") if known.get(one)), None)
    if scheme is None or proxy_bypass(parts.netloc):
        return None
    name = f"{scheme}_proxy"
    return name if name in os.environ else name.upper()
