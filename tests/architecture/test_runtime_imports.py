"""The library for running apps needs none of the compiler's dependencies."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from penguin_compile.live.config.sealing import read_keyring, seal
from tests.models import read_app, render

ROOT = Path(__file__).resolve().parents[2]
SPEC = """
penguin: 1
app: {name: shop, version: "1"}
config:
  port: {type: integer, default: 25, check: {min: 1}}
  limits: {type: json, default: {}, check: {type: object}}
  token: {sensitive: true, secret: "env:TOKEN"}
"""
COMPILER = (
    *("alembic", "click", "filelock", "httpx", "jinja2", "jsonschema_rs", "orjson"),
    *("pydantic", "ruamel", "ruamel.yaml", "_ruamel_yaml", "sqlalchemy", "tenacity"),
)
PROGRAM = """
import json, sys
for name in sys.argv[2:]:
    sys.modules[name] = None  # an import of it fails
from penguin_compile import runtime
from penguin_compile.runtime import open_settings
with open_settings("manifest.json", "sqlite:///app.db") as settings:
    assert settings.refresh()
    told = [settings.port, settings.limits, settings.token, settings.source("limits")]
assert not {"psycopg", "pymysql"} & set(sys.modules)
ours = [one for one in sys.modules if one.startswith("penguin_compile.")]
below = ("runtime", "core", "model", "live.config.sealing")
allowed = tuple(f"penguin_compile.{one}" for one in below)
assert {one for one in ours if not one.startswith(allowed)} == {
    "penguin_compile.live", "penguin_compile.live.config"
}, ours
print(json.dumps(told))
"""


def test_it_runs_where_they_can_not_be_imported(tmp_path):
    app = read_app(SPEC)
    (tmp_path / "manifest.json").write_text(render("runtime", app)["runtime/manifest.json"].text)
    keys = {"PENGUIN_CONFIG_KEYS": "k1:" + "A" * 43 + "="}
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(render("sql", app)["sql/sqlite/01_schema.sql"].text)
        connection.executemany(
            "INSERT INTO config (config_key, config_value, config_type, category)"
            " VALUES (?, ?, 'string', 'system')",
            [("port", "587"), ("token", seal(read_keyring(keys), "token", "tr0ub4dor"))],
        )
        connection.commit()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-", *COMPILER],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "LIMITS": '{"a": 1}', **keys},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    assert json.loads(done.stdout) == [587, {"a": 1}, "tr0ub4dor", "database"]


def test_its_name_loads_nothing_until_it_is_used():
    program = "import sys, penguin_compile.runtime; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours = [one for one in done.stdout.split() if one.startswith("penguin_compile")]
    assert ours == ["penguin_compile", "penguin_compile.runtime"]
