from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.core.errors import PenguinError
from penguin_compile.core.secret import SecretReference
from penguin_compile.model.setting import SettingType
from penguin_compile.sections.settings import SettingShape, lower_setting
from tests.models import ROOT, example_app, read_app, render

PATH = "runtime/manifest.json"
SPEC = """
penguin: 1
app: {name: shop, version: "2.0.0"}
categories: [reporting]
config:
  off: {type: boolean, default: false, category: reporting}
  zero: {type: integer, default: 0, check: {min: -1, max: 5}, manage: enforce}
  empty: {default: "", category: undeclared, env: SHOP_EMPTY}
  nothing: {type: json, default: null}
  unset: {type: json}
  ratio: {type: number, default: 0.5}
  list: {type: json, default: [{a: "ü"}], check: {type: array, items: {type: object}}}
  theme: {default: light, enum: [light, dark], check: {maxLength: 5}, manage: seed}
  host: {check: {format: hostname}, required: true}
  api.key: {sensitive: true, secret: "vault:kv/shop#key", required: true}
outputs:
  sql: {table: settings, columns: {config_key: name, category: null}}
"""


def manifest(app):
    artifact = render("runtime", app)[PATH]
    check_artifacts([artifact])
    return json.loads(artifact.text)


def bootstrap(document, connection, environment):
    """The standard's bootstrap: each key that the table lacks, from the environment or default."""
    columns, table = document["table"]["columns"], document["table"]["name"]
    for key, meta in document["keys"].items():
        text = environment.get(meta["variable"])
        if text is None:
            if "default" not in meta:
                continue
            value = meta["default"]
            plain = isinstance(value, str) and meta["type"] == "string"
            text = value if plain else json.dumps(value, ensure_ascii=False)
        row = {
            "config_key": key,
            "config_value": text,
            "config_type": {"number": "json"}.get(meta["type"], meta["type"]),
            "category": meta["category"],
            "description": meta.get("description"),
            "is_sensitive": meta["sensitive"],
            "updated_by": "penguin-compile",
        }
        stated = {columns[name]: value for name, value in row.items() if columns[name]}
        marks = ", ".join("?" * len(stated))
        connection.execute(
            f"INSERT INTO {table} ({', '.join(stated)}) VALUES ({marks}) ON CONFLICT DO NOTHING",
            list(stated.values()),
        )


@pytest.mark.parametrize(
    "text",
    [
        SPEC,
        (ROOT / "spec" / "myapp.yaml").read_text(encoding="utf-8"),
        (ROOT / "spec" / "waddleperf.yaml").read_text(encoding="utf-8"),
    ],
)
def test_an_app_that_starts_by_it_makes_the_rows_of_the_sql_seeds(text):
    app = read_app(text, "dev" if "environments:" in text else "default")
    scripts = render("sql", app)
    rows = []
    for seeded in (True, False):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(scripts["sql/sqlite/01_schema.sql"].text)
            if seeded:
                connection.executescript(scripts["sql/sqlite/02_config_seed.sql"].text)
            else:
                bootstrap(manifest(app), connection, {})
            ages = ("last_updated", "created_at")
            names = app.outputs.config_table.columns
            listed = [one for name, one in names.items() if one and name not in ages]
            rows.append(
                connection.execute(
                    f"SELECT {', '.join(listed)} FROM {app.outputs.config_table.name} ORDER BY id"
                ).fetchall()
            )
    assert rows[0] == rows[1]
    assert len(rows[0]) >= 6


@pytest.mark.parametrize("text", [SPEC, (ROOT / "spec" / "waddleperf.yaml").read_text("utf-8")])
def test_keys_come_back_as_the_spec_declares_them(text):
    app = read_app(text, "dev" if "environments:" in text else "default")
    for key, fields in manifest(app)["keys"].items():
        words = {"env" if name == "variable" else name: one for name, one in fields.items()}
        if fields["type"] == "json" and "check" in words:
            words["check"] = words["check"]["schema"]
        back = lower_setting(key, SettingShape.model_validate(words))
        declared = app.settings[key]
        assert back == replace(declared, secret=back.secret, protected=back.protected)


def test_what_else_it_says():
    document = manifest(read_app(SPEC))
    assert list(document) == [
        "format",
        "app",
        "version",
        "table",
        "categories",
        "keys",
        "tiers",
        "features",
    ]
    assert document["categories"] == [
        *("integration", "email", "security", "database", "system", "license"),
        *("reporting", "undeclared"),
    ]
    assert (document["tiers"], document["features"]) == ([], {})
    example = manifest(example_app())
    assert example["tiers"] == ["community", "professional", "enterprise"]
    assert example["features"]["sso"] == {"tier": "professional"}
    assert (example["app"], example["version"]) == ("myapp", "1.4.0")


def test_no_secret_and_not_where_it_is():
    secret = SettingType.STRING
    app = read_app(SPEC)
    key = replace(
        app.settings["api.key"], type=secret, default="hunter2", secret=SecretReference("env", "X")
    )
    for setting in (app.settings["api.key"], key):
        changed = replace(app, settings={"api.key": setting})
        text = render("runtime", changed)[PATH].text
        assert "vault" not in text
        assert "hunter2" not in text
        assert manifest(changed)["keys"]["api.key"] == {
            "type": "string",
            "category": "system",
            "variable": "API_KEY",
            "sensitive": True,
            "required": True,
            "manage": "merge",
        }


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("zero", {"default": "0"}),
        ("off", {"default": 0}),
        ("api.key", {"default": "x"}),
        ("empty", {"manage": "never"}),
        ("theme", {"check": {"min_length": 5}}),
    ],
)
def test_what_a_library_would_misread_is_not_written(key, change):
    artifact = render("runtime", read_app(SPEC))[PATH]
    document = json.loads(artifact.text)
    document["keys"][key].update(change)
    with pytest.raises(PenguinError, match=r"runtime/manifest\.json would be wrong"):
        check_artifacts([replace(artifact, text=json.dumps(document))])
