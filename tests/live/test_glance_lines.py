"""A first look by lines finds settled what the whole comparison finds unchanged, and no more."""

import json

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.core.pointer import format_dotted
from penguin_compile.model.plan import ChangeClass
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import open_session
from tests.models import read_app

NASTY = [
    *("", " ", "0", "00", "1", "1.0", "1e3", "true", "True", "T", "F", "null", "NULL"),
    *("Dark", "dark", "Dark ", " Dark", "Dark\n", "Dark\r\n", "Dark\t", "Dark\x01", "\x7f"),
    *("\x1f", "a\x1fb", "\x1e", "\\", "\\x1f", "'", '"', "\\N", "%", "_", "a/b", "=", "{}"),
    *("ß", "ss", "é", "e\u0301", "ﬁ", "fi", "İ", "i", "🐧", "a\u200b", "a\ufeff", "Å", "Å"),
    *('{"a":1}', '{"a": 1}', '["a"]', '"a"', "config/key_1", "merge"),
]
FALSE_AND_TRUE = [None, False, True]


DIVIDED = "a\x1fb"  # holds what stands between the columns of a line
UNDIVIDED = [one for one in NASTY if "\x1f" not in one]


def settings(texts=UNDIVIDED):
    described = [None, *texts]
    for number, value in enumerate(texts):
        yield {
            "type": "string",
            "default": value,
            "description": described[number],
            "manage": ["seed", "merge", "enforce"][number % 3],
            "protected": number % 4 == 0,
        }
    for value in (0, -1, 10**30):
        yield {"type": "integer", "default": value}
    for value in ({"b": "ü", "a": [1, None]}, {"secrets": {"a": 1}}, None, "1", 1.0, 1e30):
        yield {"type": "json", "default": value}
    yield {"type": "boolean", "default": True}
    yield {"type": "string"}
    yield {"type": "string", "sensitive": True, "secret": "env:NOT_SET"}


def open_shop(url, texts=UNDIVIDED):
    spec = {
        "penguin": 1,
        "app": {"name": "shop", "version": "1.0"},
        "config": {f"key_{number}": one for number, one in enumerate(settings(texts))},
        "environments": {"default": {"database": {"url": url}}},
    }
    return open_session(read_app(json.dumps(spec)), "0" * 64, format_dotted)


@pytest.fixture
def shop(database_url):
    with open_shop(database_url) as session:
        session.least_to_glance = 0  # by lines, however few keys there are
        session.apply(session.plan(Decisions()), plan_text="{}")
        yield session


@pytest.fixture
def execute(database_url):
    engine = create_engine(database_url, poolclass=NullPool)

    def run(statement, rows):
        with engine.begin() as connection:
            connection.execute(text(statement), rows)

    return run


def plan_both(session):
    """The keys that the first look settles; both plans say the same."""
    whole = session.plan(Decisions(), whole=True)
    quick = session.plan(Decisions())
    settled = session.situation.settled["config"]
    every = {one.address.name: one for one in whole.changes}
    for key in settled:
        assert every[key].klass is ChangeClass.UNCHANGED
        assert not every[key].ledger_changes
    listed = {one.address.name: one for one in quick.changes}
    assert listed == {key: every[key] for key in listed}
    left = [one for key, one in every.items() if key not in listed]
    assert all(one.klass is ChangeClass.UNCHANGED for one in left)
    assert quick.unchanged.get("config", 0) == len(left)
    return settled


def plain_keys(texts=UNDIVIDED):
    return {f"key_{number}" for number, one in enumerate(settings(texts)) if "default" in one}


def test_what_was_applied_is_settled(shop):
    assert set(plan_both(shop)) == plain_keys()


def test_many_rows_are_written_as_they_are(database_url):
    with open_shop(database_url, texts=UNDIVIDED * 3) as session:
        session.least_to_glance = 0
        session.apply(session.plan(Decisions()), plan_text="{}")
        assert set(plan_both(session)) == plain_keys(UNDIVIDED * 3)
        with session.database.reading("reading") as connection:
            audited = connection.execute(text("SELECT address, after FROM penguin_audit")).all()
        entries = {f"config/{key}": key for key in plain_keys(UNDIVIDED * 3)}
        assert {address for address, _ in audited} == entries.keys()


