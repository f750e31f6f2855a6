"""What a container tells of itself to a gateway: by its own health check over HTTP (`init`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penguin_compile.core.duration import parse_seconds

_URL = re.compile(
    r"(?P<protocol>https?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^\s'\"|)&;?]*)?"
)
_PATH = re.compile(r"/(?!/)[!-~]*\Z")
_LEAST_SECONDS = 5


def guess_gateway(service: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    """Port, protocol and health check; `gateway: false` where the container doesn't tell them."""
    check = service.get("healthcheck")
    if not own or not isinstance(check, Mapping):
        return {"gateway": False}
    test = check.get("test")
    text = " ".join(map(str, test)) if isinstance(test, list) else str(test or "")
    match = _URL.search(text)
    if match is None:
        return {"gateway": False}
    port = int(match["port"] or (443 if match["protocol"] == "https" else 80))
    path = match["path"] or "/"
    if not 1 <= port <= 65_535 or not _PATH.match(path):
        return {"gateway": False}
    told: dict[str, Any] = {"path": path}
    seconds = parse_seconds(str(check.get("interval") or ""))
    if seconds is not None and seconds >= _LEAST_SECONDS:
        told["interval"] = str(check["interval"])
    return {"port": port, "protocol": match["protocol"], "health_check": told}
