"""Config tables as real apps have them, on every database: mapped, or refused by their names."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from penguin_compile.core.errors import DatabaseFailure, UsageError
from penguin_compile.core.pointer import format_dotted
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import open_session
from tests.models import read_app

ABSENT = ("config_type", "category", "description", "is_sensitive", "last_updated", "updated_by")
CONFIG = {
    "smtp_host": {"type": "string", "default": "localhost"},
    "smtp_port": {"type": "integer", "default": 587},
    "maintenance": {"type": "boolean", "default": False},
    "menu": {"type": "json", "default": {"a": [1, "🐧"]}},
}
QUOTES = {"mysql": "`"}
ENUM = {
    "postgresql": "setting_kind",
    "mysql": "ENUM('string','integer','boolean','json')",
    "sqlite": "VARCHAR(9) CHECK (config_type IN ('string','integer','boolean','json'))",
}


def mapped(**names):
    return {**dict.fromkeys((*ABSENT, "created_at")), **names}


@contextmanager
def opened(database_url, table, columns, config=None, state=None):
    environment = {"database": {"url": database_url}, "sensitive": "plaintext"}
    if state is not None:
        environment["state"] = {"url": state}
    spec = {
        "penguin": 1,
        "app": {"name": "real"},
        "config": {
            key: {"category": "email", "description": "It matters", **one}
            for key, one in (CONFIG if config is None else config).items()
        },
        "outputs": {"sql": {"table": table, "columns": columns}},
        "environments": {"default": environment},
    }
    app = read_app(json.dumps(spec))
    with open_session(app, "digest", format_dotted) as session:
        yield session


def apply(session, **options):
    decisions = Decisions(max_updates="100", max_deletes="100", **options)
    plan = session.plan(decisions)
    session.check(plan, decisions)
    session.apply(plan, plan_text="{}")
    again = session.plan(decisions)
    assert not [one for one in again.changes if one.action.value != "none" or one.ledger_changes]
    return plan


def run(database, *statements):
    with database.writing("testing") as connection:
        for one in statements:
            connection.execute(text(one))


def fetch(database, query):
    with database.reading("testing") as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def make_system_config(database, kinds=None):
    """`updated_by` is a user's number."""
    kind = ENUM[database.dialect] if kinds is None else kinds
    if database.dialect == "postgresql":
        run(database, "CREATE TYPE setting_kind AS ENUM ('string','integer','boolean','json')")
    run(
        database,
        "CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "INSERT INTO users VALUES (7)",
        f"CREATE TABLE system_config (config_key VARCHAR(100) PRIMARY KEY, config_value TEXT, "
        f"config_type {kind} NOT NULL DEFAULT 'string', description TEXT, updated_by INT, "
        "updated_at TIMESTAMP NULL, FOREIGN KEY (updated_by) REFERENCES users(id))",
    )


SYSTEM_CONFIG = mapped(
    config_type="config_type",
    description="description",
    updated_by="updated_by",
    last_updated="updated_at",
)


def test_system_config_with_an_enum_and_a_users_number(database, database_url):
    make_system_config(database)
    run(
        database,
        "INSERT INTO system_config (config_key, config_value, config_type, updated_by) VALUES "
        "('smtp_port', '25', 'integer', 7), ('smtp_host', NULL, 'string', 7), "
        "('theirs', 'x', 'string', 7)",
    )
    with opened(database_url, "system_config", SYSTEM_CONFIG) as session:
        plan = apply(session)
    (notice,) = [one for one in plan.notices if "updated_by" in one]
    assert "another type" in notice
    rows = "SELECT config_key, config_value, config_type, updated_by FROM system_config ORDER BY 1"
    assert fetch(database, rows) == [
        ("maintenance", "false", "boolean", None),
        ("menu", '{"a": [1, "🐧"]}', "json", None),
        ("smtp_host", None, "string", 7),
        ("smtp_port", "25", "integer", 7),
        ("theirs", "x", "string", 7),
    ]
    with opened(database_url, "system_config", SYSTEM_CONFIG) as session:
        apply(session, use_spec=("*",))
    assert ("smtp_host", "localhost", "string", 7) in fetch(database, rows)


