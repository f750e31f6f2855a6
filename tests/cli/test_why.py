"""why: all about one address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.cli.live_edits import delete_row, edit_row, edit_service, replace, run_sql

KEYS = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def test_an_edited_key_tells_its_story_and_what_to_type(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    result = penguin("why", "config/theme", "--env", "dev")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "config/theme · shop · dev · manage: merge · spec/shop.yaml:8:3"
    (value,) = [line for line in lines if line.startswith("  ~ ")]
    assert value.split() == ["~", "value", '"light"', '"dark"', '"light"']
    assert "in revision 1, " in result.out
    assert "live (admin@example.com, 2026-11-20 10:12); nobody has acknowledged it" in result.out
    assert 'app sees   "dark": its row says so' in result.out
    assert "keeps the live value: it was edited live, and the spec has not changed" in result.out
    assert "penguin-compile drift --env dev --acknowledge config/theme" in result.out
    assert 'revision 1: (none) → "light"' in result.out


def test_each_command_that_it_suggests_does_what_it_says(penguin: Run, applied: Path) -> None:
    def suggested(address: str, purpose: str) -> list[str]:
        data = json.loads(penguin("why", address, "--env", "dev", "--format", "json").out)
        (command,) = [one["command"] for one in data["next"] if one["purpose"] == purpose]
        assert command.startswith("penguin-compile ")
        return str(command).split()[1:]

    edit_row("theme", "dark")
    assert penguin(*suggested("config/theme", "note that it is known")).code == 0
    replace(applied, "default: light", "default: blue")
    keep = suggested("config/theme", "the live value stays")
    force = suggested("config/theme", "the spec's value instead")
    assert penguin(*keep, "--yes").code == 0
    assert run_sql("SELECT config_value FROM config WHERE config_key = 'theme'") == [("dark",)]
    assert penguin(*force, "--yes").code == 0
    assert run_sql("SELECT config_value FROM config WHERE config_key = 'theme'") == [("blue",)]
    replace(applied, "  theme: {default: blue, description: Colours}\n", "")
    edit_row("theme", "mine")
    assert penguin(*suggested("config/theme", "delete it"), "--yes").code == 0
    assert run_sql("SELECT count(*) FROM config WHERE config_key = 'theme'") == [(0,)]


def test_json_has_all_sides(penguin: Run, applied: Path) -> None:
    replace(applied, "default: 20", "default: 50")
    data = json.loads(penguin("why", "config/page_size", "--env", "dev", "--format", "json").out)
    assert [data[side]["value"] for side in ("base", "live", "desired")] == [20, 20, 50]
    assert (data["class"], data["action"], data["edit"]) == ("update", "update", None)
    assert data["settled"]["revision"] == 1
    assert data["sees"] == {"value": 20, "from": "row", "why": "its row says so"}
    assert [one["action"] for one in data["audit"]] == ["create"]


def test_without_a_row_the_app_sees_its_variable_then_the_default(
    penguin: Run, applied: Path
) -> None:
    def sees() -> tuple[object, object]:
        found = json.loads(penguin("why", "config/theme", "--env", "dev", "--format", "json").out)
        return found["sees"]["from"], found["sees"]["value"]

    delete_row("theme")
    assert sees() == ("variable", "light")
    replace(applied, "config: all, ", "")
    assert sees() == ("default", "light")


def test_the_plan_says_what_the_app_sees_where_that_is_not_what_the_spec_says(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: 20", "default: 50")
    plan = json.loads(penguin("plan", "--env", "dev", "--format", "json").out)
    sees = {one["address"]: one["sees"]["value"] for one in plan["changes"] if "sees" in one}
    assert sees == {"config/theme": "dark", "config/page_size": 20}


def test_a_service_is_told_too(penguin: Run, applied: Path, sandbox: Sandbox) -> None:
    edit_service(sandbox, port=9)
    result = penguin("why", "service/shop-api", "--env", "dev")
    assert "~ port" in result.out
    assert "puts back what the spec says: it was edited live" in result.out
    assert "app sees" not in result.out
    assert penguin("why", "mapping/shop-public", "--env", "dev").code == 0


def test_a_secret_is_a_fingerprint(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "the-secret-itself")
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    for form in ("text", "json"):
        result = penguin("why", "config/api_key", "--env", "dev", "--format", form)
        assert result.code == 0
        assert "the-secret-itself" not in result.out + result.err
    assert json.loads(result.out)["live"]["value"]["fingerprint"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("config/them", "config/theme"), ("theme", "config/theme"), ("servce/shop-api", "service/")],
)
def test_an_address_that_nobody_knows_gets_a_suggestion(
    penguin: Run, applied: Path, typed: str, meant: str
) -> None:
    result = penguin("why", typed, "--env", "dev")
    assert result.code == 64
    assert f'did you mean "{meant}' in result.err


def test_what_nobody_manages_is_known_as_such(penguin: Run, applied: Path) -> None:
    run_sql(
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES ('mine', '1', 'integer', 'system')"
    )
    result = penguin("why", "config/mine", "--env", "dev")
    assert result.code == 0
    assert "neither the spec nor the ledger knows it" in result.out


def test_a_variable_that_a_container_is_given_otherwise_is_what_the_app_sees(
    penguin: Run, applied: Path
) -> None:
    replace(
        applied,
        'container: {image: "shop/api:1"}',
        'environment: {THEME: dark}, container: {image: "shop/api:1"}',
    )
    delete_row("theme")
    result = penguin("why", "config/theme", "--env", "dev")
    assert (
        'app sees   "dark": there is no row; compile sets its variable THEME to this' in result.out
    )
    plan = penguin("plan", "--env", "dev").out
    assert 'the app sees "dark"' in plan
