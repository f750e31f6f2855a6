"""Secrets that are planted and must not be found: in no file, no output, no table in clear."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import SPEC, Run, penguin, sandbox

__all__ = ["penguin", "sandbox"]

CANARIES = {
    "CLUSTER_API_KEY": "canary-cluster-4f1d",
    "SHOP_API_KEY": "canary-shop-9a2b",
    "DATABASE_URL": "sqlite:///canary-url-77aa.db",
}
KEYS = "k1:" + base64.b64encode(b"canary-config-key-of-32-bytes-ab").decode()


@pytest.fixture
def home(tmp_path: Path, sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)
    text = SPEC.replace("GATEWAY", sandbox.url)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "shop.yaml").write_text(text)
    return tmp_path


def find(folder: Path, needles: list[str]) -> list[str]:
    """The files under a folder that hold one of the needles, in any common coding."""
    coded = [one.encode() for one in needles]
    coded += [base64.b64encode(one)[:-4] for one in coded] + [one.hex().encode() for one in coded]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in coded)
    ]


def test_nothing_that_a_run_produces_shows_a_secret(home: Path, penguin: Run) -> None:
    texts = []
    for arguments in (
        ["validate"],
        ["compile", "--diff"],
        ["plan", "--env", "dev", "--out", "plan.json"],
        ["plan", "--env", "dev", "--secrets", "--format", "json"],
        ["apply", "--env", "dev", "--yes"],
        ["plan", "--env", "dev", "--secrets"],
        ["drift", "--env", "dev", "--format", "json"],
        ["why", "config/api_key", "--env", "dev"],
        ["why", "config/api_key", "--env", "dev", "--format", "json"],
        ["rollback", "1", "--env", "dev", "--yes"],
        ["history", "--env", "dev", "--format", "json"],
        ["doctor", "--env", "dev"],
    ):
        result = penguin(*arguments)
        assert result.code == 0, result.err
        texts.append(result.out + result.err)
    needles = ["canary-cluster", "canary-shop", "canary-config-key"]
    assert [one for one in needles if any(one in text for text in texts)] == []
    assert find(home, needles) == []
    with closing(sqlite3.connect("dev.db")) as database:
        query = "SELECT config_value FROM config WHERE config_key = 'api_key'"
        ((stored,),) = database.execute(query).fetchall()
    assert stored.startswith("enc:v1:k1:")


def test_a_rotated_secret_is_seen_and_shown_as_a_fingerprint(
    home: Path, penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert "0 to update" in penguin("plan", "--env", "dev", "--secrets").out
    monkeypatch.setenv("SHOP_API_KEY", "canary-shop-rotated")
    plain = penguin("plan", "--env", "dev", "--detailed-exitcode")
    assert plain.code == 0, "a plain plan resolves no secret"
    seen = penguin("plan", "--env", "dev", "--secrets", "--detailed-exitcode")
    assert seen.code == 2
    assert "~ config/api_key" in seen.out
    assert "canary" not in seen.out
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("plan", "--env", "dev", "--secrets", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    "fault", ["POST /services:401", "POST /services:422", "POST /services:500"]
)
def test_no_failure_shows_a_secret(home: Path, penguin: Run, sandbox, fault: str) -> None:
    sandbox.faults.add(fault)
    result = penguin("--debug", "apply", "--env", "dev", "--yes")
    assert result.code != 0
    assert "canary" not in result.out + result.err


def test_a_literal_that_looks_like_a_secret_is_told_and_not_shown(home: Path, penguin: Run) -> None:
    spec = home / "spec" / "shop.yaml"
    spec.write_text(
        spec.read_text()
        + "variables:\n  DB_PASSWORD: {default: canary-literal-12, description: d}\n"
        + "  OTHER: {sensitive: true, secret: canary-no-reference}\n"
    )
    result = penguin("validate")
    assert result.code == 1
    assert "PC104" in result.out
    assert "canary" not in result.out + result.err
    spec.write_text(spec.read_text().replace("canary-no-reference", "env:OTHER"))
    result = penguin("validate")
    assert "PC402" in result.out
    assert "canary" not in result.out + result.err
