"""A shop whose database things go wrong with: its spec before and after a change, its admin, and
all that stands in the database, in a form in which two runs can be compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from penguin_compile.live.config.sealing import key_of, read_keyring, unseal
from tests.live.settings_app import KEYS

ROOT = Path(__file__).resolve().parents[2]
APPLY = ("apply", "--env", "dev", "--yes", "--prune")
ROTATE = ("rotate-keys", "--env", "dev", "--yes")
NEW_KEYS = f"new:{b64encode(b'n' * 32).decode()},{KEYS}"
SECRETS = {"old_secret", "new_secret"}
_HEAD = 'penguin: 1\napp: {name: shop, version: "1.0"}\nconfig:\n'
_SECRET = "sensitive: true, required: true, description: Secret"
BEFORE = f"""{_HEAD}\
  updated: {{default: one, description: Updated}}
  counted: {{type: integer, default: 1, description: Updated}}
  described: {{default: same, description: As it was}}
  kept: {{default: light, description: Edited by an admin}}
  enforced: {{default: "on", manage: enforce, description: Edited by an admin}}
  deleted: {{default: gone, description: Deleted}}
  same: {{default: same, description: As it was}}
  old_secret: {{{_SECRET}, secret: "env:OLD_SECRET"}}
"""
AFTER = f"""{_HEAD}\
  updated: {{default: two, description: Updated}}
  counted: {{type: integer, default: 2, description: Updated}}
  described: {{default: same, description: Better described}}
  kept: {{default: light, description: Edited by an admin}}
  enforced: {{default: "on", manage: enforce, description: Edited by an admin}}
  same: {{default: same, description: As it was}}
  old_secret: {{{_SECRET}, secret: "env:OLD_SECRET"}}
  new_secret: {{{_SECRET}, secret: "env:NEW_SECRET"}}
  created: {{type: json, default: {{b: [1, ü]}}, description: Created}}
  created_too: {{default: "", description: Created}}
  adopted: {{default: here, description: Was there already}}
  described_anew: {{default: here, description: Was there already}}
"""
_PLACE = 'environments: {dev: {database: {url: {secret: "env:SHOP_DATABASE"}}, limits: LIMITS}}\n'
_LIMITS = "{max_updates: 100%, max_deletes: 100%}"
_EDITS = {"kept": "dark", "enforced": "off"}
_TABLES = ("penguin_ledger", "penguin_revision", "penguin_outcome", "penguin_audit")
_MOMENTS = {"at", "started_at", "finished_at", "id", "plan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run answered."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Shop:
    """A folder with the spec, and the database's URL as SQLAlchemy has it."""

    folder: Path
    url: str
    old_secret: str = "first"
    keys: str = KEYS

    def write(self, spec: str) -> None:
        (self.folder / "spec").mkdir(exist_ok=True)
        ending = _PLACE.replace("LIMITS", _LIMITS)
        (self.folder / "spec" / "shop.yaml").write_text(spec + ending, encoding="utf-8")

    @property
    def variables(self) -> dict[str, str]:
        return {
            "SHOP_DATABASE": self.url,
            "PENGUIN_CONFIG_KEYS": self.keys,
            "OLD_SECRET": self.old_secret,
            "NEW_SECRET": "second",
        }

    def command(self, *arguments: str) -> tuple[list[str], dict[str, Any]]:
        """The program in a process of its own, for subprocess."""
        given = {**os.environ, **self.variables, "PYTHONPATH": str(ROOT)}
        options = {"cwd": self.folder, "env": given, "text": True}
        return [sys.executable, "-W", "error", "-m", "penguin_compile", *arguments], options

    def run(self, *arguments: str, seconds: float = 120) -> Result:
        command, options = self.command(*arguments)
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False,
            **options,
        )  # fmt: skip
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    def sql(self, statement: str, *rows: dict[str, Any]) -> None:
        """As an admin does, whose edits carry a name."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(statement), list(rows) or None)

    def edit(self, **values: str) -> None:
        """An admin's edit of rows that are there."""
        self.sql(
            "UPDATE config SET config_value = :value, updated_by = 'admin' WHERE config_key = :key",
            *({"key": key, "value": value} for key, value in values.items()),
        )

    def live_through_a_day(self) -> None:
        """From the first spec to the second, up to the apply: an admin edited and added rows."""
        self.edit(**_EDITS)
        self.sql(
            "INSERT INTO config (config_key, config_value, config_type, category, is_sensitive, "
            "description, updated_by) "
            "VALUES (:key, 'here', 'string', 'system', :no, :text, 'admin')",
            {"key": "adopted", "text": "Was there already", "no": False},
            {"key": "described_anew", "text": "By an admin", "no": False},
            {"key": "foreign_key", "text": "Of the app", "no": False},
        )
        self.old_secret = "changed"
        self.write(AFTER)

    def everything(self) -> dict[str, Any]:
        """All rows but the lock, without what differs from run to run: moments, salts, nonces."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            there = set(inspect(connection).get_table_names())
            found = {
                name: [
                    dict(row)
                    for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()
                ]
                for name in ("config", *_TABLES)
                if name in there
            }
        rows = {name: sorted(_plain(one) for one in found.get(name, [])) for name in _TABLES}
        return {"config": _settings(found.get("config", [])), **rows}

    def value(self, key: str) -> str | None:
        """A setting as it stands in its row."""
        engine = create_engine(self.url, poolclass=NullPool)
        query = text("SELECT config_value FROM config WHERE config_key = :key")
        with engine.connect() as connection:
            found: str | None = connection.execute(query, {"key": key}).scalar()
        return found


def read_table(connection: Connection, name: str) -> list[dict[str, Any]]:
    rows = connection.execute(text(f"SELECT * FROM {name}"))
    return [dict(row) for row in rows.mappings()]


def _settings(rows: list[dict[str, Any]]) -> list[str]:
    """Every row, secrets in clear with their key: two texts of one are never the same."""
    keyring = read_keyring({"PENGUIN_CONFIG_KEYS": NEW_KEYS})
    kept = ("config_value", "config_type", "category", "description", "updated_by")
    lines = []
    for row in rows:
        values = {name: row[name] for name in kept} | {"sensitive": bool(row["is_sensitive"])}
        if row["config_key"] in SECRETS:
            sealed = row["config_value"]
            values["config_value"] = [key_of(sealed), unseal(keyring, row["config_key"], sealed)]
        lines.append(f"{row['config_key']} {json.dumps(values, sort_keys=True)}")
    return sorted(lines)


def _plain(row: dict[str, Any]) -> str:
    values = {name: _masked(value) for name, value in row.items() if name not in _MOMENTS}
    if "protected" in values:
        values["protected"] = bool(values["protected"])  # a number in SQLite and MySQL
    return json.dumps(values, sort_keys=True)


def _masked(value: Any) -> Any:
    """A secret's state is the run's own: its salt, its nonce."""
    if not isinstance(value, str) or '"secrets"' not in value:
        return value
    data = json.loads(value)
    data["secrets"] = {path: sorted(state) for path, state in data["secrets"].items()}
    return json.dumps(data, sort_keys=True)
