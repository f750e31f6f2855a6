"""Filled config tables read as config keys, as real apps have them, on every database."""

import pytest
from sqlalchemy import make_url

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.core.secret import SecretReference
from penguin_compile.intake.database import read_table
from penguin_compile.model.setting import UNSET
from tests.live.test_few_rights import user
from tests.live.test_real_tables import make_system_config, run

__all__ = ["user"]

CANARY = "Canary-4711-swordfish"
VALUES = {
    "smtp_host": ("mail.example.com", "string"),
    "smtp_port": ("587", "integer"),
    "maintenance": ("True", "boolean"),
    "menu": ('{"a": [1, "🐧"]}', "json"),
    "empty": ("", "string"),
    "unset": (None, "string"),
    "smtp_password": (CANARY, "string"),
}


def fill(database, table, key, value, kind=None, values=VALUES):
    names = ", ".join(one for one in (key, value, kind) if one)
    marks = ":key, :value" + (", :kind" if kind else "")
    with database.writing("testing") as connection:
        from sqlalchemy import text

        for name, (content, word) in values.items():
            row = {"key": name, "value": content, **({"kind": word} if kind else {})}
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)


def by_key(found):
    return {one.key: one for one in found.settings}


def messages(found):
    return [one.message for one in found.findings]


def test_system_config_with_an_enum_of_the_standards_words(database, database_url):
    make_system_config(database)
    fill(database, "system_config", "config_key", "config_value", "config_type")
    found = read_table(database_url, "system_config")
    assert found.table.name == "system_config"
    assert found.table.columns == {
        "category": None,
        "is_sensitive": None,
        "last_updated": "updated_at",
        "created_at": None,
    }
    settings = by_key(found)
    assert {key: (one.type, one.value) for key, one in settings.items()} == {
        "smtp_host": ("string", "mail.example.com"),
        "smtp_port": ("integer", 587),
        "maintenance": ("boolean", True),
        "menu": ("json", {"a": [1, "🐧"]}),
        "empty": ("string", ""),
        "unset": ("string", UNSET),
        "smtp_password": ("string", UNSET),
    }
    assert [key for key, one in settings.items() if one.sensitive] == ["smtp_password"]
    assert found.findings == ()
    assert CANARY not in repr(found)
    assert CANARY not in settings["smtp_password"].place.source.text


def test_system_settings_whose_types_are_words_of_their_own(database, database_url):
    run(
        database,
        "CREATE TABLE system_settings (setting_key VARCHAR(100) PRIMARY KEY, setting_value TEXT,"
        " setting_type VARCHAR(20))",
    )
    own = {"page_size": ("20", "int"), "rate": ("0.5", "float"), "on": ("yes", "bool")}
    fill(database, "system_settings", "setting_key", "setting_value", "setting_type", own)
    found = read_table(database_url, "system_settings")
    assert found.table.columns["config_type"] is None
    assert {key: (one.type, one.value) for key, one in by_key(found).items()} == {
        "on": ("boolean", True),
        "page_size": ("integer", 20),
        "rate": ("number", 0.5),
    }
    (message,) = messages(found)
    assert "setting_type has types of its own (bool, float, int)" in message


def test_a_table_without_types_takes_them_from_values(database, database_url):
    run(
        database,
        "CREATE TABLE settings (name VARCHAR(100) PRIMARY KEY, value TEXT, category VARCHAR(50)"
        " NOT NULL DEFAULT 'system', is_secret BOOLEAN NOT NULL DEFAULT FALSE)",
        "INSERT INTO settings VALUES ('page_size', '20', 'reporting', FALSE)",
        "INSERT INTO settings VALUES ('ratio', '1.50', 'system', FALSE)",
        "INSERT INTO settings VALUES ('enabled', 'FALSE', 'system', FALSE)",
        "INSERT INTO settings VALUES ('zip', '01234', 'system', FALSE)",
        f"INSERT INTO settings VALUES ('hook', '{CANARY}', 'system', TRUE)",
        f"INSERT INTO settings VALUES ('db_password', '{CANARY}', 'system', FALSE)",
    )
    found = read_table(database_url, "settings")
    assert found.table.columns == {
        "config_key": "name",
        "config_value": "value",
        "config_type": None,
        "description": None,
        "is_sensitive": "is_secret",
        "last_updated": None,
        "updated_by": None,
        "created_at": None,
    }
    settings = by_key(found)
    assert {key: (one.type, one.value, one.category) for key, one in settings.items()} == {
        "page_size": ("integer", 20, "reporting"),
        "ratio": ("number", 1.5, "system"),
        "enabled": ("boolean", False, "system"),
        "zip": ("string", "01234", "system"),
        "hook": ("string", UNSET, "system"),
        "db_password": ("string", UNSET, "system"),
    }
    assert {key for key, one in settings.items() if one.sensitive} == {"hook", "db_password"}
    (message,) = messages(found)
    assert "column is_secret doesn't mark: db_password" in message
    assert CANARY not in repr(found)