def test_a_type_that_the_enum_lacks_is_refused_before_anything_is_written(database, database_url):
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no ENUM")
    if database.dialect == "postgresql":
        run(database, "CREATE TYPE kinds AS ENUM ('string', 'integer')")
    kind = "kinds" if database.dialect == "postgresql" else "ENUM('string','integer')"
    run(
        database,
        "CREATE TABLE system_config (config_key VARCHAR(100), config_value TEXT, "
        f"config_type {kind})",
    )
    columns = mapped(config_type="config_type")
    with (
        opened(database_url, "system_config", columns) as session,
        pytest.raises(UsageError, match="config_type of table system_config takes string, int"),
    ):
        apply(session)
    assert fetch(database, "SELECT * FROM system_config") == []


def test_keys_and_values_alone_under_names_that_need_quotes(database, database_url):
    quote = QUOTES.get(database.dialect, '"')
    names = {one: f"{quote}{one}{quote}" for one in ("Order", "key", "value", "Group", "select")}
    run(
        database,
        f"CREATE TABLE {names['Order']} ({names['key']} VARCHAR(90) UNIQUE, {names['value']} TEXT, "
        f"{names['Group']} VARCHAR(20), {names['select']} BOOLEAN)",
    )
    columns = mapped(
        config_key="key", config_value="value", category="Group", is_sensitive="select"
    )
    with opened(database_url, "Order", columns) as session:
        apply(session)
    rows = fetch(database, f"SELECT {names['key']}, {names['value']} FROM {names['Order']}")
    assert dict(rows)["maintenance"] == "false"
    update = f"UPDATE {names['Order']} SET {names['value']} = "
    run(database, f"{update}'True' WHERE {names['key']} = 'maintenance'")
    run(database, f"{update}'mine' WHERE {names['key']} = 'smtp_host'")
    few = {"smtp_host": CONFIG["smtp_host"]}
    with opened(database_url, "Order", columns, few) as session:
        apply(session, prune=True)
    left = fetch(database, f"SELECT {names['key']}, {names['value']} FROM {names['Order']}")
    assert sorted(left) == [("maintenance", "True"), ("smtp_host", "mine")]


def test_a_column_that_nothing_fills_is_named_before_the_first_write(database, database_url):
    run(
        database,
        "CREATE TABLE settings (setting_key VARCHAR(90) PRIMARY KEY, setting_value TEXT, "
        "tenant VARCHAR(9) NOT NULL, place VARCHAR(9) NOT NULL DEFAULT 'here')",
        "INSERT INTO settings VALUES ('smtp_host', 'localhost', 'a', 'here')",
    )
    columns = mapped(config_key="setting_key", config_value="setting_value")
    with (
        opened(database_url, "settings", columns) as session,
        pytest.raises(UsageError, match="column tenant, which is NOT NULL"),
    ):
        apply(session)
    assert len(fetch(database, "SELECT * FROM settings")) == 1
    few = {"smtp_host": CONFIG["smtp_host"]}
    with opened(database_url, "settings", columns, few) as session:
        assert not apply(session).changes[0].writes


def test_rows_of_several_platforms_are_refused_and_those_of_one_are_not(database, database_url):
    run(
        database,
        "CREATE TABLE platform_config (platform VARCHAR(9) DEFAULT 'web', config_key VARCHAR(90), "
        "config_value TEXT, UNIQUE (platform, config_key))",
        "INSERT INTO platform_config VALUES ('web', 'smtp_port', '25')",
    )
    columns = mapped()
    with opened(database_url, "platform_config", columns) as session:
        apply(session)
    run(database, "INSERT INTO platform_config VALUES ('app', 'other', '1')")
    more = {**CONFIG, "one_more": {"type": "string", "default": "x"}}
    before = fetch(database, "SELECT * FROM platform_config ORDER BY 1, 2")
    with (
        opened(database_url, "platform_config", columns, more) as session,
        pytest.raises(UsageError, match="rows of 2 different platform"),
    ):
        apply(session)
    run(database, "INSERT INTO platform_config VALUES ('app', 'smtp_port', '1')")
    with (
        opened(database_url, "platform_config", columns) as session,
        pytest.raises(DatabaseFailure, match="several rows of smtp_port") as caught,
    ):
        apply(session)
    assert "view" in caught.value.hint
    assert len(fetch(database, "SELECT * FROM platform_config")) == len(before) + 1


