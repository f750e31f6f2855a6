"""A small OpenID provider over a real socket: discovery, keys, codes with PKCE, ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, CLIENT_SECRET = "console", "the client's secret"


class SmallServer:
    """Answers as it is told; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Any, ...]] = {}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[Any, ...]:
        path = urlsplit(handler.path).path
        return self.answers.get(path, (404, ""))


class Provider(SmallServer):
    """Lets everybody in at once, as `claims` says."""

    def __init__(self) -> None:
        super().__init__()
        self.key = RSAKey.generate_key(2048, {"kid": "p1", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {"roles": ["admin"], "email": "grace@example.com"}
        self.sign_with = self.key
        self.redirects: set[str] = set()

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[Any, ...]:
        parts = urlsplit(handler.path)
        query = {name: one[0] for name, one in parse_qs(parts.query).items()}
        if parts.path in self.answers:
            return self.answers[parts.path]
        match parts.path:
            case "/.well-known/openid-configuration":
                return 200, json.dumps(self.metadata())
            case "/jwks":
                return 200, json.dumps(KeySet([self.key]).as_dict(private=False))
            case "/authorize":
                return self.authorize(query)
            case "/token":
                length = int(handler.headers["content-length"])
                form = parse_qs(handler.rfile.read(length).decode())
                given = {name: one[0] for name, one in form.items()}
                return self.token(given, handler.headers.get("authorization", ""))
        return 404, ""

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, query: dict[str, str]) -> tuple[Any, ...]:
        if query.get("code_challenge_method") != "S256" or query["client_id"] != CLIENT:
            return 400, "no PKCE"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.url})
        return 302, "", {"Location": f"{query['redirect_uri']}?{back}"}

    def token(self, form: dict[str, str], authorization: str) -> tuple[Any, ...]:
        asked = self.codes.pop(form.get("code", ""), None)
        expected = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or authorization.removeprefix("Basic ") not in {expected, self._quoted()}
        ):
            return 400, json.dumps({"error": "invalid_grant"})
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "p-1",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        claims = {name: one for name, one in claims.items() if one is not None}
        token = jwt.encode({"alg": "RS256", "kid": "p1"}, claims, self.sign_with)
        said = {"access_token": "x", "token_type": "Bearer", "id_token": token, "expires_in": 60}
        return 200, json.dumps(said)

    def _quoted(self) -> str:
        from urllib.parse import quote

        return base64.b64encode(f"{quote(CLIENT)}:{quote(CLIENT_SECRET)}".encode()).decode()


@contextmanager
def small_server(server: SmallServer | None = None) -> Iterator[Any]:
    """On a free port, until the block ends."""
    told = server or SmallServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(urlsplit(self.path).path)
            status, body, *headers = told.answer(self)
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            data = body.encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the library's own word

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        told.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            http.shutdown()
            thread.join()
