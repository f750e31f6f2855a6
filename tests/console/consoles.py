"""A console over a real socket, with an issuer of bearer tokens of the test's own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from penguin_compile.cli.planning import check_one, open_environment
from penguin_compile.cli.program import run
from penguin_compile.console.access import hash_password
from penguin_compile.console.application import Console, build_application
from penguin_compile.console.options import ConsoleOptions, JwtOptions, LocalAdmin, OidcOptions
from penguin_compile.console.server import bind, serving
from penguin_compile.console.store import SettingsStore

ISSUER = "https://issuer.example.com"
AUDIENCE = "console"
PASSWORD = "a long password of tests"
KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SECRET = "Canary-of-the-console-7f3a"

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0", description: A shop}
services:
  api: {port: 8080, auth: jwt, config: all, container: {image: "shop/api:1"}}
  web: {port: 80, container: {image: "shop/web:1"}}
routes:
  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /api}
config:
  theme: {category: system, default: light, description: Colours, check: {enum: [light, dark]}}
  page_size:
    {type: integer, category: system, default: 20, description: Rows, check: {min: 1, max: 500}}
  ratio: {type: number, category: system, default: 0.5, description: Share}
  maintenance: {type: boolean, category: system, default: false, description: Page}
  menu: {type: json, category: system, default: {a: [1, true, null]}, description: Menu}
  smtp_host: {category: email, default: localhost, description: Server}
  smtp_user: {category: email, description: User of the mail server}
  locked: {category: security, default: "yes", description: Stays, protected: true}
  enforced: {category: security, default: "on", description: Set back, manage: enforce}
  api_key: {category: integration, sensitive: true, secret: "env:SHOP_API_KEY", description: Key}
license:
  server_url: https://license.example.com
  product: shop
  tiers: {community: {limits: {users: 5}}, professional: {limits: {users: unlimited}}}
  features: {sso: {tier: professional, description: SSO and OAuth2}}
environments:
  dev:
    database: {url: {secret: "env:SHOP_DATABASE"}}
"""


class Tokens:
    """An issuer: its keys in a file, and tokens that it signs."""

    def __init__(self, folder: Path) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.file = folder / "jwks.json"
        self.file.write_text(json.dumps(KeySet([self.key]).as_dict(private=False)))

    def claims(self, **others: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u-1",
            "email": "ada@example.com",
            "roles": ["admin"],
            "iat": now,
            "exp": now + 600,
        }
        return {name: one for name, one in (claims | others).items() if one is not None}

    def sign(self, *, header: dict[str, Any] | None = None, key: Any = None, **others: Any) -> str:
        head = {"alg": "ES256", "kid": "one", **(header or {})}
        return jwt.encode(head, self.claims(**others), key or self.key)

    def headers(self, **others: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sign(**others)}"}


@dataclass
class Running:
    """A console that answers, and who asks it."""

    url: str
    console: Console
    tokens: Tokens
    spec: Path
    client: httpx.Client = field(repr=False)

    @property
    def store(self) -> SettingsStore:
        return self.console.store

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.tokens.headers(), **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def put(self, key: str, value: Any, **options: Any) -> httpx.Response:
        return self.call("PUT", f"/api/v1/config/{key}", json={"value": value}, **options)

    def audit(self, address: str | None = None) -> list[dict[str, Any]]:
        with self.store.state.database.reading("testing") as connection:
            assert connection is not None
            rows = connection.exec_driver_sql("SELECT * FROM penguin_audit ORDER BY at").mappings()
            return [dict(one) for one in rows if address in {None, one["address"]}]

    def sql(self, statement: str) -> list[Any]:
        with self.store.database.writing("testing") as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(one) for one in result] if result.returns_rows else []


def write_spec(folder: Path, database: str, text: str = SPEC) -> Path:
    (folder / "spec").mkdir(exist_ok=True)
    spec = folder / "spec" / "shop.yaml"
    spec.write_text(text)
    os.environ["SHOP_DATABASE"] = database  # fixtures put back what was there
    return spec


def apply_spec(spec: Path) -> None:
    assert run(["apply", str(spec), "--env", "dev", "--yes"]) == 0


@contextmanager
def running(
    spec: Path,
    folder: Path,
    *,
    local: bool = False,
    oidc: Callable[[int], OidcOptions] | None = None,
    **others: Any,
) -> Iterator[Running]:
    """A console of the spec's `dev`. `oidc` is asked with the port that was taken."""
    tokens = Tokens(folder)
    checked, resolved = check_one(str(spec), None, "dev")
    with (
        open_environment(resolved, checked.loaded.root) as session,
        bind("127.0.0.1", 0) as listener,
    ):
        store = SettingsStore(session)
        store.prepare()
        port = listener.getsockname()[1]
        options = ConsoleOptions(
            host="127.0.0.1",
            port=port,
            public_url=f"http://127.0.0.1:{port}",
            jwt=JwtOptions(issuer=ISSUER, audience=AUDIENCE, keys_file=tokens.file),
            local=LocalAdmin(name="dev", password_hash=hash_password(PASSWORD)) if local else None,
            oidc=None if oidc is None else oidc(port),
        )
        console = Console(store, replace(options, **others), spec)
        with (
            serving(build_application(console), listener),
            httpx.Client(base_url=options.public_url, timeout=60) as client,
        ):
            yield Running(options.public_url, console, tokens, spec, client)
