"""Specs that are right, and what people and programs do to them: one change after another."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]

COMPLETE: dict[str, Any] = {
    "penguin": 1,
    "app": {"name": "shop", "version": "1.0", "description": "d", "owners": ["a@example.com"]},
    "services": {
        "api": {
            "host": "backend",
            "port": 8080,
            "protocol": "http",
            "auth": "jwt",
            "tls": {"enabled": False, "verify": True},
            "health_check": {"enabled": True, "path": "/healthz", "interval": "30s"},
            "gateway": True,
            "requires_feature": "sso",
            "protected": False,
            "container": {"image": "shop/api:1", "depends_on": ["db"], "x": [None, {"y": 1.5}]},
            "environment": {
                "MODE": "production",
                "FROM": {"config": "theme"},
                "KEY": {"variable": "DB_USER", "default": "u"},
                "TOKEN": {"secret": "env:TOKEN", "required": False},
                "URL": {"template": "mysql://${DB_USER}@db"},
            },
            "config": ["theme", "page_*"],
            "secrets": "none",
        },
        "db": {"gateway": False, "health_check": False, "config": "none"},
    },
    "routes": {
        "public": {
            "description": "d",
            "from": ["external"],
            "to": ["api"],
            "listen": {"port": 443, "protocol": "https"},
            "path_prefix": "/api",
            "protected": True,
        }
    },
    "variables": {
        "DB_USER": {"type": "string", "default": "shop", "description": "d"},
        "DB_PASS": {"sensitive": True, "secret": "env:DB_PASS", "required": True},
    },
    "compose": {"volumes": {"data": {}}},
    "config": {
        "theme": {
            "type": "string",
            "category": "system",
            "description": "d",
            "env": "THEME",
            "default": "light",
            "check": {"enum": ["light", "dark"], "pattern": "^[a-z]+$", "minLength": 1},
            "manage": "merge",
            "protected": False,
        },
        "page_size": {"type": "integer", "default": 20, "check": {"min": 1, "max": 200.5}},
        "extra": {"type": "json", "default": {}, "check": {"type": "object"}},
        "api_key": {"sensitive": True, "secret": "env:API_KEY", "required": True},
    },
    "license": {
        "server_url": "https://license.example.com",
        "product": "shop",
        "release_mode": True,
        "tiers": {"free": {"limits": {"users": 5, "teams": "unlimited"}}, "paid": {}},
        "features": {"sso": {"tier": "paid", "description": "d", "ai": False}},
    },
    "telemetry": {
        "killkrill": {
            "enabled": True,
            "api_url": "http://receiver:8081",
            "grpc_url": "receiver:50051",
            "client_id": {"secret": "env:ID"},
            "client_secret": {"secret": "env:SECRET"},
            "flush_interval": 5,
            "buffer": {"max_entries": 100, "on_full": "drop_oldest"},
        },
        "logs": {"level": "info", "schema": "ecs", "fields": {"team.id": {"type": "keyword"}}},
        "metrics": {"users": {"type": "gauge", "category": "api", "unit": "ms", "labels": ["a"]}},
    },
    "integrations": {
        "waddleai": {
            "enabled": True,
            "url": "http://waddleai:8000",
            "features": ["sso"],
            "used_by": ["api"],
            "api_key": {"secret": "env:WADDLEAI_API_KEY"},
            "model_path": "/models",
            "max_workers": 2,
            "timeout": "1m",
            "container": {"image": "waddleai:1"},
        }
    },
    "categories": ["reporting"],
    "outputs": {
        "directory": "out",
        "sql": {"table": "config", "columns": {"config_key": "name", "category": None}},
        "compose": {"form": "full"},
        "marchproxy": {"directory": "config/marchproxy", "environment": "prod"},
    },
    "environments": {
        "dev": {
            "database": {"url": "sqlite:///dev.db"},
            "marchproxy": {
                "url": "http://127.0.0.1:8000",
                "cluster": 1,
                "dialect": "standard",
                "token": {"secret": "env:CLUSTER_API_KEY"},
                "username": "admin",
                "password": {"secret": "env:PASSWORD"},
                "totp": {"secret": "env:TOTP"},
                "protocol_map": {"grpc": "tcp"},
            },
            "sensitive": "encrypt",
            "state": {"url": {"secret": "env:STATE_URL"}},
            "limits": {"max_updates": "60%", "max_deletes": 5},
        },
        "prod": {
            "extends": "dev",
            "protected": True,
            "tier": "paid",
            "overrides": {
                "services": {"api": {"port": 8081, "host": None}},
                "config": {"theme": {"default": "dark", "check": None}},
                "license": {"release_mode": True},
            },
        },
    },
}

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 5, 65_536, 8080.0, 0.5, 1e300, 2**64, -(2**70),
    "", " ", "x", "1", "-1", "30s", "30", "5 m", "999999999h", "1e3", "all", "none", "true",
    "env:NAME", "env:", "env: x", "Env:x", ":", "vault:a/b#c", "unlimited", "/x", "x/../y",
    "a" * 41, "a" * 300, "-a", "a-", "A", "é", "a b", "a\nb", "a\n", "\u2028", "${A}", "60%",
    [], [[]], [None], ["external"], ["x", 1], {}, {"x-note": 1}, {"secret": "env:A"},
    {"secret": "env:A", "literal": "b"}, {"literal": "b"}, {"a": None}, {"enabled": 1},
    {"config": None}, {"variable": "A", "config": "theme"}, {"default": 1},
]  # fmt: skip


def _all_keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, item in node.items():
            yield key
            yield from _all_keys(item)


NAMES = [
    *sorted({*_all_keys(COMPLETE)}),
    "x-", "x-note", "X-note", "bogus", "", "a b", "-", "a" * 60, "a" * 256, "1a", "é", "A.b", "_",
    "literal", "json_schema", "from_", "schema_", "minLength", "min_length", "limits", "a\n",
]  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value below the root."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def change(document: Any, path: tuple[Any, ...], kind: str, value: Any, name: str) -> None:
    """One change of the value at a path, or beside it."""
    holder = document
    for part in path[:-1]:
        holder = holder[part]
    last = path[-1]
    if kind == "set":
        holder[last] = value
    elif kind == "delete":
        del holder[last]
    elif kind == "wrap":
        holder[last] = [holder[last]]
    elif isinstance(holder, dict):
        if kind == "add":
            holder[name] = value
        else:
            holder[name] = holder.pop(last)


@st.composite
def changed_specs(draw: st.DrawFn, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """A spec with one to four changes anywhere in it."""
    document = copy.deepcopy(COMPLETE if base is None else base)
    for _ in range(draw(st.integers(1, 4))):
        every = list(places(document))
        if not every:
            break
        path = draw(st.sampled_from(every))
        kind = draw(st.sampled_from(["set", "set", "delete", "wrap", "add", "rename"]))
        value = copy.deepcopy(draw(st.sampled_from(ODD)))
        change(document, path, kind, value, draw(st.sampled_from(NAMES)))
    return document


def as_text(document: Any) -> str:
    """JSON, which is YAML."""
    return json.dumps(document, ensure_ascii=False)
