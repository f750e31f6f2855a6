"""drift: what was edited live, and the note that a person knows of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.live.config.database import Database
from penguin_compile.sandbox.server import Sandbox
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import open_state
from tests.cli.conftest import Run
from tests.cli.live_edits import delete_row, edit_row, edit_service, replace, rows, run_sql

KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def edits(penguin: Run, code: int = 2) -> dict[str, dict[str, object]]:
    result = penguin("drift", "--env", "dev", "--format", "json")
    assert result.code == code, result.err
    return {one["address"]: one for one in json.loads(result.out)["edits"]}


def test_without_an_edit_there_is_none_and_nothing_is_written(penguin: Run, applied: Path) -> None:
    before = Path("dev.db").read_bytes()
    result = penguin("drift", "--env", "dev")
    assert (result.code, result.err.count("acknowledge")) == (0, 0)
    assert "Drift: none" in result.out
    assert Path("dev.db").read_bytes() == before


def test_before_the_first_apply_there_is_none(penguin: Run, shop: Path) -> None:
    assert penguin("drift", "--env", "dev").code == 0
    assert not Path("dev.db").exists()


def test_an_edit_is_told_with_its_author_and_what_apply_would_do(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    result = penguin("drift", "--env", "dev")
    assert result.code == 2
    assert '! config/theme   "light" → "dark" (admin@example.com, 2026-11-20 10:12)' in result.out
    assert "apply keeps the live value" in result.out
    assert "Drift: 1 live edit, not acknowledged." in result.out
    assert "penguin-compile drift --env dev --acknowledge config/theme" in result.err


def test_the_spec_is_not_asked(penguin: Run, applied: Path) -> None:
    replace(applied, "default: 20", "default: 50")
    assert penguin("drift", "--env", "dev").code == 0
    edit_row("page_size", "50")  # what the spec says now, and an edit all the same
    assert edits(penguin)["config/page_size"]["class"] == "converged"


def test_another_type_in_the_spec_is_no_edit(penguin: Run, applied: Path) -> None:
    replace(applied, "type: integer, default: 20", "type: string, default: '20'")
    assert penguin("drift", "--env", "dev").code == 0
    edit_row("page_size", "twenty")
    assert edits(penguin)["config/page_size"]["fields"][0]["live"] == "twenty"


def test_an_acknowledged_edit_is_told_and_counts_no_more_but_another_does(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    edit_row("page_size", "7")
    first = penguin("drift", "--env", "dev", "--acknowledge", "config/th*")
    assert first.code == 2
    assert "Revision 2: 1 live edit acknowledged." in first.err
    assert "2 live edits, 1 of them not acknowledged" in first.out
    assert penguin("drift", "--env", "dev", "--acknowledge", "config/page_size").code == 0
    assert {one["kept"] for one in edits(penguin, 0).values()} == {True}
    assert rows() == {"theme": "dark", "page_size": "7"}
    edit_row("theme", "blue")
    found = edits(penguin)
    assert [found[one]["kept"] for one in ("config/page_size", "config/theme")] == [True, False]


def test_an_acknowledgement_is_in_the_history_and_the_audit(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    assert penguin("drift", "--env", "dev", "--acknowledge", "*").code == 0
    newest, *_ = json.loads(penguin("history", "--env", "dev", "--format", "json").out)["revisions"]
    assert (newest["id"], newest["status"], newest["note"]) == (
        2,
        "done",
        "acknowledged 1 live edit",
    )
    assert newest["changes"] == {"done": 1}
    ((before, after),) = run_sql(
        'SELECT "before", "after" FROM penguin_audit WHERE via = ?', "drift"
    )
    assert ('"light"' in str(before), '"dark"' in str(after)) == (True, True)
    assert "acknowledged 1 live edit" in penguin("history", "--env", "dev").out


def test_what_apply_keeps_knowingly_is_no_drift_and_is_forgotten_when_it_is_gone(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: light", "default: blue")
    keep = ("apply", "--env", "dev", "--yes", "--keep-live", "config/theme")
    assert penguin(*keep).code == 0
    assert edits(penguin, 0)["config/theme"]["kept"] is True
    edit_row("theme", "blue")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert run_sql("SELECT kept FROM penguin_ledger WHERE address = 'config/theme'") == [(None,)]
    edit_row("theme", "dark")  # the same as once, long after it was taken back
    assert edits(penguin)["config/theme"]["kept"] is False


def test_keep_live_without_a_conflict_keeps_too(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("drift", "--env", "dev").code == 2
    assert penguin("apply", "--env", "dev", "--yes", "--keep-live", "config/theme").code == 0
    assert penguin("drift", "--env", "dev").code == 0


def test_a_kept_edit_stays_known_when_apply_writes_its_description(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    assert penguin("drift", "--env", "dev", "--acknowledge", "*").code == 0
    replace(applied, "description: Colours", "description: Looks")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert run_sql("SELECT description FROM config WHERE config_key = 'theme'") == [("Looks",)]
    assert penguin("drift", "--env", "dev").code == 0


def test_a_row_that_was_deleted_is_drift_until_it_is_known(penguin: Run, applied: Path) -> None:
    delete_row("theme")
    result = penguin("drift", "--env", "dev")
    assert result.code == 2
    assert 'deleted live (was "light")' in result.out
    assert penguin("drift", "--env", "dev", "--acknowledge", "config/theme").code == 0
    assert edits(penguin, 0)["config/theme"]["deleted"] is True
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("drift", "--env", "dev").code == 0
    assert "theme" not in rows()


def test_fields_of_the_gateway_are_looked_at(penguin: Run, applied: Path, sandbox: Sandbox) -> None:
    edit_service(sandbox, port=9)
    found = edits(penguin)["service/shop-api"]
    assert found["fields"] == [{"path": "port", "base": 8080, "live": 9, "sensitive": False}]
    assert "puts back what the spec says" in str(found["apply"])
    assert penguin("drift", "--env", "dev", "--acknowledge", "service/*").code == 0
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("drift", "--env", "dev").code == 0


def test_what_was_restored_is_forgotten_as_kept(
    penguin: Run, applied: Path, sandbox: Sandbox
) -> None:
    edit_service(sandbox, port=9)
    assert penguin("drift", "--env", "dev", "--acknowledge", "service/*").code == 0
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    query = "SELECT kept FROM penguin_ledger WHERE address = 'service/shop-api'"
    assert run_sql(query) == [(None,)]


def test_a_secret_that_was_edited_is_told_without_its_value(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "first-secret")
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    edit_row("api_key", "typed-by-an-admin")
    text = penguin("drift", "--env", "dev")
    data = penguin("drift", "--env", "dev", "--format", "json")
    assert (text.code, data.code) == (2, 2)
    assert "! config/api_key" in text.out
    for shown in (text.out, data.out):
        assert "typed-by-an-admin" not in shown
        assert "first-secret" not in shown
    (edit,) = json.loads(data.out)["edits"]
    assert edit["fields"][0]["base"]["fingerprint"] != edit["fields"][0]["live"]["fingerprint"]
    assert penguin("drift", "--env", "dev", "--acknowledge", "*").code == 0


def test_a_glob_that_means_nothing_is_told(penguin: Run, applied: Path) -> None:
    result = penguin("drift", "--env", "dev", "--acknowledge", "config/them")
    assert "nothing to acknowledge matches config/them" in result.err
    assert len(penguin("history", "--env", "dev").out.splitlines()) == 2


def test_an_acknowledgement_waits_its_turn(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    state = open_state("shop", "dev", database=Database("sqlite:///dev.db"))
    with hold_lock(state, holder="ops@example.com"):
        refused = penguin("drift", "--env", "dev", "--acknowledge", "*")
    assert (refused.code, "ops@example.com" in refused.err) == (6, True)
    assert penguin("drift", "--env", "dev").code == 2
