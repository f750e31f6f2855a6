"""Every command with secrets of every kind, on every database: none is anywhere but in its place.

Real stores: sops with age keys, OpenBao for Vault's API, the sandbox for the gateway. Searched are
standard output and error, all files, all tables, all logs at DEBUG, the command lines of children
and what stands behind an error's message.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from penguin_compile.cli import program as program_module
from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS
from penguin_compile.live.config.database import Database
from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run, penguin
from tests.cli.github_server import TOKEN, GitHub
from tests.databases import KINDS, fresh_database
from tests.faults.canaries import PEM, Search, behind
from tests.secret_stores import ROOT_TOKEN, Vault, encrypt, running_vault, sops_folder

__all__ = ["penguin"]

pytestmark = pytest.mark.slow

SECRETS = {
    "environment variable": 'EnvCanary1x7"Kq+/%ö &=',
    "JSON setting": "JsonCanary2w8Lr&/",
    "multi-line file": PEM,
    "sops": "SopsCanary3v9Mt+/ä",
    "Vault": "VaultCanary4u0Nv%",
    "database password": "DataCanary5t1Pw",
    "gateway token": "TokenCanary6s2Rx",
    "cluster key": "TokenCanary6s2Rx",
    "config key": base64.b64encode(b"KeyCanary7r3Sy-of-32-bytes-abcde").decode(),
    "old config key": base64.b64encode(b"OldCanary8q4Tz-of-32-bytes-abcde").decode(),
    "config key's bytes": "KeyCanary7r3Sy-of-32-bytes-abcde",
    "Vault's token": ROOT_TOKEN,
    "typed by an admin": "AdminCanary9p5Va",
    "before the admin": "BeforeCanary0n6Wb",
}
NEW, OLD = f"new:{SECRETS['config key']}", f"old:{SECRETS['old config key']}"
SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api:
    port: 8080
    auth: jwt
    config: all
    secrets: all
    container: {image: "shop/api:1"}
    environment:
      DATABASE_DSN: {template: "postgresql://shop:${DB_PASS}@db/shop"}
routes:
  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /api}
variables:
  DB_PASS: {sensitive: true, secret: "env:DB_PASS", required: true, description: Password}
config:
  theme: {default: light, description: Colours}
  page_size: {type: integer, default: 20, description: Rows}
  of_env: {sensitive: true, secret: "env:OF_ENV", required: true, description: D}
  of_json: {type: json, sensitive: true, secret: "env:OF_JSON", required: true, description: D}
  of_file: {sensitive: true, secret: "file:private.pem", required: true, description: D}
  of_sops: {sensitive: true, secret: "sops:secrets.enc.yaml#a.b", required: true, description: D}
  of_vault: {sensitive: true, secret: "vault:secret/shop#key", required: true, description: D}
  typed: {sensitive: true, secret: "env:TYPED", required: true, description: D}
environments:
  dev:
    database: {url: {secret: "env:DATABASE_URL"}}
    marchproxy: {url: "GATEWAY", token: {secret: "env:CLUSTER_API_KEY"}}
  clear: {extends: dev, sensitive: plaintext}
"""
DEV = ("--env", "dev")
LIVE = (
    *("--from-database", "env:DATABASE_URL", "--table", "config"),
    *("--from-marchproxy", "GATEWAY", "--token-from", "env:CLUSTER_API_KEY"),
)
# In the order of a life: what is there after one is what the next reads.
BEFORE_EDITS = (
    ("validate",),
    ("explain", "PC402"),
    ("fmt", "--check"),
    ("compile", "--diff"),
    ("diff", "--base", "HEAD"),
    ("fleet", "validate", "spec"),
    ("fleet", "compile", "spec"),
    ("fleet", "matrix", "spec", "--since", "HEAD"),
    ("fleet", "plan", "spec", *DEV, "--secrets", "--out", "plans"),
    ("graph",),
    ("schema",),
    ("completion", "bash"),
    ("doctor", *DEV),
    ("plan", *DEV),
    ("plan", *DEV, "--secrets", "--out", "plan.json"),
    ("show", "plan.json"),
    ("comment", "plan.json", "--repository", "house/shop", "--pull-request", "7"),
    ("apply", "plan.json"),
    ("plan", *DEV, "--secrets"),
    ("init", "--report-only", *LIVE),
    ("init", "adopted", "--format", "json", "--force", *LIVE),
)
AFTER_EDITS = (
    ("plan", *DEV),
    ("plan", *DEV, "--secrets", "--show-unmanaged"),
    ("drift", *DEV),
    ("fleet", "plan", "spec", *DEV, "--secrets"),
    ("fleet", "drift", "spec", *DEV),
    ("drift", *DEV, "--acknowledge", "config/typed"),
    *(("why", f"config/of_{one}", *DEV) for one in ("env", "json", "file", "sops", "vault")),
    ("why", "config/typed", *DEV),
    ("promote", "config/theme", *DEV),
    ("promote", "config/typed", *DEV),
    ("apply", *DEV, "--yes"),
    ("rotate-keys", *DEV, "--yes"),
    ("apply", *DEV, "--yes", "--use-spec", "config/typed"),
    ("rollback", "1", *DEV, "--yes"),
    ("unlock", "no-such-lock", *DEV),
    *(("show", str(one), *DEV) for one in range(1, 6)),
    ("history", *DEV),
    ("doctor", *DEV),
    ("doctor", *DEV, "--repair", "--yes", "--log-http"),
)
ALONE = ("sandbox", "serve")  # until they are stopped: below, in processes of their own
LOGGERS = ("", "sqlalchemy", "alembic", "httpx", "httpcore", "urllib3", "psycopg", "hvac")

