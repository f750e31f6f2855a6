"""One contract for the config table in every database."""

from dataclasses import replace

import pytest
from sqlalchemy import inspect, text

from penguin_compile.core.errors import DatabaseFailure, SecretUnavailable, StalePlan
from penguin_compile.live.config.writing import SettingsWriter
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.model.record import SecretState
from penguin_compile.sync.application import apply_plan
from penguin_compile.sync.state import open_state
from tests.live.settings_app import (
    KEYS,
    SECRET,
    make_app,
    make_backend,
    make_plan,
    plan_settings,
)

HOST, PASS = Address("config", "smtp_host"), Address("config", "smtp_pass")


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)


@pytest.fixture
def state(database):
    return open_state("myapp", "default", database=database)


def apply(database, state, app):
    backend = make_backend(database, app, state=state)
    desired, plan = plan_settings(backend, state, app)
    return apply_plan(plan, config=backend, gateway=None, state=state, desired=desired)


def rows(database, columns="config_key, config_value"):
    with database.reading("testing") as connection:
        found = connection.execute(text(f"SELECT {columns} FROM config"))
        return {one[0]: one[1:] for one in found}


def run(database, statement, **values):
    with database.writing("testing") as connection:
        return connection.execute(text(statement), values).rowcount


def test_the_first_apply_creates_the_standards_table_and_writes_canonical_texts(database, state):
    app = make_app(sensitive="plaintext")
    outcome = apply(database, state, app)
    assert outcome.complete
    assert rows(database) == {
        "smtp_host": ("localhost",),
        "smtp_port": ("587",),
        "maintenance": ("false",),
        "ratio": ("0.5",),
        "menu": ('{"b": [1, true, null], "a": "ü"}',),
        "smtp_pass": (SECRET,),
    }
    described = rows(database, "config_key, config_type, category, description, updated_by")
    assert described["ratio"] == ("json", "system", "Share", "penguin-compile")
    stamps = rows(database, "config_key, created_at, last_updated")
    assert all(all(one) for one in stamps.values())
    with database.reading("testing") as connection:
        indexes = {one["name"] for one in inspect(connection).get_indexes("config")}
    assert {"idx_config_category", "idx_config_key"} <= indexes


def test_what_was_written_is_read_back_as_desired_and_needs_no_second_apply(database, state):
    app = make_app()
    apply(database, state, app)
    backend = make_backend(database, app, state=state)
    live = backend.read().live
    for one in backend.project(app):
        if "value" in one.fields and one.address != PASS:
            assert live[one.address].fields == one.fields
    (wanted,) = [one for one in backend.project(app) if one.address == PASS]
    assert live[PASS].fields["value"].same(wanted.fields["value"])
    assert apply(database, state, app).revision is None


def test_a_secret_is_sealed_in_its_row_and_known_by_fingerprint_in_the_ledger(database, state):
    app = make_app()
    apply(database, state, app)
    (stored,) = rows(database)["smtp_pass"]
    assert stored.startswith("enc:v1:k1:")
    settled = state.bases()[PASS].fields["value"]
    assert settled == make_backend(database, app, state=state).read().live[PASS].fields["value"]
    assert settled.fingerprint
    plain = make_backend(database, app, secret=None)
    assert plain.read().live[PASS].fields["value"].same(settled) is True
    everything = []
    with database.reading("testing") as connection:
        for table in inspect(connection).get_table_names():
            everything += connection.execute(text(f"SELECT * FROM {table}")).all()
    assert SECRET not in repr(everything)


def test_without_a_key_secrets_are_left_out_and_told(database, state, monkeypatch):
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    app = make_app(sensitive="null")
    backend = make_backend(database, app, state=state)
    assert any("not written" in one and "smtp_pass" in one for one in backend.read().notices)
    apply(database, state, app)
    assert "smtp_pass" not in rows(database)


def test_encrypting_without_a_key_is_told_before_anything_is_written(database, state, monkeypatch):
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    with pytest.raises(SecretUnavailable, match="no key"):
        apply(database, state, make_app(sensitive="encrypt"))
    with database.reading("testing") as connection:
        assert connection is None or inspect(connection).get_table_names() == []


