"""The command as a user types it: what starts, and what is refused with the way out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import httpx
import pytest

from penguin_compile.cli.program import run
from penguin_compile.console.access import hash_password
from tests.console.consoles import PASSWORD, SPEC, apply_spec, running, write_spec


@pytest.fixture
def serve(applied, monkeypatch, capsys):
    """Run it where it fails at once, and what it said."""
    for name in ("PENGUIN_CONSOLE_PASSWORD", "PENGUIN_CONSOLE_PASSWORD_HASH"):
        monkeypatch.delenv(name, raising=False)

    def serve(*options):
        capsys.readouterr()
        code = run(["serve", str(applied), "--env", "dev", *options])
        return code, capsys.readouterr().err

    return serve


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "nobody could get in"),
        (("--local-admin", "x"), "has no password"),
        (("--host", "0.0.0.0", "--local-admin", "x"), "what do browsers call it"),
        (("--jwt-issuer", "x"), "an issuer, an audience, and one place of the keys"),
        (("--oidc-issuer", "https://x.example.com"), "OIDC needs an issuer and a client"),
        (
            ("--oidc-issuer", "http://x.example.com", "--oidc-client-id", "c"),
            "http is for this machine alone",
        ),
        (
            ("--oidc-issuer", "https://a:b@x.example.com", "--oidc-client-id", "c"),
            "not an URL",
        ),
    ],
)
def test_what_is_refused_at_the_start(serve, options, says) -> None:
    code, said = serve(*options)
    assert code == 64
    assert says in said


def test_a_local_admin_stays_on_this_machine(serve, monkeypatch) -> None:
    monkeypatch.setenv("PENGUIN_CONSOLE_PASSWORD", PASSWORD)
    url = ("--public-url", "https://settings.example.com")
    code, said = serve("--host", "0.0.0.0", *url, "--local-admin", "x")
    assert code == 64
    assert "on this machine alone" in said


def test_passwords_and_hashes_that_will_not_do(serve, monkeypatch) -> None:
    monkeypatch.setenv("PENGUIN_CONSOLE_PASSWORD", "short")
    code, said = serve("--local-admin", "x")
    assert (code, "shorter than 12" in said) == (64, True)
    monkeypatch.setenv("PENGUIN_CONSOLE_PASSWORD_HASH", "no hash")
    code, said = serve("--local-admin", "x")
    assert (code, "is no Argon2 hash" in said) == (64, True)


def test_a_port_that_is_taken(serve, monkeypatch) -> None:
    monkeypatch.setenv("PENGUIN_CONSOLE_PASSWORD", PASSWORD)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = serve("--local-admin", "x", "--port", port)
    assert code == 1
    assert f"can't listen on 127.0.0.1:{port}" in said


def test_keys_that_are_none(serve, tmp_path) -> None:
    (tmp_path / "keys.json").write_text("[]")
    jwt = ("--jwt-issuer", "x", "--jwt-audience", "y", "--jwks-file", str(tmp_path / "keys.json"))
    code, said = serve(*jwt)
    assert code == 1
    assert "holds no JSON Web Key Set" in said


def test_it_serves_until_it_is_stopped(applied) -> None:
    command = [sys.executable, "-m", "penguin_compile", "serve", str(applied), "--env", "dev"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--local-admin", "dev"],
        env={**os.environ, "PENGUIN_CONSOLE_PASSWORD_HASH": hash_password(PASSWORD)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    try:
        assert "Console of shop in dev at http://127.0.0.1:" in said
        url = said.split(" at ")[1].split(". ")[0]
        answer = httpx.get(f"{url}/api/v1/config", auth=("dev", PASSWORD))
        assert answer.status_code == 200
    finally:
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err


def test_a_state_that_is_elsewhere(tmp_path, surroundings) -> None:
    elsewhere = f'state: {{url: "sqlite:///{tmp_path}/state.db"}}\n'
    text = SPEC + f"    {elsewhere}"
    spec = write_spec(tmp_path, f"sqlite:///{tmp_path}/app.db", text)
    apply_spec(spec)
    with running(spec, tmp_path) as console:
        assert console.put("theme", "dark").status_code == 200
        assert console.audit("config/theme")[-1]["actor"] == "ada@example.com"
        assert console.store.find("theme").source.value == "edited live"
        assert b"penguin_audit" not in (tmp_path / "app.db").read_bytes()


def test_an_environment_without_a_database(tmp_path, surroundings, capsys) -> None:
    text = SPEC.replace('database: {url: {secret: "env:SHOP_DATABASE"}}', "protected: false")
    spec = write_spec(tmp_path, "", text)
    options = ("--jwt-issuer", "x", "--jwt-audience", "y", "--jwks-url", "https://x.example.com")
    assert run(["serve", str(spec), "--env", "dev", *options]) == 64
    assert "names neither a database nor a gateway" in capsys.readouterr().err
