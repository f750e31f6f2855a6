"""What was read from live systems, planned against them: all is adopted, and nothing is changed."""

import json

import pytest

from penguin_compile.core.secret import SecretReference
from penguin_compile.intake.database import read_table
from penguin_compile.intake.found_sections import sections_of
from penguin_compile.intake.gateway import read_gateway
from penguin_compile.model.plan import Action, ChangeClass
from penguin_compile.pipeline import check_spec
from penguin_compile.source.load import load_spec
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import open_session
from tests.live.test_intake_database import CANARY, fill
from tests.live.test_intake_gateway import KINDS, opened, place
from tests.live.test_real_tables import fetch, make_system_config, run

SETTINGS = "SELECT config_key, config_value, config_type, description FROM system_config ORDER BY 1"
QUIET = {
    "smtp_host": ("mail.example.com", "string"),
    "smtp_port": ("587", "integer"),
    "maintenance": ("TRUE", "boolean"),
    "menu": ('{"b": [1, "🐧"],  "a": null}', "json"),
    "empty": ("", "string"),
    "unset": (None, "string"),
    "ratio": ("1.50", "json"),
    "smtp_password": (CANARY, "string"),
}


@pytest.fixture(autouse=True)
def _home(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "database_url" in request.fixturenames:  # where it has a password, the spec refers to it
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("database_url"))
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS", raising=False)


def written(tmp_path, *found, name="shop", **more):
    """The spec of these sources, as a file; it has to be without errors."""
    spec = {"penguin": 1, "app": {"name": name}}
    for one in found:
        for section, keys in sections_of(one, "live").items():
            known = spec.get(section)
            if section == "environments" and known:
                known["live"].update(keys["live"])
            else:
                spec[section] = keys
    for section, keys in more.items():
        for key, changes in keys.items():
            spec[section][key].update(changes)
    path = tmp_path / "shop.yaml"
    path.write_text(json.dumps(spec, indent=1))
    assert CANARY not in path.read_text()
    checked = check_spec(load_spec(path))
    assert [one for one in checked.findings if one.severity > 2] == []
    return checked.environments["live"].app


def planned(app, decisions=None):
    decisions = decisions or Decisions()
    with open_session(app, "digest", str) as session:
        return session.plan(decisions, whole=True)


def applied(app, decisions=None):
    decisions = decisions or Decisions()
    with open_session(app, "digest", str) as session:
        plan = session.plan(decisions)
        session.check(plan, decisions)
        session.apply(plan, plan_text="{}")


def classes(plan):
    return {str(one.address): one.klass for one in plan.changes}


def test_a_filled_table_is_adopted_whole_and_left_as_it_is(database, database_url, tmp_path):
    make_system_config(database)
    fill(database, "system_config", "config_key", "config_value", "config_type", QUIET)
    before = fetch(database, SETTINGS)
    app = written(tmp_path, read_table(database_url, "system_config"))
    assert len(app.settings) == len(QUIET)
    plan = planned(app)
    assert set(classes(plan).values()) == {ChangeClass.ADOPT}
    assert {one.action for one in plan.changes} == {Action.NONE}
    assert fetch(database, SETTINGS) == before
    applied(app)
    assert fetch(database, SETTINGS) == before
    assert set(classes(planned(app)).values()) == {ChangeClass.UNCHANGED}


def test_what_was_edited_since_is_kept_or_a_conflict_until_somebody_decides(
    database, database_url, tmp_path
):
    make_system_config(database)
    fill(database, "system_config", "config_key", "config_value", "config_type", QUIET)
    found = read_table(database_url, "system_config")
    run(
        database,
        "UPDATE system_config SET config_value = 'other' WHERE config_key = 'smtp_host'",
        "UPDATE system_config SET config_value = '25' WHERE config_key = 'smtp_port'",
    )
    before = fetch(database, SETTINGS)
    app = written(tmp_path, found, config={"smtp_port": {"manage": "enforce"}})
    seen = classes(planned(app))
    assert seen.pop("config/smtp_host") is ChangeClass.OVERRIDE_KEPT
    assert seen.pop("config/smtp_port") is ChangeClass.CONFLICT
    assert set(seen.values()) == {ChangeClass.ADOPT}
    applied(app, Decisions(skip_conflicts=True))
    assert fetch(database, SETTINGS) == before
    applied(app, Decisions(use_spec=("config/smtp_port",), max_updates="100"))
    assert ("smtp_port", "587", "integer", None) in fetch(database, SETTINGS)


