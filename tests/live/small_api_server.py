"""An api-server in a few lines: what the reference says of the real one, awkward sides included.

It shares no code with the sandbox, so that a mistake in one shows in the other.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PASSWORD = "canary-password-1"
CLUSTER_KEY = "canary-cluster-key-2"
CREATE = {
    "protocol": "tcp",
    "collection": None,
    "auth_type": "none",
    "tls_enabled": False,
    "tls_verify": True,
    "health_check_enabled": False,
    "health_check_path": None,
    "health_check_interval": 30,
    "jwt_expiry": 3600,
    "jwt_algorithm": "HS256",
}
PATCHED = {*CREATE, "name", "ip_fqdn", "port", "is_active"} - {"jwt_expiry", "jwt_algorithm"}
PROTOCOLS = {"tcp", "udp", "http", "https"}
AUTH_TYPES = {"none", "base64", "jwt"}


@dataclass(frozen=True)
class Reply:
    """`hang_up` closes the connection without an answer; `quietly` after it."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    quietly: bool = False
    length: int | None = None

    def encode(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


HANG_UP = Reply(hang_up=True)
ERROR = Reply(500, b"Internal Server Error", "text/plain", quietly=True)
Hook = Callable[[str, str, Any], Reply | None]


@dataclass(kw_only=True)
class SmallApiServer:
    """`before` may answer instead of the work, `after` instead of its answer."""

    url: str = ""
    life: float = 1800
    totp: Callable[[], str] | None = None
    document: bool = True
    clusters: dict[int, str] = field(default_factory=lambda: {1: "main", 2: "edge"})
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    assigned_twice: set[str] = field(default_factory=set)
    admin: bool = True
    tokens: dict[str, float] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    active: int = 0
    before: Hook = lambda *_: None
    after: Hook = lambda *_: None
    lock: threading.RLock = field(default_factory=threading.RLock)
    _next: int = 0

    def add(self, name: str, **fields: Any) -> dict[str, Any]:
        with self.lock:
            self._next += 1
            body = {**CREATE, "cluster_id": 1, "ip_fqdn": "x", "port": 1, "name": name, **fields}
            now = datetime.now(UTC).replace(tzinfo=None).isoformat()
            kind = body["auth_type"]
            self.rows[self._next] = row = {
                **body,
                "id": self._next,
                "token_base64": secrets.token_hex(16) if kind == "base64" else None,
                "jwt_secret": secrets.token_hex(16) if kind == "jwt" else None,
                "is_active": True,
                "created_by": 1,
                "created_at": now,
                "updated_at": now,
            } | {key: fields[key] for key in ("is_active",) if key in fields}
            return row

    def named(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if row["name"] == name]

    @property
    def writes(self) -> list[str]:
        return [one for one in self.requests if not one.startswith("GET") and "/auth/" not in one]

    def answer(  # noqa: PLR0911 - a return for each path
        self, method: str, target: str, headers: Any, body: Any
    ) -> Reply:
        path = urlsplit(target).path
        query = {key: one[-1] for key, one in parse_qs(urlsplit(target).query).items()}
        if path.startswith("/api/v1/config/"):
            return self._configure(int(path.split("/")[-1]), headers.get("Cluster-API-Key"))
        public = {"/api/openapi.json": self._describe, "/api/v1/auth/login": self._log_in}
        if path in public:
            return public[path](method, body)
        if path == "/api/v1/auth/refresh":
            known = body["refresh_token"] in self.refresh_tokens
            return Reply(body=self._grant()) if known else _detail(401, "Invalid refresh token")
        given = headers.get("Authorization", "")
        if self.tokens.get(given.removeprefix("Bearer "), 0) < time.time():
            return _detail(401, "Could not validate") if given else _detail(403, "No credentials")
        if path == "/api/v1/auth/me":
            return Reply(body={"username": "admin", "is_admin": self.admin})
        if path == "/api/v1/clusters":
            listed = [{"id": key, "name": one} for key, one in self.clusters.items()]
            return Reply(body={"total": len(listed), "clusters": listed})
        if path == "/api/v1/services":
            return self._list(query) if method == "GET" else self._create(body)
        row = self.rows.get(int(path.split("/")[4]))
        if row is None or row["name"] in self.hidden:
            return _detail(404, "Service not found")
        if path.endswith("/rotate-token"):
            return self._rotate(row, body["auth_type"])
        return self._treat(method, row, query, body)

    def _treat(self, method: str, row: dict[str, Any], query: dict[str, str], body: Any) -> Reply:
        if method == "DELETE":
            row["is_active"] = False
            if query.get("permanent") == "true":
                del self.rows[row["id"]]
            return Reply(204)
        if method == "PATCH":
            row.update({key: one for key, one in body.items() if key in PATCHED})
            row["updated_at"] = datetime.now(UTC).replace(tzinfo=None).isoformat()
        elif method != "GET":
            return _detail(405, "Method Not Allowed")
        return ERROR if _is_poisoned(row) else Reply(body=row)

    def _rotate(self, row: dict[str, Any], kind: str) -> Reply:
        name = {"jwt": "jwt_secret", "base64": "token_base64"}[kind]
        row[name] = secrets.token_hex(16)
        return Reply(body={name: row[name], "auth_type": kind})

    def _describe(self, _method: str, _body: Any) -> Reply:
        if not self.document:
            return _detail(404, "Not Found")
        paths = {"/api/v1/auth/login": {"post": {}}, "/api/v1/services": {"get": {}, "post": {}}}
        return Reply(body={"info": {"version": "1.0.0"}, "paths": paths})

    def _log_in(self, method: str, body: Any) -> Reply:
        if method != "POST":
            return _detail(405, "Method Not Allowed")
        if (body["username"], body["password"]) != ("admin", PASSWORD):
            return _detail(401, "Invalid credentials")
        user = {"user_id": 1, "username": "admin", "requires_2fa": self.totp is not None}
        if self.totp is not None and "totp_code" not in body:
            return Reply(body=user | {"access_token": None})
        if self.totp is not None and body["totp_code"] != self.totp():
            return _detail(401, "Invalid 2FA code")
        return Reply(body=user | self._grant())

    def _grant(self) -> dict[str, Any]:
        now = time.time()
        claims = {"sub": "1", "exp": now + self.life, "nonce": secrets.token_hex(4)}
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        token, refresh = f"canary.{payload}.signed", f"canary-refresh-{secrets.token_hex(8)}"
        self.tokens[token] = now + self.life
        self.refresh_tokens.add(refresh)
        return {"access_token": token, "refresh_token": refresh, "expires_in": 3600}

    def _list(self, query: dict[str, str]) -> Reply:
        skip, limit = int(query.get("skip", 0)), int(query.get("limit", 100))
        if not 1 <= limit <= 1000:
            return _detail(422, [{"loc": ["query", "limit"], "msg": "too much", "input": limit}])
        every = [row for row in reversed(self.rows.values()) if row["name"] not in self.hidden]
        # The real one joins the assignments of who is no admin, and counts and shows each.
        every = [row for row in every for _ in range(1 + (row["name"] in self.assigned_twice))]
        if query.get("active_only", "true") == "true":
            every = [row for row in every if row["is_active"]]
        if "cluster_id" in query:
            every = [row for row in every if row["cluster_id"] == int(query["cluster_id"])]
        page = every[skip : skip + limit]
        if any(map(_is_poisoned, page)):
            return ERROR
        return Reply(body={"total": len(every), "services": page})

    def _configure(self, cluster: int, key: str | None) -> Reply:
        if key != CLUSTER_KEY:
            return _detail(401, "Invalid API key")
        names = ("id", "name", "ip_fqdn", "port", "protocol", "collection")
        services = [
            {
                **{name: row[name] for name in names},
                "auth": {"type": row["auth_type"], "token_base64": row["token_base64"]},
                "tls": {"enabled": row["tls_enabled"], "verify": row["tls_verify"]},
                "health_check": {
                    "enabled": True,
                    "path": row["health_check_path"],
                    "interval": row["health_check_interval"],
                }
                if row["health_check_enabled"]
                else None,
            }
            for row in self.rows.values()
            if row["cluster_id"] == cluster and row["is_active"]
        ]
        return Reply(body={"cluster": {"id": cluster}, "services": services, "mappings": []})

    def _create(self, body: Any) -> Reply:
        if body.get("protocol") not in PROTOCOLS or body.get("auth_type") not in AUTH_TYPES:
            return _detail(422, [{"loc": ["body"], "msg": "unknown value", "input": body}])
        if self.named(body["name"]):
            return _detail(400, f"Service with name '{body['name']}' already exists")
        return Reply(201, self.add(**body))


def _is_poisoned(row: dict[str, Any]) -> bool:
    flags = [row[name] for name in ("tls_enabled", "tls_verify", "health_check_enabled")]
    known = row["protocol"] in PROTOCOLS and row["auth_type"] in AUTH_TYPES
    return not known or None in flags


def _detail(status: int, detail: Any) -> Reply:
    return Reply(status, {"detail": detail})


class Handler(BaseHTTPRequestHandler):
    """Of one connection; the server's object is `self.server.small`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def small(self) -> SmallApiServer:
        return self.server.small  # type: ignore[attr-defined]

    def setup(self) -> None:
        super().setup()
        with self.small.lock:
            self.small.active += 1
            self.small.most_at_once = max(self.small.most_at_once, self.small.active)

    def finish(self) -> None:
        with self.small.lock:
            self.small.active -= 1
        super().finish()

    def respond(self) -> None:
        small = self.small
        text = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = json.loads(text) if text else None
        with small.lock:
            small.requests.append(f"{self.command} {self.path}")
            small.bodies.append(body)
            small.headers.append(dict(self.headers))
        reply = small.before(self.command, self.path, body)
        if reply is None:
            with small.lock:
                reply = small.answer(self.command, self.path, self.headers, body)
                content = reply.encode()
            after = small.after(self.command, self.path, body)
            reply, content = (after, after.encode()) if after else (reply, content)
        else:
            content = reply.encode()
        self.close_connection = reply.hang_up or reply.quietly or reply.length is not None
        if not reply.hang_up:
            self.send(reply, content)

    def send(self, reply: Reply, content: bytes) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        length = len(content) if reply.length is None else reply.length
        if reply.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 (its names there)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def serve_small(server: SmallApiServer):
    """Serve on a free port; the connections that are open at once are counted."""
    running = Server(("127.0.0.1", 0), Handler)
    running.small = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{running.server_address[1]}"
    try:
        yield server
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