SEARCH = Search(SECRETS)


@dataclass
class World:
    """A repository with a spec, its systems, and a search over all that a run leaves."""

    home: Path
    url: URL
    run: Run
    records: pytest.LogCaptureFixture
    children: Path
    gateway: str

    def everywhere(self, *arguments: str) -> None:
        """Run a command in each of its formats; nothing it says or logs shows a secret."""
        arguments = tuple(self.gateway if one == "GATEWAY" else one for one in arguments)
        for form in [()] if "--format" in arguments else formats(*arguments[:2]):
            self.records.clear()
            result = self.run("--debug", *arguments, *form)
            assert result.code != 64, result.err
            assert "this is a bug" not in result.err
            for name, said in (("out", result.out), ("err", result.err)):
                assert SEARCH.text(said) == [], (arguments, form, name)
            logged = "\n".join(f"{one.getMessage()} {one.args}" for one in self.records.records)
            assert SEARCH.text(logged) == [], (arguments, form, "log")

    def prefixes(self) -> dict[str, str]:
        """The config table, as far as it may be shown."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT config_key, config_value FROM config")).all()
        engine.dispose()
        return {key: value[:11] for key, value in rows}

    def edit(self, key: str, value: str) -> None:
        engine = create_engine(self.url)
        with engine.begin() as connection:
            statement = "UPDATE config SET config_value = :v, updated_by = 'admin' "
            connection.execute(text(f"{statement}WHERE config_key = :k"), {"v": value, "k": key})
        engine.dispose()


def formats(name: str, below: str = "") -> list[tuple[str, ...]]:
    """Each value of a command's `--format`, or nothing to add where it has none."""
    command = program.get_command(click.Context(program), name)
    if isinstance(command, click.Group):
        command = command.commands[below]
    assert command is not None
    for option in command.params:
        if "--format" in option.opts and isinstance(option.type, click.Choice):
            return [("--format", str(one)) for one in option.type.choices]
    return [()]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    with running_vault(tmp_path_factory.mktemp("vault")) as server:
        store = server.client.secrets.kv.v2
        store.create_or_update_secret("shop", {"key": SECRETS["Vault"]}, mount_point="secret")
        yield server


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A database whose URL holds a password, where its kind has any."""
    password = SECRETS["database password"]
    with fresh_database(request.param, tmp_path) as server:
        if request.param == "sqlite":
            yield server
        elif request.param == "postgresql":
            yield from _postgresql_user(server, password)
        else:
            yield from _mysql_user(server, password)


def _postgresql_user(server: URL, password: str) -> Iterator[URL]:
    name = f"canary_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{password}'")
        try:
            yield server.set(username=name, password=password)
        finally:
            connection.exec_driver_sql(f"DROP OWNED BY {name} CASCADE")
            connection.exec_driver_sql(f"DROP ROLE {name}")
    engine.dispose()


def _mysql_user(server: URL, password: str) -> Iterator[URL]:
    name = f"canary_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE USER '{name}'@'%%' IDENTIFIED BY '{password}'")
        connection.exec_driver_sql(f"GRANT ALL ON {server.database}.* TO '{name}'@'%%'")
        try:
            yield server.set(username=name, password=password)
        finally:
            connection.exec_driver_sql(f"DROP USER '{name}'@'%%'")
    engine.dispose()


@pytest.fixture
def world(
    url: URL,
    vault: Vault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    penguin: Run,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[World]:
    home, children = tmp_path / "home", tmp_path / "children"
    (home / "spec").mkdir(parents=True)
    children.mkdir()
    with Sandbox(cluster_key=SECRETS["cluster key"]) as gateway:
        (home / "spec" / "shop.yaml").write_text(SPEC.replace("GATEWAY", gateway.url))
        (home / "private.pem").write_text(PEM + "\n")
        sops = f"a: {{b: {json.dumps(SECRETS['sops'], ensure_ascii=False)}}}\n"
        identity = encrypt(sops, home / "secrets.enc.yaml")
        variables = {
            **vault.environment,
            "HOME": str(tmp_path),
            "SOPS_AGE_KEY_FILE": str(identity),
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "CLUSTER_API_KEY": SECRETS["gateway token"],
            "OF_ENV": SECRETS["environment variable"],
            "OF_JSON": json.dumps({"key": SECRETS["JSON setting"]}),
            "DB_PASS": SECRETS["database password"],
            "TYPED": SECRETS["before the admin"],
            "PENGUIN_CONFIG_KEYS": OLD,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{children}:{sops_folder()}:{os.environ['PATH']}")
        monkeypatch.chdir(home)
        _commit(home)
        for name in ("git", "sops"):
            _watch(name, children)
        for logger in LOGGERS:
            caplog.set_level(logging.DEBUG, logger=logger or None)
        yield World(home, url, penguin, caplog, children, gateway.url)


def _commit(home: Path) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(home)]
    (home / ".gitignore").write_text("*.pem\n*.db\n*.age\n.penguin*\n")
    for arguments in (["init", "-q"], ["add", "spec"], ["commit", "-q", "-m", "spec"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)


def _watch(name: str, folder: Path) -> None:
    """Put a program before the real one that notes with what it is run."""
    real = shutil.which(name)
    assert real is not None
    path = folder / name
    path.write_text(
        f'#!/bin/sh\necho "$@" >>{folder}/{name}.arguments\nenv >>{folder}/{name}.environment\n'
        f'exec {real} "$@"\n'
    )
    path.chmod(0o755)


def test_every_command_is_searched() -> None:
    searched = {one[0] for one in (*BEFORE_EDITS, *AFTER_EDITS)} | set(ALONE)
    assert set(COMMANDS) <= searched, "add the new command to the lists above"


def test_no_command_shows_a_secret_and_none_is_left_anywhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitHub() as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        for arguments in BEFORE_EDITS:
            world.everywhere(*arguments)
    (comment,) = github.ours
    assert "config/of&#95;env" in comment
    assert SEARCH.text(comment) == []
    assert (world.home / "adopted" / "spec" / "shop.yaml").exists()
    stored = world.home / "secrets.enc.yaml"
    own = {
        "private.pem": ["multi-line file"],
        stored.with_suffix(".age").name: [],
    }
    plain = {"theme": "light", "page_size": "20"}
    names = [f"of_{one}" for one in ("env", "json", "file", "sops", "vault")]
    assert world.prefixes() == plain | dict.fromkeys([*names, "typed"], "enc:v1:old:")
    assert SEARCH.database(world.url, {}) == [], "all of them are sealed"
    assert SEARCH.folder(world.home, own) == []
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", f"{NEW},{OLD}")
    world.edit("theme", "dark")
    world.edit("typed", SECRETS["typed by an admin"])
    for arguments in AFTER_EDITS:
        world.everywhere(*arguments)
    sealed = dict.fromkeys([*names, "typed"], "enc:v1:new:")
    assert world.prefixes() == plain | sealed, "theme is rolled back"
    assert SEARCH.database(world.url, {}) == [], "the admin's was replaced at last"
    assert SEARCH.folder(world.home, own) == []
    for name in ("git", "sops"):
        assert SEARCH.text((world.children / f"{name}.arguments").read_text()) == []
    assert SEARCH.text((world.children / "git.environment").read_text()) == []
    keys = ("config key", "old config key", "config key's bytes")
    told = SEARCH.text((world.children / "sops.environment").read_text())
    assert not [one for one in told if one.startswith(keys)]


def test_a_row_in_clear_stands_in_its_row_alone(world: World) -> None:
    world.everywhere("apply", "--env", "clear", "--yes")
    world.edit("typed", SECRETS["typed by an admin"])
    for name in ("plan", "drift", "history", "doctor"):
        world.everywhere(name, "--env", "clear")
    world.everywhere("why", "config/typed", "--env", "clear")
    world.everywhere("drift", "--env", "clear", "--acknowledge", "config/*")
    world.everywhere("apply", "--env", "clear", "--yes", "--use-spec", "config/*")
    assert SEARCH.database(world.url, {"config": SECRETS}) == []
    clear = SEARCH.database(world.url, {})
    assert any(one.startswith("config: sops") for one in clear), "the search finds what is there"


def forbid(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that takes no value of that length; a server may quote the row that it refuses."""
    engine = create_engine(world.url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE config (id INTEGER, config_key VARCHAR(255), config_value TEXT "
                "CHECK (LENGTH(config_value) < 10), config_type VARCHAR(50), "
                "category VARCHAR(100), description TEXT, is_sensitive BOOLEAN, "
                "last_updated TIMESTAMP NULL, updated_by VARCHAR(255), created_at TIMESTAMP NULL)"
            )
        )
    engine.dispose()


