"""License servers for tests: the sandbox's own on a real socket, and how apps open them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from penguin_compile.sandbox.license_book import LicenseBook
from penguin_compile.sandbox.license_server import license_dialect
from penguin_compile.sandbox.server import Sandbox

KEY = "PENG-TEST-CANA-RYKE-Y000-ABCD"
ENTITLEMENTS = {
    "format": 1,
    "product": "shop",
    "server_url": "https://license.invalid",
    "release_mode": True,
    "dialect": "header",
    "tiers": [
        {"name": "community", "features": ["basic"], "limits": {"users": 5}},
        {"name": "professional", "features": ["basic", "sso"], "limits": {"users": "unlimited"}},
        {
            "name": "enterprise",
            "features": ["basic", "sso", "saml"],
            "limits": {"users": "unlimited"},
        },
    ],
    "features": {
        "basic": {"tier": "community", "ai": False},
        "sso": {"tier": "professional", "ai": False},
        "saml": {"tier": "enterprise", "ai": False},
    },
}


def write_entitlements(folder: Path, **changes: object) -> Path:
    path = folder / "entitlements.json"
    path.write_text(json.dumps({**ENTITLEMENTS, **changes}))
    return path


@contextmanager
def run_server(
    folder: Path, *, tier: str = "professional", port: int = 0, days: float = 365
) -> Iterator[tuple[Sandbox, LicenseBook]]:
    book = LicenseBook.read(write_entitlements(folder), tier=tier, keys=())
    book.days = days
    with Sandbox(port=port, dialect=license_dialect(book)) as sandbox:
        yield sandbox, book


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
