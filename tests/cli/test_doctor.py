"""doctor: what plan and apply need, found out without writing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.live.config.database import Database
from penguin_compile.sandbox.server import Sandbox
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import open_state
from tests.cli.conftest import Run
from tests.cli.live_edits import replace, run_sql

pytestmark = pytest.mark.slow

KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def checks(penguin: Run, code: int = 0) -> dict[str, list[tuple[str, str]]]:
    """By subject, the level and the text with its advice."""
    result = penguin("doctor", "--env", "dev", "--format", "json")
    assert result.code == code, result.out
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(result.out)["checks"]:
        text = f"{one['text']} {one['advice'] or ''}"
        found.setdefault(one["subject"], []).append((one["level"], text))
    return found


def test_before_the_first_apply_all_is_well_and_nothing_is_made(penguin: Run, shop: Path) -> None:
    found = checks(penguin)
    assert found["database"] == [("ok", "sqlite:///dev.db: not there yet; apply creates it ")]
    assert found["marchproxy"][0][0] == "ok"
    assert "reached" in found["marchproxy"][0][1]
    assert found["services"] == [("ok", "0 resources of shop ")]
    assert not Path("dev.db").exists()


def test_after_apply_all_is_well(penguin: Run, applied: Path) -> None:
    before = Path("dev.db").read_bytes()
    found = checks(penguin)
    assert {level for one in found.values() for level, _ in one} == {"ok"}
    assert "reached, SQLite 3." in found["database"][0][1]
    assert "version 0002" in found["state"][0][1]
    assert found["lock"] == [("ok", "free ")]
    assert "1 sensitive key not written" in found["keys"][0][1]
    assert Path("dev.db").read_bytes() == before
    text = penguin("doctor", "--env", "dev")
    assert text.code == 0
    assert "  ok       lock          free" in text.out


def test_a_column_that_is_missing_and_one_that_must_be_filled(penguin: Run, shop: Path) -> None:
    run_sql(
        "CREATE TABLE config (id INTEGER PRIMARY KEY, config_key TEXT, config_value TEXT, "
        "config_type TEXT, category TEXT, description TEXT, is_sensitive BOOLEAN, "
        "last_updated TEXT, created_at TEXT, tenant INTEGER NOT NULL)"
    )
    found = checks(penguin, code=1)["config table"]
    assert [level for level, _ in found] == ["problem", "problem"]
    assert "no column updated_by" in found[0][1]
    assert "outputs.sql.columns.updated_by" in found[0][1]
    assert "config.tenant must be filled" in found[1][1]


def test_who_holds_the_lock(penguin: Run, applied: Path) -> None:
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com"):
        ((level, text),) = checks(penguin)["lock"]
    assert level == "warning"
    assert "ops@example.com" in text
    assert "penguin-compile unlock " in text


def test_tables_of_a_newer_tool(penguin: Run, applied: Path) -> None:
    run_sql("UPDATE penguin_schema SET version_num = '9999'")
    ((level, text),) = checks(penguin, code=1)["state"]
    assert level == "problem"
    assert "version 9999" in text
    assert "a newer penguin-compile" in text


def test_secrets_by_name_and_keys(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)
    ((level, text), _) = checks(penguin)["secrets"]
    assert level == "warning"
    assert "config/api_key: the secret env:SHOP_API_KEY is not there" in text
    monkeypatch.setenv("SHOP_API_KEY", "never-to-be-seen")
    result = penguin("doctor", "--env", "dev")
    assert "can be had: env:SHOP_API_KEY, env:CLUSTER_API_KEY" in result.out.replace("\n", " ")
    assert "never-to-be-seen" not in result.out + result.err
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS.replace("k1", "k2"))
    assert "encrypted with a key that is not here (k1): api_key" in str(checks(penguin)["keys"])
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", "nonsense")
    assert checks(penguin, code=1)["keys"][0][0] == "problem"
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    replace(shop, "  dev:\n", "  dev:\n    sensitive: encrypt\n")
    assert "there is no key" in str(checks(penguin, code=1)["keys"])


def test_systems_that_are_not_there(
    penguin: Run, shop: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(shop, "sqlite:///dev.db", "postgresql://ann@127.0.0.1:1/shop")
    replace(shop, sandbox.url, "http://127.0.0.1:1")
    monkeypatch.delenv("CLUSTER_API_KEY")
    found = checks(penguin, code=1)
    assert [found[one][0][0] for one in ("database", "secrets", "marchproxy")] == ["problem"] * 3
    assert "ann@" not in str(found)


def test_a_url_that_is_a_secret_nobody_set(penguin: Run, shop: Path) -> None:
    replace(shop, 'url: "sqlite:///dev.db"', 'url: {secret: "env:SHOP_DATABASE_URL"}')
    ((level, text),) = checks(penguin, code=1)["database"]
    assert (level, "SHOP_DATABASE_URL" in text) == ("problem", True)


def test_a_file_that_is_no_database(penguin: Run, shop: Path) -> None:
    Path("dev.db").write_text("this is a note about a database" * 100)
    assert checks(penguin, code=1)["database"][0][0] == "problem"


# What it mends of the state.


def repaired(penguin: Run, code: int = 0) -> list[dict[str, object]]:
    refused = penguin("doctor", "--env", "dev", "--repair")
    assert (refused.code, "add --yes" in refused.err) == (64, True)
    result = penguin("doctor", "--env", "dev", "--repair", "--yes", "--format", "json")
    assert result.code == code, result
    return json.loads(result.out)["repairs"]


def test_yes_without_repair_is_no_question(penguin: Run, shop: Path) -> None:
    assert penguin("doctor", "--env", "dev", "--yes").code == 64


def test_nothing_to_repair_asks_nothing(penguin: Run, applied: Path) -> None:
    result = penguin("doctor", "--env", "dev", "--repair")
    assert (result.code, "Nothing here that --repair can mend" in result.out) == (0, True)


def test_a_table_that_went_missing_is_made_anew(penguin: Run, applied: Path) -> None:
    run_sql("DROP TABLE penguin_audit")
    run_sql("DROP TABLE penguin_past")
    run_sql("INSERT INTO penguin_meta VALUES ('other', 'dev', 'past_since', '7')")
    ((level, text),) = checks(penguin, code=1)["state"]
    assert level == "problem"
    assert "penguin_audit, penguin_past went missing, and with it" in text
    (done,) = repaired(penguin)
    assert done["text"] == "created penguin_audit, penguin_past anew"
    assert checks(penguin)["state"][0][0] == "ok"
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0
    replace(applied, "default: 20", "default: 21")
    assert penguin("apply", "--env", "dev", "--yes").code == 0


def test_a_past_that_is_there_keeps_where_it_begins(penguin: Run, applied: Path) -> None:
    before = run_sql("SELECT name, value FROM penguin_meta ORDER BY name")
    run_sql("DROP TABLE penguin_outcome")
    repaired(penguin)
    assert run_sql("SELECT name, value FROM penguin_meta ORDER BY name") == before


def test_an_old_schema_is_migrated(penguin: Run, applied: Path) -> None:
    run_sql("DROP TABLE penguin_past")
    run_sql("ALTER TABLE penguin_revision DROP COLUMN note")
    run_sql("UPDATE penguin_schema SET version_num = '0001'")
    assert "apply migrates them" in checks(penguin)["state"][0][1]
    (done,) = repaired(penguin)
    assert "to version 0002" in str(done["text"])
    assert "have version 0002" in checks(penguin)["state"][0][1]


def test_the_lock_of_a_run_that_is_gone_is_freed(penguin: Run, applied: Path) -> None:
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com"):
        run_sql("UPDATE penguin_lock SET process_start = 'long ago'")
        ((level, text),) = checks(penguin)["lock"]
        assert (level, "ops@example.com" in text) == ("ok", True)
        (done,) = repaired(penguin)
    assert "freed the lock of ops@example.com" in str(done["text"])
    assert checks(penguin)["lock"] == [("ok", "free ")]
    assert run_sql("SELECT lock_id FROM penguin_lock") == [(None,)]


def test_the_lock_of_a_run_that_lives_is_left(penguin: Run, applied: Path) -> None:
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com"):
        assert penguin("doctor", "--env", "dev", "--repair", "--yes").code == 0
        assert run_sql("SELECT holder FROM penguin_lock") == [("ops@example.com",)]


def test_a_database_without_tables_gets_them(penguin: Run, shop: Path) -> None:
    run_sql("CREATE TABLE other (id INTEGER)")
    (done,) = repaired(penguin)
    assert "created the state tables" in str(done["text"])
    assert penguin("apply", "--env", "dev", "--yes").code == 0