def replace(name: str, value: str) -> Callable[[World, pytest.MonkeyPatch], None]:
    return lambda _, monkeypatch: monkeypatch.setenv(name, value)


def refuse_connections(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    password = SECRETS["database password"]
    monkeypatch.setenv("DATABASE_URL", f"postgresql://shop:{password}@127.0.0.1:1/shop")


FAULTS: dict[str, Callable[[World, pytest.MonkeyPatch], None]] = {
    "a row that the table refuses": forbid,
    "a secret that is no JSON": replace("OF_JSON", f'{{"key": "{SECRETS["JSON setting"]}'),
    "no database there": refuse_connections,
    "no database URL": replace("DATABASE_URL", f"my {SECRETS['database password']}"),
    "an unknown database": replace("DATABASE_URL", f"{SECRETS['database password']}://x"),
    "a token that no header can carry": replace(
        "CLUSTER_API_KEY", f"{SECRETS['gateway token']}\nx"
    ),
    "a token that is refused": replace("CLUSTER_API_KEY", SECRETS["database password"]),
    "malformed keys": replace("PENGUIN_CONFIG_KEYS", f"k:{SECRETS['config key']}x"),
    "keys without ids": replace("PENGUIN_CONFIG_KEYS", SECRETS["config key"]),
    "a Vault token that is refused": replace("VAULT_TOKEN", SECRETS["database password"]),
    "no Vault there": replace("VAULT_ADDR", f"http://u:{SECRETS['database password']}@127.0.0.1:1"),
    "no key for sops": replace("SOPS_AGE_KEY_FILE", "/nonexistent"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_failure_holds_a_secret(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    failures: list[BaseException] = []
    show = program_module.show_failure

    def note(error: Any, **how: Any) -> None:
        failures.append(error)
        show(error, **how)

    monkeypatch.setattr(program_module, "show_failure", note)
    FAULTS[fault](world, monkeypatch)
    environment = "dev" if "keys" in fault else "clear"
    result = world.run("--debug", "apply", "--env", environment, "--yes")
    assert result.code not in {0, 64}, fault
    assert failures, result.err
    assert SEARCH.text(result.out + result.err) == []
    assert [found for one in failures for found in SEARCH.text(behind(one))] == []
    assert SEARCH.text(world.records.text) == []


def test_sqlalchemy_asked_for_everything_logs_no_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sqlalchemy")
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.writing("testing") as connection:
        connection.execute(text("CREATE TABLE a (b TEXT)"))
        connection.execute(text("INSERT INTO a VALUES (:b)"), {"b": SECRETS["Vault"]})
        assert connection.execute(text("SELECT b FROM a")).all() == [(SECRETS["Vault"],)]
    database.close()
    assert "SELECT b FROM a" in caplog.text, "statements are logged"
    assert SEARCH.text(caplog.text) == []


def test_the_sandbox_says_nothing_of_its_key(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "penguin_compile", "sandbox", "--port", "0", "--database", "s.db"],
        env={**os.environ, "CLUSTER_API_KEY": SECRETS["cluster key"]},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    command_line = Path(f"/proc/{process.pid}/cmdline").read_text()
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert "Sandbox" in first
    assert SEARCH.text(first + out + err + command_line) == []
    assert SEARCH.folder(tmp_path, {}) == []


def test_the_console_says_nothing_of_secrets(world: World) -> None:
    assert world.run("apply", *DEV, "--yes").code == 0
    password = SECRETS["before the admin"]  # any canary does as the console's own
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "penguin_compile", "serve", *DEV),
            *("--port", "0", "--local-admin", "dev"),
        ],
        env={**os.environ, "PENGUIN_CONSOLE_PASSWORD": password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    try:
        said = _visit(first.split(" at ")[1].split(". ")[0], password)
        command_line = Path(f"/proc/{process.pid}/cmdline").read_text()
    finally:
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert SEARCH.text(first + out + err + command_line + said) == []
    assert world.prefixes()["typed"].startswith("enc:v1:")
    engine = create_engine(world.url)
    with engine.connect() as connection:
        audit = connection.execute(text("SELECT * FROM penguin_audit")).all()
    engine.dispose()
    assert SEARCH.text(repr(audit)) == []


def _visit(url: str, password: str) -> str:
    """All that the console answers, and a secret that is changed there."""
    with httpx.Client(base_url=url, timeout=30) as client:
        login = client.get("/login")
        cookie = login.headers["set-cookie"].partition(";")[0]
        form = {"name": "dev", "password": password, "token": cookie.partition("=")[2]}
        session = client.post("/login", data=form, headers={"Cookie": cookie})
        client.headers["Cookie"] = session.headers["set-cookie"].partition(";")[0]
        pages = ["/settings", "/settings/typed", "/promote/typed", "/drift", "/services"]
        answers = [client.get(one) for one in [*pages, "/api/v1/config", "/openapi.json"]]
        assert all(one.status_code == 200 for one in answers)
        body = {"value": SECRETS["typed by an admin"]}
        for key, status in (("typed", 200), ("of_json", 400), ("page_size", 400), ("no", 404)):
            put = client.put(f"/api/v1/config/{key}", json=body, auth=("dev", password))
            assert put.status_code == status
            answers.append(put)
        answers += [client.get(one) for one in pages]
        return "\n".join(f"{one.headers} {one.text}" for one in answers)


@pytest.mark.parametrize("kind", SECRETS)
def test_the_search_finds_each_secret_in_each_coding(kind: str, tmp_path: Path) -> None:
    secret = SECRETS[kind]
    raw = secret.encode()
    for planted in (
        secret,
        secret[:12] if not secret.startswith("-") else secret.split("\n")[1][:12],
        json.dumps({"x": secret}),
        base64.b64encode(raw).decode(),
        base64.b64encode(b"x" + raw + b"y").decode(),
        base64.urlsafe_b64encode(b"xy" + raw).decode(),
        raw.hex(),
    ):
        assert SEARCH.text(f"before {planted} after"), planted
    (tmp_path / "file").write_text(f"x{secret}")
    assert SEARCH.folder(tmp_path, {})
