"""Every kind of gateway behind one face, so that one suite holds each dialect to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from penguin_compile.sandbox.server import Sandbox
from tests.live.small_api_server import (
    ERROR,
    HANG_UP,
    PASSWORD,
    Reply,
    SmallApiServer,
    serve_small,
)

KEY = "canary-cluster-key"
UPDATE = "UPDATE"  # the dialect's own method
FAULTS = ("500", "502", "503", "429", "reset", "lost")


class StandardGateway:
    """The sandbox, which speaks `standard`."""

    name = "standard"
    update = "PUT"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.url = sandbox.url
        self.spec = {"url": self.url, "token": {"secret": "env:GATEWAY_SECRET"}}

    @property
    def requests(self) -> list[str]:
        return self._sandbox.requests

    def rows(self) -> dict[str, dict[str, Any]]:
        found = self._ask("GET", "/services")["services"]
        assert len({row["name"] for row in found}) == len(found)
        return {row["name"]: row for row in found}

    def add(self, name: str, **fields: Any) -> None:
        self._ask("POST", "/services", {"ip_fqdn": "x", "port": 1, "name": name, **fields})

    def edit(self, name: str, **fields: Any) -> None:
        row = self.rows()[name]
        self._ask("PUT", f"/services/{row['id']}", row | fields)

    def remove(self, name: str) -> None:
        self._ask("DELETE", f"/services/{self.rows()[name]['id']}")

    def fail(self, method: str, fault: str, times: int = 1) -> None:
        method = self.update if method == UPDATE else method
        self._sandbox.faults.add(f"{method} /services:{fault}:x{times}")

    def recover(self) -> None:
        self._sandbox.faults.clear()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"{self.url}/api/v1{path}"
        answer = httpx.request(method, url, json=body, headers=headers, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class ApiServerGateway:
    """The small server, which speaks `api-server`."""

    name = "api-server"
    update = "PATCH"

    def __init__(self, server: SmallApiServer) -> None:
        self.server = server
        self.url = server.url
        self.spec = {
            "url": self.url,
            "username": "admin",
            "password": {"secret": "env:GATEWAY_SECRET"},
        }

    @property
    def requests(self) -> list[str]:
        return self.server.requests

    def rows(self) -> dict[str, dict[str, Any]]:
        found = list(self.server.rows.values())
        assert len({row["name"] for row in found}) == len(found)
        return {row["name"]: row for row in found if row["is_active"]}

    def add(self, name: str, **fields: Any) -> None:
        self.server.add(name, **fields)

    def edit(self, name: str, **fields: Any) -> None:
        self.rows()[name].update(fields)

    def remove(self, name: str) -> None:
        del self.server.rows[self.rows()[name]["id"]]

    def fail(self, method: str, fault: str, times: int = 1) -> None:
        method = self.update if method == UPDATE else method
        reply = {
            "500": ERROR,
            "502": Reply(502, b"<html>Bad Gateway</html>", "text/html"),
            "429": Reply(429, headers={"Retry-After": "0"}),
            "503": Reply(503),
        }.get(fault, HANG_UP)
        left = [reply] * times

        def strike(given: str, path: str, _: Any) -> Reply | None:
            meant = given == method and path.startswith("/api/v1/services")
            return left.pop() if meant and left else None

        if fault == "lost":
            self.server.after = strike
        else:
            self.server.before = strike

    def recover(self) -> None:
        self.server.before = self.server.after = lambda *_: None


Gateway = StandardGateway | ApiServerGateway


@contextmanager
def _standard() -> Iterator[Gateway]:
    with Sandbox(cluster_key=KEY) as sandbox:
        yield StandardGateway(sandbox)


@contextmanager
def _api_server() -> Iterator[Gateway]:
    with serve_small(SmallApiServer()) as server:
        yield ApiServerGateway(server)


OPEN: dict[str, Callable[[], Any]] = {"standard": _standard, "api-server": _api_server}
SECRETS = {"standard": KEY, "api-server": PASSWORD}
