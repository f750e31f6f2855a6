"""The connections to one gateway: a pool, straight to it or by the environment's proxy.

Under `client.py`. The transport of the HTTP library without its client: nothing here follows
redirects, keeps cookies or signs in by itself, and to look after that costs as much as a request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from penguin_compile import __version__
from penguin_compile.core.errors import GatewayDenied
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.live.marchproxy.proxies import find_proxy
from penguin_compile.live.marchproxy.trust import make_trust

if TYPE_CHECKING:
    import httpx

_IDLE: Final = 3.0  # seconds; the real server hangs up after 5
HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"penguin-compile/{__version__}",
}


def open_transport(url: str, manners: Manners) -> httpx.HTTPTransport:
    """The pool for a base URL; GatewayDenied where what the environment names is of no use."""
    import httpx

    most = manners.parallelism
    proxy = find_proxy(url)
    # What has no TLS needs no certificates, and to read those of all CAs takes a while.
    secure = urlsplit(url).scheme == "https"
    try:
        return httpx.HTTPTransport(
            verify=make_trust(insecure=manners.insecure) if secure else False,
            limits=httpx.Limits(
                max_connections=most, max_keepalive_connections=most, keepalive_expiry=_IDLE
            ),
            proxy=proxy,
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        raise GatewayDenied(
            f"the proxy that the environment names for {urlsplit(url).scheme}:// can't be used",
            hint="HTTP_PROXY, HTTPS_PROXY and ALL_PROXY take http://host:port; NO_PROXY names "
            "hosts that are asked without it",
        ) from None


@lru_cache(maxsize=64)
def parse_url(text: str) -> httpx.URL:
    """As a request wants it; most requests go to a few addresses."""
    import httpx

    return httpx.URL(text)


def read_timeouts(patience: Patience) -> dict[str, float | None]:
    """The waits of one request, by the names that the library gives them."""
    connect, read = patience.connect, patience.read
    return {"connect": connect, "read": read, "write": read, "pool": read}
