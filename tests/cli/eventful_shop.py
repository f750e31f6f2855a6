"""A shop in which everything happens between two plans: each class of change, through real runs."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import pytest

SECRET = "sk-canary-4711-do-not-print"
LONG = "Welcome to the shop: fresh fish every Friday, and free delivery for orders over forty euro."

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 8080, auth: jwt, config: all, container: {image: "shop/api:1"}}
  old: {port: 9000, container: {image: "shop/old:1"}}
routes:
  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /api}
  legacy: {from: [external], to: [old], listen: {port: 444, protocol: https}, path_prefix: /old}
config:
  theme: {default: light, description: Colours}
  page_size: {type: integer, default: 20, description: Rows on a page}
  session_minutes: {type: integer, default: 30, description: Minutes of a session}
  banner: {default: "BANNER", description: Text above the page}
  limits: {type: json, default: {users: 5, teams: {small: 1, large: 9}}, description: Limits}
  first_page: {default: home, manage: seed, description: Page after login}
  motd: {default: hello, manage: seed, description: Message of the day}
  locked: {default: "on", manage: enforce, description: Not to be edited}
  vanished: {default: here, description: Deleted live}
  dropped: {default: gone, description: No longer in the spec}
  dropped_and_edited: {default: gone, description: No longer in the spec}
  described: {default: same, description: Old words}
  api_key: {sensitive: true, secret: "env:SHOP_API_KEY", description: Key of the shop}
environments:
  dev:
    database: {url: "sqlite:///dev.db"}
    marchproxy: {url: "GATEWAY", token: {secret: "env:CLUSTER_API_KEY"}}
"""
_CHANGES = (
    ("port: 8080", "port: 8081"),
    ('  old: {port: 9000, container: {image: "shop/old:1"}}\n', "  new: {port: 9001}\n"),
    ("legacy: {from: [external], to: [old]", "modern: {from: [external], to: [new]"),
    ("default: 20", "default: 50"),
    ("default: 30", "default: 60"),
    ("fresh fish", "fresh bread"),
    ("large: 9", "large: 12"),
    ("  motd: {default: hello, manage: seed, description: Message of the day}\n", ""),
    ("  dropped: {default: gone, description: No longer in the spec}\n", ""),
    ("  dropped_and_edited: {default: gone, description: No longer in the spec}\n", ""),
    ("Old words", "New words"),
    ("config:\n", "config:\n  adopted: {default: equal, description: There already}\n"),
    ("config:\n", "config:\n  fresh: {default: new, description: Only in the spec}\n"),
    (
        "config:\n",
        'config:\n  other_key: {sensitive: true, secret: "env:OTHER_KEY", description: K}\n',
    ),
)
_EDITS = {
    "theme": "dark",
    "session_minutes": "45",
    "first_page": "basket",
    "locked": "off",
    "dropped_and_edited": "edited",
}
_INSERT = (
    "INSERT INTO config (config_key, config_value, config_type, category, description, "
    "is_sensitive, updated_by) VALUES (?, ?, 'string', 'system', ?, 0, 'admin@example.com')"
)


def first_spec(gateway: str) -> str:
    """What is applied first."""
    return SPEC.replace("GATEWAY", gateway).replace("BANNER", LONG)


def set_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys and secrets of the shop."""
    monkeypatch.setenv("SHOP_API_KEY", SECRET)
    monkeypatch.setenv("OTHER_KEY", SECRET[::-1])
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", f"k1:{b64encode(b'k' * 32).decode()}")


def let_things_happen(spec: Path) -> None:
    """An admin edits, deletes and adds rows; the spec changes."""
    with closing(sqlite3.connect("dev.db")) as database, database:
        for key, value in _EDITS.items():
            database.execute(
                "UPDATE config SET config_value = ?, updated_by = 'admin@example.com', "
                "last_updated = '2026-11-20 09:30:00' WHERE config_key = ?",
                (value, key),
            )
        database.execute("DELETE FROM config WHERE config_key = 'vanished'")
        database.execute(_INSERT, ("adopted", "equal", "There already"))
        database.execute(_INSERT, ("nobodys", "\x1b[31m</details>|`@all", "No one knows it"))
    text = spec.read_text()
    for old, new in _CHANGES:
        assert old in text, old
        text = text.replace(old, new)
    spec.write_text(text)


def classes_of(plan_text: str) -> set[str]:
    """The classes that a plan's JSON has."""
    return {one["class"] for one in json.loads(plan_text)["changes"]}
