"""Every kind of gateway behind one face, so that one suite holds each dialect to the same."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from typing import Any

import httpx

from penguin_compile.sandbox.server import Sandbox
from tests.live.small_api_server import (
    CLUSTER_KEY,
    CREATE,
    ERROR,
    HANG_UP,
    PASSWORD,
    Reply,
    SmallApiServer,
    serve_small,
)

KEY = "canary-cluster-key"
UPDATE = "UPDATE"  # the dialect's own method
FAULTS = (
    "500",
    "done-500",
    "502",
    "503",
    "429",
    "reset",
    "lost",
    "half",
    "garbled",
    "login",
    "lie",
)


class StandardGateway:
    """The sandbox, which speaks `standard`."""

    name = "standard"
    update = "PUT"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url
        self._http = httpx.Client(verify=False, trust_env=False)
        self.spec: dict[str, Any] = {"url": self.url, "token": {"secret": "env:GATEWAY_SECRET"}}

    @property
    def requests(self) -> list[str]:
        return self.sandbox.requests

    def rows(self) -> dict[str, dict[str, Any]]:
        found = self._list()
        assert len({row["name"] for row in found}) == len(found)
        return {row["name"]: row for row in found if row["is_active"]}

    def add(self, name: str, **fields: Any) -> None:
        body = {"ip_fqdn": "x", "port": 1, "cluster_id": 1, "name": name, **fields}
        self._ask("POST", "/services", body)

    def edit(self, name: str, **fields: Any) -> None:
        row = self.rows()[name]
        body = row | fields if self.update == "PUT" else fields
        self._ask(self.update, f"/services/{row['id']}", body)

    def remove(self, name: str) -> None:
        self._ask("DELETE", f"/services/{self.rows()[name]['id']}?permanent=true")

    def fail(self, method: str, fault: str, times: int = 1) -> None:
        method = self.update if method == UPDATE else method
        self.sandbox.faults.add(f"{method} /services:{fault}:x{times}")

    def recover(self) -> None:
        self.sandbox.faults.clear()

    def slow_down(self) -> None:
        self.sandbox.faults.add("* /services:delay=20ms")

    def dawdle(self, method: str, seconds: float) -> None:
        method = self.update if method == UPDATE else method
        self.sandbox.faults.add(f"{method} /services:delay={seconds}s:x1")

    def before_first(self, method: str, act: Callable[[], None]) -> None:
        """Something that another does right before a request is answered."""
        application = self.sandbox._listener.application
        answer = application.answer

        def first(given: str, *rest: Any) -> Any:
            if given == method and "/services" in rest[0]:
                application.answer = answer  # type: ignore[method-assign]
                act()
            return answer(given, *rest)

        application.answer = first  # type: ignore[method-assign]

    def spoil(self, name: str, **fields: Any) -> None:
        """Write what the server wouldn't take from a create."""
        row = self.sandbox._store.find("services", name=name)
        assert row is not None
        self.sandbox._store.update("services", row["id"], fields)

    def stored(self, name: str) -> dict[str, Any]:
        row = self.sandbox._store.find("services", name=name)
        assert row is not None
        return row

    def back_up(self) -> Callable[[], None]:
        """Keep all as it is now; what is returned brings it back."""
        live, copy = self.sandbox._store._connection, sqlite3.connect(":memory:")
        live.backup(copy)
        return lambda: copy.backup(live)

    @property
    def most_at_once(self) -> int:
        return self.sandbox.traffic.most_requests

    def close(self) -> None:
        self._http.close()

    def _list(self) -> list[dict[str, Any]]:
        return self._ask("GET", "/services")["services"]

    def _token(self) -> str:
        return KEY

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask aside: neither counted among the requests nor struck by a fault."""
        faults, self.sandbox.faults._rules = self.sandbox.faults._rules, []
        before = len(self.sandbox.requests)
        headers = {"Authorization": f"Bearer {self._token()}"}
        url = f"{self.url}/api/v1{path}"
        answer = self._http.request(method, url, json=body, headers=headers)
        del self.sandbox.requests[before:]
        self.sandbox.faults._rules = faults
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class SandboxApiServer(StandardGateway):
    """The sandbox, which speaks `api-server`."""

    name = "api-server"
    update = "PATCH"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.spec = {
            "url": self.url,
            "username": "admin",
            "password": {"secret": "env:GATEWAY_SECRET"},
        }

    def _list(self) -> list[dict[str, Any]]:
        return self._ask("GET", "/services?limit=1000&active_only=false")["services"]

    def _token(self) -> str:
        return self.sandbox.accounts.make_token(self.sandbox.accounts.users[0], "access")


class SmallGateway:
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
        found = [dict(row) for row in self.server.rows.values()]
        assert len({row["name"] for row in found}) == len(found)
        return {row["name"]: row for row in found if row["is_active"]}

    def add(self, name: str, **fields: Any) -> None:
        self.server.add(name, **fields)

    def edit(self, name: str, **fields: Any) -> None:
        self.server.named(name)[0].update(fields)

    def remove(self, name: str) -> None:
        del self.server.rows[self.rows()[name]["id"]]

    def fail(self, method: str, fault: str, times: int = 1) -> None:
        method = self.update if method == UPDATE else method
        reply = {
            "500": ERROR,
            "502": Reply(502, b"<html>Bad Gateway</html>", "text/html"),
            "429": Reply(429, headers={"Retry-After": "0"}),
            "503": Reply(503),
            "401": Reply(401, {"detail": "Could not validate credentials"}),
            "done-500": ERROR,
            "half": Reply(200, b'{"id": 1, ', length=500),
            "garbled": Reply(200, b"<html>Sign in</html>", "text/html"),
            "login": Reply(302, headers={"Location": "https://login.example.com/"}),
        }.get(fault, HANG_UP)
        left = [reply] * times

        def strike(given: str, path: str, body: Any) -> Reply | None:
            meant = given == method and path.startswith("/api/v1/services")
            if not meant or not left:
                return None
            struck = left.pop()
            return self._lie(given, path, body) if fault == "lie" else struck

        if fault in {"lost", "done-500", "half", "garbled"}:
            self.server.after = strike
        else:
            self.server.before = strike

    def _lie(self, method: str, path: str, body: Any) -> Reply:
        """An answer as though it were done."""
        if method == "DELETE":
            return Reply(204)
        if method == "POST":
            return Reply(201, {**CREATE, **body, "id": 999_999, "is_active": True})
        return Reply(200, self.server.rows[int(path.split("/")[4])] | body)

    def dawdle(self, method: str, seconds: float) -> None:
        method = self.update if method == UPDATE else method
        left = [seconds]

        def wait(given: str, path: str, _: Any) -> None:
            if given == method and path.startswith("/api/v1/services") and left:
                time.sleep(left.pop())

        self.server.after = wait

    def before_first(self, method: str, act: Callable[[], None]) -> None:
        left = [act]

        def hook(given: str, path: str, _: Any) -> None:
            if given == method and path.startswith("/api/v1/services") and left:
                left.pop()()

        self.server.before = hook

    def spoil(self, name: str, **fields: Any) -> None:
        self.server.named(name)[0].update(fields)

    def stored(self, name: str) -> dict[str, Any]:
        return dict(self.server.named(name)[0])

    def back_up(self) -> Callable[[], None]:
        copy = deepcopy(self.server.rows)

        def restore() -> None:
            self.server.rows.clear()
            self.server.rows.update(copy)

        return restore

    def recover(self) -> None:
        self.server.before = self.server.after = lambda *_: None

    def slow_down(self) -> None:
        self.server.before = lambda *_: time.sleep(0.02)

    @property
    def most_at_once(self) -> int:
        return self.server.most_at_once


Gateway = StandardGateway | SmallGateway


@contextmanager
def _standard() -> Iterator[Gateway]:
    with (
        Sandbox(cluster_key=KEY, clusters=["edge"]) as sandbox,
        closing(StandardGateway(sandbox)) as gateway,
    ):
        yield gateway


@contextmanager
def _api_server() -> Iterator[Gateway]:
    users = {"admin@example.com": PASSWORD, "plain@example.com": PASSWORD}
    with (
        Sandbox(
            dialect="api-server", users=users, clusters=["edge"], cluster_key=CLUSTER_KEY
        ) as sandbox,
        closing(SandboxApiServer(sandbox)) as gateway,
    ):
        yield gateway


@contextmanager
def _small() -> Iterator[Gateway]:
    with serve_small(SmallApiServer()) as server:
        yield SmallGateway(server)


OPEN: dict[str, Callable[[], Any]] = {
    "standard": _standard,
    "api-server": _api_server,
    "small": _small,
}
KEYS = {"standard": KEY, "api-server": CLUSTER_KEY, "small": CLUSTER_KEY}
SECRETS = {"standard": KEY, "api-server": PASSWORD, "small": PASSWORD}
