"""`init` from live systems: a spec is written, and the first plan of it adopts what is there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run

KEY = "Canary-cluster-key"
PASSWORD = "Canary-password-1"
SECRET = "Canary4711swordfish"
SERVICE = {
    "name": "shop-api",
    "ip_fqdn": "api",
    "port": 8080,
    "protocol": "http",
    "collection": "shop",
    "auth_type": "jwt",
    "health_check_enabled": True,
    "health_check_path": "/ready",
    "cluster_id": 1,
}
MAPPING = {
    "name": "shop-public",
    "source_services": ["external"],
    "dest_services": ["shop-api"],
    "listen_port": 443,
    "protocol": "https",
    "path_prefix": "/api",
    "cluster_id": 1,
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTER_API_KEY", KEY)
    monkeypatch.setenv("MARCHPROXY_PASSWORD", PASSWORD)
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS", raising=False)
    return tmp_path


@pytest.fixture
def standard() -> Iterator[Sandbox]:
    with Sandbox(cluster_key=KEY) as sandbox:
        content = {"services": [SERVICE], "mappings": [MAPPING]}
        answer = httpx.post(
            f"{sandbox.url}/api/v1/services/import",
            json=content,
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
        )
        assert answer.is_success
        yield sandbox


@pytest.fixture
def api_server() -> Iterator[Sandbox]:
    with Sandbox(dialect="api-server", users={"admin@example.com": PASSWORD}) as sandbox:
        token = sandbox.accounts.make_token(sandbox.accounts.users[0], "access")
        answer = httpx.post(
            f"{sandbox.url}/api/v1/services",
            json=SERVICE,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )
        assert answer.is_success
        yield sandbox


@pytest.fixture
def table() -> str:
    with sqlite3.connect("app.db") as connection:
        connection.execute(
            "CREATE TABLE system_settings (setting_key TEXT UNIQUE, setting_value TEXT,"
            " setting_type TEXT, description TEXT)"
        )
        rows = [
            ("theme", "dark", "string", "Colours"),
            ("page_size", "20", "integer", "Rows"),
            ("smtp_password", SECRET, "string", "For mail"),
        ]
        connection.executemany("INSERT INTO system_settings VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return "sqlite:///app.db"


def changes(penguin: Run, environment: str = "live") -> dict[str, str]:
    planned = penguin("plan", "--env", environment, "--format", "json")
    assert planned.code == 0, planned.err
    plan = json.loads(planned.out)
    assert {one["action"] for one in plan["changes"]} <= {"none"}
    return {one["address"]: one["class"] for one in plan["changes"]}


def test_a_standard_gateway(penguin: Run, standard: Sandbox) -> None:
    result = penguin(
        "init", "--from-marchproxy", standard.url, "--token-from", "env:CLUSTER_API_KEY"
    )
    assert result.code == 0, result.err
    spec = Path("spec/shop.yaml").read_text()
    assert f'url: "{standard.url}"' in spec or f"url: {standard.url}" in spec
    assert "env:CLUSTER_API_KEY" in spec
    assert "Canary" not in spec + result.out + result.err
    assert changes(penguin) == {"service/shop-api": "adopt", "mapping/shop-public": "adopt"}
    before = standard.requests.copy()
    Path(".penguin").mkdir()  # whoever has no memory is asked, and --yes answers nothing
    applied = penguin("apply", "--env", "live", "--yes")
    assert applied.code == 0, applied.err
    assert not [one for one in standard.requests[len(before) :] if not one.startswith("GET ")]
    assert changes(penguin) == {}


def test_an_api_server(penguin: Run, api_server: Sandbox) -> None:
    login = ("--username", "admin", "--password-from", "env:MARCHPROXY_PASSWORD")
    result = penguin("init", "--from-marchproxy", api_server.url, *login)
    assert result.code == 0, result.err
    spec = Path("spec/shop.yaml").read_text()
    assert "username: admin" in spec
    assert "Canary" not in spec + result.out + result.err
    assert changes(penguin) == {"service/shop-api": "adopt"}


def test_a_table_and_a_gateway(penguin: Run, standard: Sandbox, table: str) -> None:
    result = penguin(
        *("init", "--from-database", table, "--table", "system_settings"),
        *("--from-marchproxy", standard.url, "--token-from", "env:CLUSTER_API_KEY"),
    )
    assert result.code == 0, result.err
    spec = Path("spec/shop.yaml").read_text()
    assert SECRET not in spec + result.out + result.err
    assert "env:SMTP_PASSWORD" in spec
    assert "system_settings" in spec
    assert set(changes(penguin).values()) == {"adopt"}


def test_the_only_table_that_fits_is_taken(penguin: Run, table: str) -> None:
    result = penguin("init", "--from-database", table, "--app", "shop")
    assert result.code == 0, result.err
    assert changes(penguin)["config/theme"] == "adopt"


def test_json_files(penguin: Run, home: Path) -> None:
    (home / "import-config.json").write_text(
        json.dumps({"services": [SERVICE], "mappings": [MAPPING]}, indent=2)
    )
    result = penguin("init", "--app", "shop", "--from-marchproxy", "import-config.json")
    assert result.code == 0, result.err
    assert "path_prefix: /api" in Path("spec/shop.yaml").read_text()
    (home / "broken.json").write_text('{"services": [')
    broken = penguin("init", "--app", "other", "--from-marchproxy", "broken.json")
    assert broken.code == 1
    assert "broken.json:1:" in broken.err
    assert not Path("spec/other.yaml").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from-marchproxy", "URL"), "--token-from env:CLUSTER_API_KEY"),
        (
            ("--from-marchproxy", "URL", "--token-from", "Canary-in-clear"),
            "a reference to a secret",
        ),
        (("--from-marchproxy", "URL", "--token-from", "env:NOT_SET"), "NOT_SET is not set"),
        (("--from-marchproxy", "URL", "--token-from", "env:WRONG"), "doesn't accept the cred"),
        (
            ("--from-marchproxy", "URL", "--token-from", "env:CLUSTER_API_KEY", "--app", "shp"),
            'did you mean "shop"?',
        ),
        (("--from-marchproxy", "http://127.0.0.1:9", "--token-from", "env:WRONG"), "no connection"),
        (("--token-from", "env:CLUSTER_API_KEY"), "add --from-marchproxy URL"),
        (("--table", "x"), "add --from-database URL"),
        (("--from-database", "sqlite:///nowhere.db"), "there is no such file"),
        (("--from-database", "Canary-in-clear"), "a reference to a secret"),
        (
            ("--from-database", "TABLE", "--table", "system_setting"),
            'did you mean "system_settings"?',
        ),
    ],
)
def test_what_goes_wrong_is_told_with_a_way_out(
    penguin: Run,
    standard: Sandbox,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setenv("WRONG", "Canary-wrong-key")
    given = [{"URL": standard.url, "TABLE": table}.get(one, one) for one in arguments]
    result = penguin("init", *given)
    assert result.code in {1, 64}
    assert message in result.err
    assert "Canary" not in result.out + result.err
    assert not Path("spec").exists()


def test_a_password_on_the_command_line_is_warned_of(penguin: Run) -> None:
    url = "postgresql://shop:Canary-in-clear@127.0.0.1:1/shop"
    result = penguin("init", "--from-database", url)
    assert result.code == 1
    assert "everybody on this machine sees a password on the command line" in result.err
    assert "Canary" not in result.err