def test_an_edit_is_read_with_its_editor_and_stops_a_plan_made_before_it(database, state):
    app = make_app()
    apply(database, state, app)
    backend = make_backend(database, app, state=state)
    desired, seen = plan_settings(backend, state, app)
    live = backend.read().live[HOST]
    change = replace(
        next(iter(_updates(desired, live, state))), address=HOST, writes={"value": "new"}
    )
    other = replace(change, address=Address("config", "smtp_port"), writes={"value": 25})
    other = replace(other, precondition=backend.read().live[other.address].digest)
    run(
        database,
        "UPDATE config SET config_value = 'LOCALHOST', updated_by = 'admin' "
        "WHERE config_key = 'smtp_host'",
    )
    edited = backend.read().live[HOST]
    assert (edited.fields["value"], edited.edited_by) == ("LOCALHOST", "admin")
    before = rows(database, "config_key, config_value, updated_by")
    history = state.history()
    with pytest.raises(StalePlan, match="config/smtp_host") as caught:
        apply_plan(
            make_plan([other, change]), config=backend, gateway=None, state=state, desired=desired
        )
    assert "smtp_port" not in caught.value.message
    assert rows(database, "config_key, config_value, updated_by") == before
    assert state.history() == history
    assert not seen.changes


def _updates(desired, live, state):
    yield Change(
        address=HOST,
        klass=ChangeClass.UPDATE,
        action=Action.UPDATE,
        ledger=desired[HOST].fields,
        ledger_changes=True,
        precondition=live.digest,
        ledger_revision=state.bases()[HOST].revision,
    )


def write_after(edit, backend, connection, change):
    """What an edit that comes between our SELECT and our write does."""
    keys = {change.address.name}
    writer = SettingsWriter(backend, connection, keys, salt=b"salt", desired={})
    assert connection.execute(text(edit)).rowcount == 1
    writer.write([change])


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE config SET config_value = 'Localhost' WHERE config_key = 'smtp_host'",
        "DELETE FROM config WHERE config_key = 'smtp_host'",
    ],
)
def test_each_statement_carries_the_value_that_was_read(database, state, edit):
    """A row that moves between our SELECT and our UPDATE or DELETE rolls everything back."""
    app = make_app()
    apply(database, state, app)
    backend = make_backend(database, app, state=state)
    change = next(_updates({HOST: backend.project(app)[0]}, backend.read().live[HOST], state))
    for action in (Action.UPDATE, Action.DELETE):
        written = replace(change, action=action, writes={"value": "new"})
        with pytest.raises(StalePlan), database.writing("testing") as connection:
            write_after(edit, backend, connection, written)
        assert rows(database)["smtp_host"] == ("localhost",)


def test_a_row_that_was_added_meanwhile_is_not_overwritten(database, state):
    app = make_app()
    apply(database, state, app)
    run(database, "DELETE FROM config WHERE config_key = 'smtp_host'")
    backend = make_backend(database, app, state=state)
    _, plan = plan_settings(backend, state, app)
    (create,) = plan.changes
    assert create.action is Action.CREATE
    edit = (
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES ('smtp_host', 'mine', 'string', 'email')"
    )
    with pytest.raises(StalePlan), database.writing("testing") as connection:
        write_after(edit, backend, connection, create)
    assert "smtp_host" not in rows(database)


def test_a_row_that_becomes_sensitive_is_sealed_where_it_stands(database, state):
    app = make_app(sensitive="plaintext")
    apply(database, state, app)
    run(database, "UPDATE config SET is_sensitive = :no WHERE config_key = 'smtp_pass'", no=False)
    app = make_app()
    backend = make_backend(database, app, state=state)
    desired, plan = plan_settings(backend, state, app)
    (change,) = plan.changes
    only_flag = replace(change, writes={"sensitive": True})
    apply_plan(make_plan([only_flag]), config=backend, gateway=None, state=state, desired=desired)
    assert rows(database)["smtp_pass"][0].startswith("enc:v1:k1:")
    live = backend.read().live[PASS]
    assert live.fields["sensitive"] is True
    assert state.bases()[PASS].fields["value"] == live.fields["value"]


