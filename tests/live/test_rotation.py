"""`rotate-keys` on every database: what is sealed anew, what is left, what is remembered."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.live.config.sealing import read_keyring, seal, unseal
from penguin_compile.sync import rotation as module
from tests.cli.conftest import Run, penguin
from tests.databases import KINDS, fresh_database

__all__ = ["penguin"]

pytestmark = pytest.mark.slow

OLD, NEW, LOST = (
    f"{name}:{base64.b64encode(name[0].encode() * 32).decode()}" for name in ("old", "new", "lost")
)
SPEC = """\
penguin: 1
app: {name: shop}
config:
  theme: {default: light, description: Colours}
  api_key: {sensitive: true, secret: "env:API_KEY", description: Key}
  smtp_pass: {sensitive: true, secret: "env:SMTP_PASS", description: Password}
  hook: {type: json, sensitive: true, secret: "env:HOOK", description: Address and key}
environments:
  dev: {database: {url: {secret: "env:DATABASE_URL"}}}
  apart: {extends: dev, state: {url: "sqlite:///state.db"}}
"""
VALUES = {"API_KEY": "canary-api", "SMTP_PASS": "pä$$\nwörd", "HOOK": '{"key": "canary-hook"}'}
SENSITIVE = ("api_key", "hook", "smtp_pass")
ROTATE = ("rotate-keys", "--env", "dev", "--yes")


class World:
    """A database whose three secrets are sealed with the old key, and the new key there, too."""

    def __init__(self, url: URL) -> None:
        self.engine = create_engine(url)

    def run(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    def stored(self) -> dict[str, str]:
        return dict(self.run("SELECT config_key, config_value FROM config"))

    def edit(self, key: str, value: str) -> None:
        self.run(
            "UPDATE config SET config_value = :value, updated_by = 'admin@example.com', "
            "last_updated = '2026-11-20 10:12:13' WHERE config_key = :key",
            key=key,
            value=value,
        )

    def editor(self, key: str) -> tuple[str, str]:
        query = "SELECT updated_by, last_updated FROM config WHERE config_key = :key"
        ((who, when),) = self.run(query, key=key)
        return who, str(when)[:19]

    def everything(self) -> list[Any]:
        tables = ("config", "penguin_ledger", "penguin_revision", "penguin_audit")
        return [sorted(map(repr, self.run(f"SELECT * FROM {one}"))) for one in tables]


@pytest.fixture(params=KINDS)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, penguin: Run
) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "shop.yaml").write_text(SPEC)
    with fresh_database(request.param, tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        monkeypatch.setenv("PENGUIN_CONFIG_KEYS", OLD)
        for name, value in VALUES.items():
            monkeypatch.setenv(name, value)
        assert penguin("apply", "--env", "dev", "--yes").code == 0
        monkeypatch.setenv("PENGUIN_CONFIG_KEYS", f"{NEW},{OLD}")
        world = World(url)
        yield world
        world.engine.dispose()


def keyring(*keys: str):
    return read_keyring({"PENGUIN_CONFIG_KEYS": ",".join(keys)})


def opened(world: World, *keys: str) -> dict[str, str | None]:
    stored = world.stored()
    return {key: unseal(keyring(*keys), key, stored[key]) for key in SENSITIVE}


def test_all_values_are_sealed_with_the_first_key_and_stay_what_they_are(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened(world, OLD)
    done = penguin(*ROTATE)
    assert done.code == 0, done.err
    assert "  ~ old → new: api_key, hook, smtp_pass" in done.out
    assert "3 values sealed with new." in done.out
    assert "no row of this table needs old any more" in done.err
    assert opened(world, NEW) == before
    assert before["smtp_pass"] == VALUES["SMTP_PASS"]
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", NEW)
    for secrets in ([], ["--secrets"]):
        plan = penguin("plan", "--env", "dev", "--detailed-exitcode", *secrets)
        assert plan.code == 0, plan.out
        assert "4 unchanged" in plan.out
    assert penguin("drift", "--env", "dev").code == 0
    assert "3 values sealed with new" in penguin("history", "--env", "dev").out
    assert "rotate-keys" in penguin("why", "config/api_key", "--env", "dev").out


def test_twice_is_once(world: World, penguin: Run) -> None:
    assert penguin(*ROTATE).code == 0
    before = world.everything()
    again = penguin(*ROTATE)
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert world.everything() == before


def test_a_plan_from_before_is_stale(world: World, penguin: Run) -> None:
    world.run("UPDATE config SET description = 'x' WHERE config_key = 'api_key'")
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    assert penguin(*ROTATE).code == 0
    assert penguin("apply", "plan.json").code == 5


def test_what_an_admin_typed_stays_and_so_does_who_typed_it(world: World, penguin: Run) -> None:
    world.edit("api_key", "canary-in-clear")
    sealed = seal(keyring(OLD), "smtp_pass", "canary-of-admin")
    world.edit("smtp_pass", sealed)
    assert penguin("drift", "--env", "dev", "--acknowledge", "config/smtp_pass").code == 2
    drift = penguin("drift", "--env", "dev")
    done = penguin(*ROTATE)
    assert done.code == 0
    assert "stored in clear, as an edit or by policy; left: api_key" in done.out
    assert "2 values sealed with new." in done.out
    assert world.stored()["api_key"] == "canary-in-clear"
    assert opened(world, NEW)["smtp_pass"] == "canary-of-admin"
    assert world.editor("smtp_pass") == ("admin@example.com", "2026-11-20 10:12:13")
    assert penguin("drift", "--env", "dev").out == drift.out, "kept edits are still kept"
    plan = penguin("plan", "--env", "dev", "--secrets")
    assert "0 to update" in plan.out
    assert "canary" not in done.out + done.err + drift.out + plan.out


def test_what_can_not_be_opened_is_told_and_left(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = seal(keyring(LOST), "api_key", "value")
    world.edit("api_key", unknown)
    moved = world.stored()["hook"]
    world.edit("smtp_pass", moved)
    done = penguin(*ROTATE)
    assert done.code == 0
    assert "sealed with lost, which is not among the keys; left: api_key" in done.out
    assert "doesn't open, damaged or copied from another setting; left: smtp_pass" in done.out
    assert "needs old any more" not in done.err, "a damaged row may yet need its key"
    assert (world.stored()["api_key"], world.stored()["smtp_pass"]) == (unknown, moved)


def test_interrupted_after_the_rows_were_written_it_has_done_nothing(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.everything()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.KeyRotation, "_remember", interrupt)
    assert penguin(*ROTATE).code == 130
    assert world.everything() == before


def test_nothing_is_written_where_a_row_moves_meanwhile(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ConfigBackend.read_rows

    def read_other(backend: ConfigBackend, connection: Any) -> Any:
        rows = dict(read(backend, connection))
        columns = {**rows["hook"].columns, "config_value": seal(keyring(OLD), "hook", "moved")}
        return rows | {"hook": replace(rows["hook"], columns=columns)}

    before = world.everything()
    monkeypatch.setattr(ConfigBackend, "read_rows", read_other)
    assert penguin(*ROTATE).code == 5
    assert world.everything() == before


def test_of_two_databases_the_memory_catches_up(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run leaves it that is killed between the two commits."""
    apart = ("rotate-keys", "--env", "apart", "--yes")
    assert penguin("apply", "--env", "apart", "--yes").code == 0
    remember: Callable[..., Any] = module.KeyRotation._remember

    def forget(*_: Any) -> tuple[list[Any], list[Any]]:
        return [], []

    monkeypatch.setattr(module.KeyRotation, "_remember", forget)
    assert penguin(*apart).code == 0
    monkeypatch.setattr(module.KeyRotation, "_remember", remember)
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    assert penguin("drift", "--env", "apart").code == 2, "without a key the text alone tells"
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", f"{NEW},{OLD}")
    before = world.stored()
    caught_up = penguin(*apart)
    assert caught_up.code == 0
    assert world.stored() == before
    assert "Nothing to do" in penguin(*apart).out
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    assert penguin("drift", "--env", "apart").code == 0


def test_it_asks_and_says_what_is_missing(
    world: World, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = penguin("rotate-keys", "--env", "dev")
    assert asked.code == 64
    assert "add --yes" in asked.err
    assert opened(world, OLD)["api_key"] == "canary-api"
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS")
    keyless = penguin(*ROTATE)
    assert keyless.code == 1
    assert "PENGUIN_CONFIG_KEYS_FILE" in keyless.err
