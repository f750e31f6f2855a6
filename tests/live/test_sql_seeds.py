"""The seeds on real databases: run twice, every value as the spec has it, no edit overwritten."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.model.app import App
from tests.models import example_app, read_app, render
from tests.requirements import database_url

NASTY = [
    "it's",
    "''",
    "back\\slash",
    "\\",
    "\\'; DROP TABLE config; --",
    "a\\\\'b\\",
    "line\nbreak\r\nand\rmore\ttab",
    '"double" `tick` $1 %s :name ?',
    "Ünï¢ødé ✓ 🐧 \u2028 \ufeff",
    "\x01\x1a\x7f",
    "",
    " spaces ",
    "-- comment /* and */ ; semicolon",
]
Database = Callable[[], Any]


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def dialect(request) -> str:
    return request.param


@pytest.fixture
def connect(dialect, tmp_path) -> Iterator[Database]:
    """Opens connections to a database that is there for this test alone."""
    if dialect == "sqlite":
        yield lambda: sqlite3.connect(tmp_path / "test.db", timeout=30)
    elif dialect == "postgresql":
        yield from _postgresql()
    else:
        yield from _mysql()


def _url(variable: str) -> Any:
    from sqlalchemy.engine import make_url

    return make_url(database_url(variable))


def _postgresql() -> Iterator[Database]:
    import psycopg
    from psycopg import sql

    url = _url("PENGUIN_TEST_POSTGRES_URL")
    parts = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    name = f"penguin_{uuid.uuid4().hex}"
    with psycopg.connect(dbname=url.database, autocommit=True, **parts) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield lambda: psycopg.connect(dbname=name, autocommit=True, **parts)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _mysql() -> Iterator[Database]:
    import pymysql
    from pymysql.constants import CLIENT

    url = _url("PENGUIN_TEST_MYSQL_URL")
    parts: dict[str, Any] = {
        "host": url.host or "127.0.0.1",
        "port": url.port or 3306,
        "user": url.username,
        "password": url.password or "",
        "autocommit": True,
    }
    name = f"penguin_{uuid.uuid4().hex}"
    flags = CLIENT.MULTI_STATEMENTS
    with closing(pymysql.connect(**parts)) as admin, admin.cursor() as cursor:
        # latin1: the scripts must not lean on the server's default
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
        try:
            yield lambda: pymysql.connect(database=name, client_flag=flags, **parts)
        finally:
            cursor.execute(f"DROP DATABASE `{name}`")


def run(connection: Any, script: str) -> None:
    """A whole script, and every complaint of every statement in it."""
    if isinstance(connection, sqlite3.Connection):
        connection.executescript(script)
        return
    with closing(connection.cursor()) as cursor:
        cursor.execute(script)
        while cursor.nextset():
            pass


def fetch(connection: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def scripts(app: App, dialect: str) -> tuple[str, str]:
    artifacts = render("sql", app)
    folder = f"sql/{dialect}"
    schema, seed = (f"{folder}/01_schema.sql", f"{folder}/02_config_seed.sql")
    return artifacts[schema].text, artifacts[seed].text


def nasty_app(values: list[str]) -> App:
    example = example_app()
    theme = example.settings["theme"]
    settings = {
        f"key_{index}": replace(theme, key=f"key_{index}", default=value, description=value)
        for index, value in enumerate(values)
    }
    return replace(example, settings=settings)


def test_the_example_twice_and_an_admins_edit_stays(connect, dialect):
    schema, seed = scripts(example_app(), dialect)
    with closing(connect()) as connection:
        for _ in range(2):
            run(connection, schema)
            run(connection, seed)
        rows = fetch(
            connection,
            "SELECT config_key, config_value, config_type, category, description, is_sensitive,"
            " updated_by FROM config ORDER BY id",
        )
        assert [row[0] for row in rows] == [
            "smtp_host",
            "smtp_port",
            "waddleai_url",
            "session_minutes",
            "theme",
            "maintenance_mode",
        ]
        assert rows[1][1:5] == ("587", "integer", "email", "SMTP server port")
        assert rows[5][1:3] == ("false", "boolean")
        assert {(bool(row[5]), row[6]) for row in rows} == {(False, "penguin-compile")}
        run(
            connection,
            "UPDATE config SET config_value = 'dark', updated_by = 'admin'"
            " WHERE config_key = 'theme'; DELETE FROM config WHERE config_key = 'smtp_port';",
        )
        before = fetch(connection, "SELECT * FROM config ORDER BY id")
        run(connection, seed)
        after = fetch(connection, "SELECT * FROM config ORDER BY id")
        assert after[:-1] == before
        assert after[-1][1] == "smtp_port"


def test_values_arrive_as_they_are(connect, dialect):
    schema, seed = scripts(nasty_app(NASTY), dialect)
    with closing(connect()) as connection:
        run(connection, schema)
        run(connection, seed)
        rows = fetch(connection, "SELECT config_value, description FROM config ORDER BY id")
    assert rows == [(text, text) for text in NASTY]


@pytest.mark.parametrize(
    ("dialect", "setting"),
    [
        ("postgresql", "SET standard_conforming_strings = off; SET backslash_quote = off"),
        ("mysql", "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"),
        ("mysql", "SET SESSION sql_mode = 'ANSI,TRADITIONAL'"),
    ],
)
def test_the_sessions_settings_change_nothing(connect, dialect, setting):
    schema, seed = scripts(nasty_app(NASTY), dialect)
    with closing(connect()) as connection:
        run(connection, setting)
        run(connection, schema)
        run(connection, seed)
        rows = fetch(connection, "SELECT config_value FROM config ORDER BY id")
    assert [row[0] for row in rows] == NASTY


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=30))
def test_any_text_arrives(connect, dialect, values):
    schema, seed = scripts(nasty_app(["fixed", *values]), dialect)
    with closing(connect()) as connection:
        run(connection, schema)
        run(connection, "DELETE FROM config")
        run(connection, seed)
        rows = fetch(connection, "SELECT config_value FROM config ORDER BY id")
    assert [row[0] for row in rows] == ["fixed", *values]


def test_another_table_with_other_names(connect, dialect):
    text = """