def test_the_table_of_a_real_app_keeps_its_own_names_and_lacks(database, state):
    run(
        database,
        "CREATE TABLE system_config (id INTEGER PRIMARY KEY, setting_key VARCHAR(255) UNIQUE, "
        "setting_value TEXT, is_secret CHAR(1), updated_by INTEGER)",
    )
    names = (
        "{table: system_config, columns: {config_key: setting_key, config_value: setting_value, "
        "config_type: null, category: null, description: null, is_sensitive: is_secret, "
        "last_updated: null, updated_by: null, created_at: null}}"
    )
    app = make_app(table=names)
    backend = make_backend(database, app, state=state)
    desired, plan = plan_settings(backend, state, app)
    plan = replace(plan, changes=tuple(one for one in plan.changes if one.address in {HOST, PASS}))
    if database.dialect != "sqlite":
        run(database, "ALTER TABLE system_config DROP COLUMN id")
    apply_plan(plan, config=backend, gateway=None, state=state, desired=desired)
    with database.reading("testing") as connection:
        found = connection.execute(text("SELECT setting_key, is_secret FROM system_config"))
        # The letters that pyDAL reads and writes.
        assert dict(found.all()) == {"smtp_host": "F", "smtp_pass": "T"}
    live = backend.read().live
    assert live[HOST].fields == {"value": "localhost", "sensitive": False}
    assert isinstance(live[PASS].fields["value"], SecretState)


def test_a_null_value_can_be_read_and_replaced(database, state):
    app = make_app()
    apply(database, state, app)
    run(database, "DROP TABLE config")
    run(
        database,
        "CREATE TABLE config (config_key VARCHAR(255), config_value TEXT, config_type VARCHAR(50), "
        "category VARCHAR(50), description TEXT, is_sensitive BOOLEAN, last_updated TIMESTAMP NULL,"
        " updated_by VARCHAR(255), created_at TIMESTAMP NULL)",
    )
    run(database, "INSERT INTO config (config_key) VALUES ('smtp_host')")
    backend = make_backend(database, app, state=state)
    assert backend.read().live[HOST].fields["value"] is None
    apply(database, state, app)
    assert rows(database)["smtp_host"] == ("localhost",)


def test_a_missing_column_is_told_with_the_option_that_names_it(database, state):
    run(database, "CREATE TABLE config (config_key VARCHAR(9), config_value VARCHAR(9))")
    with pytest.raises(DatabaseFailure, match="has no column config_type") as caught:
        make_backend(database, make_app(), state=state).read()
    assert "outputs.sql.columns.config_type" in caught.value.hint


def test_a_key_that_is_there_twice_is_refused(database, state):
    names = (
        "{columns: {config_type: null, category: null, description: null, is_sensitive: null, "
        "last_updated: null, updated_by: null, created_at: null}}"
    )
    run(database, "CREATE TABLE config (config_key VARCHAR(9), config_value VARCHAR(9))")
    run(database, "INSERT INTO config VALUES ('a', '1'), ('a', '2')")
    with pytest.raises(DatabaseFailure, match="several rows of a"):
        make_backend(database, make_app(table=names), state=state).read()


def test_a_required_secret_that_is_missing_is_named_and_an_optional_one_is_told(
    database, state, monkeypatch
):
    from penguin_compile.core.resolver import resolve_secret
    from penguin_compile.live.config.backend import ConfigBackend

    monkeypatch.delenv("SMTP_PASS", raising=False)
    backend = ConfigBackend(database, make_app(), salt=b"s", resolve=resolve_secret)
    with pytest.raises(SecretUnavailable, match="env:SMTP_PASS"):
        backend.project(make_app())
    optional = make_app(spec=make_spec_optional())
    backend = ConfigBackend(database, optional, salt=b"s", resolve=resolve_secret)
    wanted = {one.address: one for one in backend.project(optional)}
    assert "value" not in wanted[PASS].fields
    assert any("smtp_pass (env:SMTP_PASS)" in one for one in backend.read().notices)


def make_spec_optional():
    from tests.live.settings_app import SPEC

    return SPEC.replace(", required: true", "")


def test_a_secret_that_does_not_fit_its_type_is_told_without_its_value(database, state):
    wrong = make_spec_optional().replace(
        "{type: string, category: email, description: Password",
        "{type: integer, category: email, description: Password",
    )
    app = make_app(spec=wrong)
    with pytest.raises(SecretUnavailable, match="is no integer") as caught:
        make_backend(database, app, state=state, secret="hunter2").project(app)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