def test_what_a_column_would_cut_off_is_refused(database, database_url):
    run(database, "CREATE TABLE small (config_key VARCHAR(90), config_value VARCHAR(5))")
    with opened(database_url, "small", mapped()) as session:
        if database.dialect == "sqlite":
            apply(session)
            return
        with pytest.raises(UsageError, match="config_value of table small holds 5 characters"):
            apply(session)
    assert fetch(database, "SELECT * FROM small") == []


def test_a_value_column_that_is_no_text_is_refused(database, database_url):
    run(database, "CREATE TABLE numbers (config_key VARCHAR(90), config_value INTEGER)")
    with (
        opened(database_url, "numbers", mapped()) as session,
        pytest.raises(DatabaseFailure, match="column config_value of table numbers is INT"),
    ):
        session.plan(Decisions())


def test_a_view_is_planned_and_written_through_where_its_database_can(database, database_url):
    run(
        database,
        "CREATE TABLE everything (id_of VARCHAR(90) UNIQUE, content TEXT, platform VARCHAR(9) "
        "DEFAULT 'web')",
        "INSERT INTO everything VALUES ('smtp_host', 'old', 'web'), ('x', 'y', 'app')",
        "CREATE VIEW web_config AS SELECT id_of, content FROM everything WHERE platform = 'web'",
    )
    columns = mapped(config_key="id_of", config_value="content")
    with opened(database_url, "web_config", columns) as session:
        if database.dialect == "sqlite":
            with pytest.raises(DatabaseFailure, match="view"):
                apply(session)
            return
        apply(session, use_spec=("*",))
    rows = fetch(database, "SELECT id_of, content, platform FROM everything ORDER BY 1")
    assert ("smtp_host", "localhost", "web") in rows
    assert ("x", "y", "app") in rows


def test_a_key_that_the_database_takes_for_another_is_told(database, database_url):
    run(
        database,
        "CREATE TABLE loose (config_key VARCHAR(90) UNIQUE, config_value TEXT)",
        "INSERT INTO loose VALUES ('Smtp_Host', 'mine')",
    )
    with opened(database_url, "loose", mapped()) as session:
        if database.dialect != "mysql":
            apply(session)
            return
        with pytest.raises(UsageError, match="has a row 'Smtp_Host'"):
            apply(session)
    assert fetch(database, "SELECT * FROM loose") == [("Smtp_Host", "mine")]


def test_a_row_of_the_same_letters_is_not_written_in_place_of_ours(database, database_url):
    """Without a unique key, MySQL finds both by the name of one."""
    run(
        database,
        "CREATE TABLE loose (config_key VARCHAR(90), config_value TEXT)",
        "INSERT INTO loose VALUES ('SMTP_HOST', 'localhost'), ('smtp_host', 'localhost')",
    )
    few = {"smtp_host": {"type": "string", "default": "localhost"}}
    with opened(database_url, "loose", mapped(), few) as session:
        apply(session)
    few = {"smtp_host": {"type": "string", "default": "other"}}
    with opened(database_url, "loose", mapped(), few) as session:
        apply(session)
    assert sorted(fetch(database, "SELECT * FROM loose")) == [
        ("SMTP_HOST", "localhost"),
        ("smtp_host", "other"),
    ]


def test_a_schema_other_than_public_by_the_search_path_of_the_url(database, database_url):
    if database.dialect != "postgresql":
        pytest.skip("only PostgreSQL has schemas in a database")
    run(database, 'CREATE SCHEMA "My-App"', "CREATE TABLE config (config_key TEXT)")
    for spelling in ("%22My-App%22", '"My-App"'):
        url = f"{database_url}?options=-csearch_path%3D{spelling}"
        with opened(url, "config", mapped()) as session:
            assert "My-App" not in session.database.describe()
            apply(session)
    rows = fetch(database, 'SELECT config_key FROM "My-App".config ORDER BY 1')
    assert [one for (one,) in rows] == sorted(CONFIG)
    tables = "SELECT schemaname FROM pg_tables WHERE tablename LIKE 'penguin_%'"
    assert set(fetch(database, tables)) == {("My-App",)}
    assert fetch(database, "SELECT * FROM public.config") == []
    with opened(url, "config", mapped(), state=database_url) as session:
        assert not session.database.is_same(session.state.database)
