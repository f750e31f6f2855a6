"""Every default is back as it was declared, type included, for those who read the table."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydal import DAL
from sqlalchemy import MetaData, Table, create_engine, select

from penguin_compile.model.app import App
from penguin_compile.model.setting import SettingType
from tests.consumers.seeded_database import SeededDatabase, scripts
from tests.models import example_app, read_app, render
from tests.settings_reader import get_config, read_value

TEXT = 'it\'s \\ "x" $a ${b} %s :name ?\r\n\t🐧 \u2028\u2029\u0085 \x01'
RENAMED = """
outputs:
  sql:
    table: System_Config
    columns: {config_key: Setting_Key, config_value: order, is_sensitive: secret,
              last_updated: updated_at, created_at: null}
"""
# how pyDAL calls PyMySQL
pytestmark = pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated:DeprecationWarning")
VALUES = {
    SettingType.STRING: [
        TEXT,
        *("", "false", "0", "null", "007", '""', "\\", "'", "\n", "\r\n", "$$", "🐧"),
        (TEXT * 40_000)[:1_000_000],
    ],
    SettingType.INTEGER: [0, -1, 587, 2**31, -(2**63), 2**64, 10**40],
    SettingType.BOOLEAN: [True, False],
    SettingType.NUMBER: [0, 0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, 2**53 + 1, 10**30],
    SettingType.JSON: [
        *(None, False, 0, "", "false", TEXT, [], {}, 10**40, 0.1),
        {"a": [1, {"b": TEXT, "": [[], {}, None, False, 0, 0.0, ""]}], TEXT: 10**20},
        [(TEXT * 20_000)[:500_000]],
    ],
}


def typed_app() -> App:
    """A setting for each of the values."""
    example = example_app()
    theme = example.settings["theme"]
    settings = {
        f"{kind.value}_{index}": replace(
            theme, key=f"{kind.value}_{index}", type=kind, default=value, check=None
        )
        for kind, values in VALUES.items()
        for index, value in enumerate(values)
    }
    return replace(example, settings=settings)


def seed(database: SeededDatabase, app: App) -> None:
    for script in scripts(app, database.kind):
        database.execute(script)


def exact(value: Any) -> str:
    """Text that tells 1 from 1.0 and from true."""
    return json.dumps(value)


@contextmanager
def pydal(database: SeededDatabase, app: App) -> Iterator[Any]:
    """The database by pyDAL and the generated module."""
    module = database.folder / "config_table.py"
    module.write_text(render("pydal", app)["pydal/config_table.py"].text, encoding="utf-8")
    db = DAL(_pydal_address(database), folder=str(database.folder))
    try:
        runpy.run_path(str(module))["define_config"](db)
        yield db
    finally:
        db.close()


def _pydal_address(database: SeededDatabase) -> str:
    """PyDAL's own names of the kinds; without its `set_encoding`, MySQL's emoji are lost."""
    url = database.url
    if database.kind == "sqlite":
        return f"sqlite://{url.database}"
    kind, options = {
        "postgresql": ("postgres", ""),
        "mysql": ("mysql", "?set_encoding=utf8mb4"),
    }[database.kind]
    plain = url.set(drivername=kind).render_as_string(hide_password=False)
    return plain + options


@pytest.fixture(params=["", RENAMED], ids=["standard", "renamed"])
def app(request):
    """The typed app, with the standard's names of table and columns and with others."""
    text = f"penguin: 1\napp: {{name: named}}\n{request.param}"
    return replace(typed_app(), outputs=read_app(text).outputs)


def test_by_pydal_with_the_standards_own_rules(database, app):
    seed(database, app)
    with pydal(database, app) as db:
        read = {key: exact(get_config(db, key, "absent")) for key in app.settings}
        assert get_config(db, "absent", 5) == 5
        assert {row.is_sensitive for row in db(db.config).select()} == {False}
    assert read == {key: exact(one.default) for key, one in app.settings.items()}


def test_what_an_admin_writes_by_pydal_is_neither_lost_nor_overwritten(database, app):
    few = ("string_1", "boolean_1", "json_0")
    app = replace(app, settings={key: app.settings[key] for key in few})
    seed(database, app)
    with pydal(database, app) as db:
        row = db(db.config.config_key == "string_1").select().first()
        row.update_record(config_value=TEXT, updated_by="admin@example.com", is_sensitive=True)
        db.config.insert(config_key="own", config_value="0", config_type="json", category="email")
        db.commit()
    seed(database, app)
    with pydal(database, app) as db:
        row = db(db.config.config_key == "string_1").select().first()
        assert (row.config_value, row.updated_by) == (TEXT, "admin@example.com")
        assert row.is_sensitive is True
        sensitive = db(db.config.is_sensitive == True)  # noqa: E712  # pyDAL's expression
        assert [one.config_key for one in sensitive.select()] == ["string_1"]
        assert get_config(db, "own") == 0


def test_by_sqlalchemy(database):
    app = typed_app()
    seed(database, app)
    engine = create_engine(database.url)
    try:
        table = Table("config", MetaData(), autoload_with=engine)
        with engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
    finally:
        engine.dispose()
    assert {
        row.config_key: exact(read_value(row.config_type, row.config_value)) for row in rows
    } == {key: exact(one.default) for key, one in app.settings.items()}
    assert {bool(row.is_sensitive) for row in rows} == {False}
    assert {row.description for row in rows} == {app.settings["string_0"].description}