def test_a_spec_with_what_divides_lines(database_url):
    with open_shop(database_url, texts=["a", DIVIDED, "b"]) as session:
        session.least_to_glance = 0
        session.apply(session.plan(Decisions()), plan_text="{}")
        assert set(plan_both(session)) in (set(), plain_keys(["a", DIVIDED, "b"]))


COLUMNS = {
    "config_value": NASTY,
    "category": NASTY,
    "description": [None, *NASTY],
    "config_type": ["string", "String", "string ", "json", "integer", ""],
    "is_sensitive": FALSE_AND_TRUE,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_any_text_in_any_row(shop, execute, column):
    values = COLUMNS[column]
    keys = [f"key_{number}" for number, _ in enumerate(settings())]
    for turn in range(len(values)):
        if column == "description" and turn % 3:  # a third will do
            continue
        rows = [
            {"key": key, "value": values[(number + turn) % len(values)]}
            for number, key in enumerate(keys)
        ]
        execute(f"UPDATE config SET {column} = :value WHERE config_key = :key", rows)
        plan_both(shop)


NULLABLE = {
    "postgresql": "ALTER TABLE config ALTER category DROP NOT NULL",
    "mysql": "ALTER TABLE config MODIFY category VARCHAR(100) NULL",
}


def test_no_row_reads_like_another_with_a_null(shop, execute):
    """Without its category, and with what divides columns inside of its type."""
    if shop.database.dialect not in NULLABLE:
        pytest.skip("the lines of SQLite are arrays, which have a null")
    execute(NULLABLE[shop.database.dialect], [{}])
    assert "key_13" in plan_both(shop)
    execute(
        "UPDATE config SET config_type = :both, category = NULL WHERE config_key = 'key_13'",
        [{"both": "string\x1fsystem"}],
    )
    assert "key_13" not in plan_both(shop)


def test_the_same_by_few_and_by_many_others(shop, execute, monkeypatch):
    execute("UPDATE config SET config_value = 'x' WHERE config_key = :key", [{"key": "key_3"}])
    execute("DELETE FROM config WHERE config_key = :key", [{"key": "key_4"}])
    execute("DELETE FROM penguin_ledger WHERE address = :key", [{"key": "config/key_5"}])
    execute(
        "UPDATE penguin_ledger SET kept = 'abc' WHERE address = :key", [{"key": "config/key_6"}]
    )
    execute(
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES (:key, 'x', 'string', 'system')",
        [{"key": "Key_3x"}, {"key": "another"}],
    )
    few = plan_both(shop)
    monkeypatch.setattr("penguin_compile.live.config.table._MOST_BY_KEY", 1)
    monkeypatch.setattr("penguin_compile.sync.state._MOST_BY_ADDRESS", 1)
    assert plan_both(shop) == few


def test_a_key_that_is_there_twice_is_told(shop, execute):
    execute("ALTER TABLE config RENAME TO settings", [{}])
    execute("CREATE TABLE config AS SELECT * FROM settings", [{}])
    for value in ("another", "00"):
        execute(
            "INSERT INTO config (id, config_key, config_value, config_type, category, description) "
            "SELECT 1000, config_key, :value, config_type, category, description FROM settings"
            " WHERE config_key = 'key_3'",
            [{"value": value}],
        )
        with pytest.raises(DatabaseFailure, match="several rows of key_3"):
            shop.plan(Decisions())
        execute("DELETE FROM config WHERE id = 1000", [{}])


def test_what_a_line_can_not_hold_is_read_in_full(shop, execute):
    for value in (b"Dark", "Da\0rk"):
        rows = [{"key": "key_13", "value": value}]
        try:
            execute("UPDATE config SET config_value = :value WHERE config_key = :key", rows)
        except (DBAPIError, ValueError):  # PostgreSQL takes neither
            continue
        plan_both(shop)