def test_a_table_with_columns_of_its_own_is_adopted(database, database_url, tmp_path):
    run(
        database,
        "CREATE TABLE settings (name VARCHAR(100) PRIMARY KEY, value TEXT, kind VARCHAR(9),"
        " category VARCHAR(50), is_secret BOOLEAN NOT NULL, type VARCHAR(10))",
        "INSERT INTO settings VALUES ('page_size', '20', 'x', 'reporting', FALSE, 'int')",
        "INSERT INTO settings VALUES ('enabled', 'yes', 'x', 'system', FALSE, 'bool')",
        f"INSERT INTO settings VALUES ('hook', '{CANARY}', 'x', 'system', TRUE, 'text')",
    )
    before = fetch(database, "SELECT * FROM settings ORDER BY 1")
    app = written(tmp_path, read_table(database_url, "settings"))
    assert app.categories == ("reporting",)
    assert set(classes(planned(app)).values()) == {ChangeClass.ADOPT}
    applied(app)
    assert fetch(database, "SELECT * FROM settings ORDER BY 1") == before


def test_a_secret_that_the_table_does_not_mark_is_shown_as_a_change(
    database, database_url, tmp_path
):
    run(
        database,
        "CREATE TABLE config (config_key VARCHAR(90) UNIQUE, config_value TEXT,"
        " is_sensitive BOOLEAN)",
        f"INSERT INTO config VALUES ('db_password', '{CANARY}', FALSE), ('a', 'b', FALSE)",
    )
    app = written(tmp_path, read_table(database_url, "config"))
    plan = planned(app)
    assert classes(plan) == {
        "config/a": ChangeClass.ADOPT,
        "config/db_password": ChangeClass.UPDATE,
    }
    assert CANARY not in repr(plan)
    assert {*fetch(database, "SELECT config_value FROM config")} == {(CANARY,), ("b",)}


def _register(server, app="shop"):
    service = {"collection": app, "protocol": "http", "health_check_enabled": True}
    server.add(
        f"{app}-api",
        **service,
        ip_fqdn="api.internal",
        port=8080,
        auth_type="jwt",
        health_check_path="/ready",
        health_check_interval=15,
    )
    server.add(f"{app}-web", **service, ip_fqdn="web", port=80, health_check_path="/healthz")
    server.add(f"{app}-db", ip_fqdn="db", port=5432, protocol="tcp", collection=app)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gateways_collection_is_adopted_whole(kind, tmp_path, monkeypatch):
    with opened(kind, monkeypatch) as server:
        _register(server)
        expected = 3
        if kind == "standard":
            mapping = {
                "name": "shop-public",
                "description": "To the shop",
                "source_services": ["external", "shop-web"],
                "dest_services": ["shop-api"],
                "listen_port": 443,
                "protocol": "https",
                "path_prefix": "/api",
                "cluster_id": 1,
            }
            server._ask("POST", "/services/import", {"services": [], "mappings": [mapping]})
            expected = 4
        before = server.rows()
        app = written(tmp_path, read_gateway(place(server), None))
        plan = planned(app)
        assert set(classes(plan).values()) == {ChangeClass.ADOPT}
        assert len(plan.changes) == expected
        applied(app)
        assert server.rows() == before
        assert set(classes(planned(app)).values()) == {ChangeClass.UNCHANGED}


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_gateway_others_names_are_conflicts_and_differences_are_shown(
    kind, tmp_path, monkeypatch
):
    with opened(kind, monkeypatch) as server:
        _register(server)
        found = read_gateway(place(server), None)
        server.remove("shop-db")
        server.add("shop-db", ip_fqdn="db", port=5432, protocol="tcp", collection="other")
        server.edit("shop-web", port=8081)
        before = server.rows()
        app = written(tmp_path, found)
        assert classes(planned(app)) == {
            "service/shop-api": ChangeClass.ADOPT,
            "service/shop-web": ChangeClass.UPDATE,
            "service/shop-db": ChangeClass.CONFLICT,
        }
        assert server.rows() == before


@pytest.mark.parametrize("kind", ["standard", "api-server"])
def test_database_and_gateway_together(kind, database, database_url, tmp_path, monkeypatch):
    make_system_config(database)
    fill(database, "system_config", "config_key", "config_value", "config_type", QUIET)
    monkeypatch.setenv("SHOP_DATABASE", database_url)
    reference = SecretReference("env", "SHOP_DATABASE")
    with opened(kind, monkeypatch) as server:
        _register(server)
        rows, before = fetch(database, SETTINGS), server.rows()
        app = written(
            tmp_path, read_table(reference, "system_config"), read_gateway(place(server), "shop")
        )
        assert app.environment.database == reference
        plan = planned(app)
        assert len(plan.changes) == len(QUIET) + 3
        assert {one.action for one in plan.changes} == {Action.NONE}
        assert set(classes(plan).values()) == {ChangeClass.ADOPT}
        applied(app)
        assert (fetch(database, SETTINGS), server.rows()) == (rows, before)
        assert set(classes(planned(app)).values()) == {ChangeClass.UNCHANGED}
