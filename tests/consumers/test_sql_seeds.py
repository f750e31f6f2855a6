"""The seeds in real databases, by whoever runs them: twice, every value as the spec has it."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.model.app import App
from tests.consumers.seeded_database import RUNNERS, run, run_client, scripts, statements
from tests.models import example_app, read_app

pytestmark = pytest.mark.slow

NASTY = [
    "it's",
    "''",
    "back\\slash",
    "\\",
    "\\'; DROP TABLE config; --",
    "a\\\\'b\\",
    "trailing\\\n",
    "line\nbreak\r\nand\rmore\ttab",
    "\r",
    "\n",
    '"double" `tick` $1 %s :name ?',
    "Ünï¢ødé ✓ 🐧 \u0085 \u2028 \u2029 \ufeff",
    "é9ヽ\\表\\ソ 漢字 ｱ",  # second bytes that are backslashes in the encodings of East Asia
    "\x01\x1a\x7f",
    "",
    " spaces ",
    "-- comment /* and */ ; semicolon",
    "100 % %s %(x)s %%",
    "$$ $tag$ x $tag$ $$",
    # psql's variables and commands, SQLite's dot commands, MariaDB's own words, at line begins
    ":name :'name' :\"name\" :{?name} \\set name \\\\",
    "a\n\\q\n\\! touch pwned\n\\copy\n",
    "a\n.quit\n.tables\n;\n.read x",
    "a\ngo\n/\nb",
    "a\ndelimiter //\nb//\n\\g\nquit\nexit\nuse x\nsource x\n\\. x",
    "? ?1 @x @@y #hash\n# hash\n/* open\n/*! 1 */ \n--x\n-- x",
    "a;\nb;\n;\nCOMMIT;\n",
    "<CR>\r<CR+>\r\n",
]
LONG = [
    "x" * 1_000_000,
    ("line's \\ of text ✓ 🐧\r\n" * 50_000)[:1_000_000],
    "\\" * 1_000_000,
    "'" * 1_000_000,
]


@pytest.fixture(params=RUNNERS)
def runner(request):
    return RUNNERS[request.param]


def nasty_app(values: list[str]) -> App:
    example = example_app()
    theme = example.settings["theme"]
    settings = {
        f"key_{index}": replace(theme, key=f"key_{index}", default=value, description=value[:1000])
        for index, value in enumerate(values)
    }
    return replace(example, settings=settings)


def seed(database, app, runner):
    """Run both scripts; the seeds as a file, to run them again."""
    schema, text = scripts(app, database.kind)
    runner(database, database.write("schema", schema))
    path = database.write("seed", text)
    runner(database, path)
    return path


def test_the_example_twice_and_an_admins_edits_stay(database, runner):
    for _ in range(2):
        path = seed(database, example_app(), runner)
    rows = database.fetch(
        "SELECT config_key, config_value, config_type, category, description, is_sensitive,"
        " updated_by FROM config ORDER BY id"
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
    database.execute(
        "UPDATE config SET config_value = 'dark', updated_by = 'admin' WHERE config_key = 'theme';"
        "UPDATE config SET config_value = '', is_sensitive = TRUE, description = NULL"
        " WHERE config_key = 'smtp_host';"
        "INSERT INTO config (config_key, config_value, config_type, category)"
        " VALUES ('own', 'x', 'string', 'system');"
        "DELETE FROM config WHERE config_key = 'smtp_port';"
    )
    before = database.fetch("SELECT * FROM config ORDER BY id")
    runner(database, path)
    after = database.fetch("SELECT * FROM config ORDER BY id")
    assert after[:-1] == before
    assert after[-1][1:3] == ("smtp_port", "587")


def test_values_arrive_as_they_are(database, runner):
    seed(database, nasty_app(NASTY), runner)
    rows = database.fetch("SELECT config_value, description FROM config ORDER BY id")
    assert rows == [(text, text) for text in NASTY]


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["sqlalchemy", "client"], indirect=True)
def test_a_megabyte_arrives(database, runner):
    seed(database, nasty_app(LONG), runner)
    (stored,) = zip(*database.fetch("SELECT config_value FROM config ORDER BY id"), strict=True)
    assert [one == text for one, text in zip(stored, LONG, strict=True)] == [True] * len(LONG)


@pytest.mark.parametrize(
    ("database", "setting"),
    [
        ("postgresql", "SET standard_conforming_strings = off; SET backslash_quote = off"),
        ("mysql", "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"),
        ("mysql", "SET SESSION sql_mode = 'ANSI,TRADITIONAL'"),
        ("sqlite", "PRAGMA encoding = 'UTF-16'"),
    ],
    indirect=["database"],
)
def test_the_sessions_settings_change_nothing(database, setting):
    schema, text = scripts(nasty_app(NASTY), database.kind)
    with closing(database.connect()) as connection:
        for script in (setting, schema, text):
            run(connection, script)
    assert database.fetch("SELECT config_value FROM config ORDER BY id") == [(x,) for x in NASTY]


@pytest.mark.parametrize(
    ("database", "options", "variables"),
    [
        ("postgresql", [], {"PGCLIENTENCODING": "SJIS", "LC_ALL": "C"}),
        ("postgresql", [], {"PGCLIENTENCODING": "LATIN1"}),
        ("postgresql", [], {"PGOPTIONS": "-c standard_conforming_strings=off"}),
        ("postgresql", ["-v", "AUTOCOMMIT=off", "-v", "name=evil"], {}),
        ("postgresql", ["--single-transaction"], {}),
        ("mysql", ["--default-character-set=latin1"], {}),
        ("mysql", ["--default-character-set=gbk"], {}),
        ("mysql", ["--default-character-set=sjis"], {}),
        ("mysql", ["--init-command=SET sql_mode='NO_BACKSLASH_ESCAPES,ANSI'"], {}),
        ("mysql", ["--named-commands"], {}),
        ("mysql", ["--binary-mode", "--comments"], {}),
        ("sqlite", ["-ascii", "-header"], {"LC_ALL": "C"}),
        ("sqlite", ["-cmd", "PRAGMA encoding = 'UTF-16'"], {}),
    ],
    indirect=["database"],
)
def test_the_clients_settings_change_nothing(database, options, variables):
    def run_with_them(database, script):
        run_client(database, script, options, variables)

    for _ in range(2):
        seed(database, nasty_app(NASTY), run_with_them)
    assert database.fetch("SELECT config_value FROM config ORDER BY id") == [(x,) for x in NASTY]


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=30))
@pytest.mark.parametrize("runner", ["driver", "client"], indirect=True)
def test_any_text_arrives(database, runner, values):
    app = nasty_app(["fixed", *values])
    seed(database, app, runner)
    database.execute("DELETE FROM config")
    seed(database, app, runner)
    rows = database.fetch("SELECT config_value FROM config ORDER BY id")
    assert [row[0] for row in rows] == ["fixed", *values]


def test_another_table_with_other_names(database, runner):
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
    for _ in range(2):
        seed(database, read_app(text), runner)
    tick = "`" if database.kind == "mysql" else '"'
    query = 'SELECT "key", "value", "Desc", config_type FROM "Order"'.replace('"', tick)
    assert database.fetch(query) == [("theme", "light", "Colours", "string")]
    indexes = database.fetch(_INDEXES[database.kind])
    assert ("idx_Order_key",) in indexes
    assert ("idx_Order_category",) not in indexes


_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE tablename = 'Order'",
    "mysql": "SELECT index_name FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name = 'Order'",
}


def test_several_seed_at_once(database):
    """Containers that start together: one row each, and none of them fails."""
    schema, text = scripts(nasty_app([f"value {index}" for index in range(200)]), database.kind)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with closing(database.connect()) as connection:
                start.wait()
                run(connection, text)
        except BaseException as error:  # noqa: BLE001  # told by the assertion below
            failures.append(error)

    database.execute(schema)
    start = threading.Barrier(4)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert database.fetch("SELECT COUNT(*) FROM config") == [(200,)]


# MariaDB's own `source` ends with success whatever was wrong
@pytest.mark.parametrize("runner", ["driver", "sqlalchemy", "client"], indirect=True)
def test_another_error_is_not_hidden_and_nothing_is_kept(database, runner):
    """Insert-if-missing is about the key alone: a value the table refuses still fails."""
    _, text = scripts(nasty_app(["short", "x" * 50, "short, too"]), database.kind)
    database.execute(
        "CREATE TABLE config (config_key VARCHAR(255) UNIQUE, config_value VARCHAR(10)"
        " CHECK (LENGTH(config_value) <= 10), config_type TEXT, category TEXT, description TEXT,"
        " is_sensitive BOOLEAN, updated_by TEXT)"
    )
    path = database.write("seed", text)
    with pytest.raises(Exception, match=r"(?i)check|too long"):
        runner(database, path)
    assert database.fetch("SELECT config_key FROM config") == []


def test_a_statement_ends_where_a_line_does_outside_of_quotes():
    """So that whoever has to hand in one at a time finds them without a parser."""
    for kind in ("postgresql", "mysql", "sqlite"):
        schema, text = scripts(nasty_app(NASTY), kind)
        found = list(statements(text))
        assert sum(one.startswith("INSERT") for one in found) == len(NASTY)
        assert found[-1] == "COMMIT;"
        assert all(one.endswith(";") for one in (*found, *statements(schema)))
