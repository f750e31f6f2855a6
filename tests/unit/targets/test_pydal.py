from __future__ import annotations

import runpy
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from pydal import DAL

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.core.errors import PenguinError
from penguin_compile.model.setting import STANDARD_CATEGORIES
from tests.models import ROOT, example_app, read_app, render
from tests.settings_reader import get_config

PATH = "pydal/config_table.py"
SPEC = """
penguin: 1
app: {name: shop}
categories: [reporting, "a 'quoted' \\\\ ü"]
config:
  name: {default: "plain 'text' \\\\ with | ü", category: reporting}
  digits: {default: "007"}
  empty: {default: "", category: undeclared}
  off: {type: boolean, default: false}
  on: {type: boolean, default: true}
  zero: {type: integer, default: 0}
  below: {type: integer, default: -42}
  ratio: {type: number, default: 0.5}
  nothing: {type: json, default: null}
  nested: {type: json, default: {a: [1, {b: "ü\\n'"}, null, false], "": {}}}
  words: {type: json, default: "text"}
  password: {sensitive: true}
"""


@contextmanager
def database(app, folder):
    """SQLite as `sql/` seeds it, opened by pyDAL with the generated module."""
    file = folder / "config.db"
    scripts = render("sql", app)
    with closing(sqlite3.connect(file)) as connection:
        for name in ("01_schema", "02_config_seed"):
            connection.executescript(scripts[f"sql/sqlite/{name}.sql"].text)
    artifact = render("pydal", app)[PATH]
    check_artifacts([artifact])
    module = folder / "config_table.py"
    module.write_text(artifact.text, encoding="utf-8")
    db = DAL(f"sqlite://{file.name}", folder=str(folder))
    try:
        runpy.run_path(str(module))["define_config"](db)
        yield db
    finally:
        db.close()


def test_a_secret_that_apply_wrote_is_seen_as_one(tmp_path):
    with database(read_app(SPEC), tmp_path) as db:
        db.executesql("UPDATE config SET is_sensitive = TRUE WHERE config_key = 'name'")
        assert db(db.config.config_key == "name").select().first().is_sensitive is True
        assert db(db.config.config_key == "off").select().first().is_sensitive is False


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, None),
        ({"category": "a 'quoted' \\ ü"}, None),
        ({"category": "undeclared"}, None),
        ({"category": "other"}, "category"),
        ({"config_type": "number"}, "config_type"),
    ],
)
def test_what_pydal_lets_in(tmp_path, fields, wrong):
    row = {"config_key": "new", "config_value": "x", "config_type": "json", "category": "license"}
    with database(read_app(SPEC), tmp_path) as db:
        result = db.config.validate_and_insert(**{**row, **fields})
        assert list(result["errors"] or ()) == ([wrong] if wrong else [])
        assert (result["id"] is None) == bool(wrong)


def test_the_categories_are_the_standards_and_the_specs(tmp_path):
    with database(read_app(SPEC), tmp_path) as db:
        allowed = [value for value, _ in db.config.category.requires.options(zero=False)]
    assert sorted(allowed) == sorted(
        [*STANDARD_CATEGORIES, "reporting", "a 'quoted' \\ ü", "undeclared"]
    )


def test_a_real_table_with_columns_of_its_own(tmp_path):
    app = read_app((ROOT / "spec" / "waddleperf.yaml").read_text(encoding="utf-8"), "dev")
    with database(app, tmp_path) as db:
        fields = ["id", "config_key", "config_value", "config_type", "description"]
        assert db.config.fields == [*fields, "last_updated", "created_at"]
        assert {key: get_config(db, key) for key in app.settings} == {
            key: one.default for key, one in app.settings.items()
        }


def test_pydal_can_create_the_table_itself(tmp_path):
    path = tmp_path / "config_table.py"
    path.write_text(render("pydal", example_app())[PATH].text, encoding="utf-8")
    db = DAL("sqlite:memory", folder=str(tmp_path))
    try:
        runpy.run_path(str(path))["define_config"](db, migrate=True)
        db.config.insert(config_key="a", config_value="", config_type="string", category="email")
        assert get_config(db, "a") == ""
        assert db(db.config).select().first().created_at is not None
    finally:
        db.close()


def test_python_that_would_not_run_is_not_written():
    artifact = render("pydal", example_app())[PATH]
    with pytest.raises(PenguinError, match=r"config_table\.py would be wrong: Python refuses it"):
        check_artifacts([replace(artifact, text=artifact.text + "def")])