penguin: 1
app: {name: other}
outputs:
  sql:
    table: Order
    columns: {config_key: key, config_value: value, category: null, is_sensitive: null,
              updated_by: null, created_at: null, description: Desc}
config:
  theme: {default: light, description: Colours}
"""
    schema, seed = scripts(read_app(text), dialect)
    tick = "`" if dialect == "mysql" else '"'
    with closing(connect()) as connection:
        for _ in range(2):
            run(connection, schema)
            run(connection, seed)
        query = 'SELECT "key", "value", "Desc", config_type FROM "Order"'.replace('"', tick)
        assert fetch(connection, query) == [("theme", "light", "Colours", "string")]
        indexes = fetch(connection, _INDEXES[dialect])
    assert ("idx_Order_key",) in indexes
    assert ("idx_Order_category",) not in indexes


_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE tablename = 'Order'",
    "mysql": "SELECT index_name FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name = 'Order'",
}


def test_several_seed_at_once(connect, dialect):
    """Containers that start together: one row each, and none of them fails."""
    schema, seed = scripts(nasty_app([f"value {index}" for index in range(200)]), dialect)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with closing(connect()) as connection:
                start.wait()
                run(connection, seed)
        except BaseException as error:  # noqa: BLE001  # told by the assertion below
            failures.append(error)

    with closing(connect()) as connection:
        run(connection, schema)
        start = threading.Barrier(4)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert failures == []
        assert fetch(connection, "SELECT COUNT(*) FROM config") == [(200,)]


def test_another_error_is_not_hidden(connect, dialect):
    """Insert-if-missing is about the key alone: a value the table refuses still fails."""
    _, seed = scripts(nasty_app(["x" * 50]), dialect)
    narrow = (
        "CREATE TABLE config (config_key VARCHAR(255) UNIQUE, config_value VARCHAR(10)"
        " CHECK (LENGTH(config_value) <= 10), config_type TEXT, category TEXT, description TEXT,"
        " is_sensitive BOOLEAN, updated_by TEXT)"
    )
    with closing(connect()) as connection:
        run(connection, narrow)
        with pytest.raises(Exception, match=r"(?i)check|too long"):
            run(connection, seed)