def test_rows_that_are_no_config_keys_and_values_of_another_type(database, database_url):
    make_system_config(database)
    odd = {"Theme-Color": ("red", "string"), "smtp_port": ("many", "integer")}
    fill(database, "system_config", "config_key", "config_value", "config_type", odd)
    found = read_table(database_url, "system_config")
    assert [one.code for one in found.findings] == ["PC561", "PC563"]
    assert "row 'Theme-Color' can be no config key" in messages(found)[0]
    assert "aren't of their type, so no defaults: smtp_port (integer)" in messages(found)[1]
    assert found.findings[0].span.source.line_text(found.findings[0].span.line) == "Theme-Color"
    assert by_key(found)["smtp_port"].value is UNSET


def test_rows_that_the_app_itself_has_encrypted_are_secrets(database, database_url):
    run(
        database,
        "CREATE TABLE config (config_key VARCHAR(90) UNIQUE, config_value TEXT,"
        " is_encrypted BOOLEAN)",
        f"INSERT INTO config VALUES ('webhook', '{CANARY}', TRUE), ('theme', 'dark', FALSE)",
    )
    found = read_table(database_url, "config")
    assert {key: one.sensitive for key, one in by_key(found).items()} == {
        "theme": False,
        "webhook": True,
    }
    assert found.table.columns["is_sensitive"] is None
    assert "is_encrypted marks values that the app itself has encrypted" in messages(found)[0]
    assert CANARY not in repr(found)


def test_rows_of_several_platforms_are_refused(database, database_url):
    run(
        database,
        "CREATE TABLE config (platform VARCHAR(9), config_key VARCHAR(90), config_value TEXT,"
        " UNIQUE (platform, config_key))",
        "INSERT INTO config VALUES ('web', 'theme', 'dark'), ('app', 'theme', 'light')",
    )
    with pytest.raises(DatabaseFailure, match="several rows of theme") as caught:
        read_table(database_url, "config")
    assert "a view, of one of its values" in caught.value.hint


def test_a_table_that_is_not_there_names_those_that_are(database, database_url):
    make_system_config(database)
    with pytest.raises(DatabaseFailure, match=r'did you mean "system_config"\?$') as caught:
        read_table(database_url, "system_confg")
    assert caught.value.hint == "with a key and a value column there are: system_config"
    with pytest.raises(DatabaseFailure, match=r"no table settings$"):
        read_table(database_url, "settings")


def test_a_table_without_the_columns_says_what_it_has(database, database_url):
    run(database, "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90))")
    with pytest.raises(DatabaseFailure, match=r"it has id \(INTEGER\), email \(VARCHAR") as caught:
        read_table(database_url, "users")
    assert "a view can give them these names" in caught.value.hint
    with pytest.raises(DatabaseFailure, match="no table config") as caught:
        read_table(database_url, "config")
    assert caught.value.hint == "tables that this user sees: users"


def test_an_empty_database_says_that_it_is_one(database, database_url):
    run(database, "CREATE TABLE users (id INTEGER)", "DROP TABLE users")
    with pytest.raises(DatabaseFailure, match="no table config") as caught:
        read_table(database_url, "config")
    assert "sees no table there" in caught.value.hint


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_not_there(database_url):
    with pytest.raises(DatabaseFailure, match="there is no such file"):
        read_table(database_url, "config")


@pytest.mark.parametrize("database_url", ["postgresql", "mysql"], indirect=True)
def test_a_user_without_rights_is_told_how_to_get_them(database_url, user):
    server = make_url(database_url).get_backend_name()
    own = user("INSERT")  # enough to see that the table is there
    with pytest.raises(DatabaseFailure, match="this user may not do that") as caught:
        read_table(own, "config")
    assert "GRANT SELECT" in caught.value.hint
    assert "reader" not in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(DatabaseFailure) as caught:
        read_table(own.replace("reader", "wrong"), "config")
    assert "wrong" not in f"{caught.value.message} {caught.value.hint}"
    assert server in caught.value.message or "failed" in caught.value.message


@pytest.mark.parametrize("database_url", ["postgresql", "mysql"], indirect=True)
def test_a_url_with_a_password_becomes_a_reference(database_url, user, monkeypatch):
    own = user("SELECT")
    assert read_table(own, "config").database == SecretReference("env", "DATABASE_URL")
    monkeypatch.setenv("SHOP_DATABASE", own)
    reference = SecretReference("env", "SHOP_DATABASE")
    assert read_table(reference, "config").database == reference
    if make_url(database_url).password is None:
        assert read_table(database_url, "config").database == database_url
