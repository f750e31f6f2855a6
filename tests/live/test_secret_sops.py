"""`sops:` references through the real program, with age keys."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import SecretReference
from penguin_compile.live.secrets import sops
from tests.secret_stores import encrypt, sops_folder

TEXT = """\
mail: {password: correct horse, port: 25, on: true, none: null}
signing.key: dotted
hosts: [a.example, b.example]
nested: {a.b: {c: deep}}
pem: |
  -----BEGIN X-----
  line
  -----END X-----
"""


@pytest.fixture
def resolve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{sops_folder()}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(encrypt(TEXT, tmp_path / "secrets.enc.yaml")))
    with Resolver() as resolver:
        yield resolver


def value(resolve: Resolver, text: str) -> str:
    return resolve(SecretReference.parse(text)).reveal()


def refusal(resolve: Resolver, text: str) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        value(resolve, text)
    assert text in caught.value.message
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("mail.password", "correct horse"),
        ("mail.port", "25"),
        ("mail.on", "true"),
        ("signing.key", "dotted"),
        ("hosts.1", "b.example"),
        ("hosts", '["a.example", "b.example"]'),
        ("nested.a.b.c", "deep"),
        ("pem", "-----BEGIN X-----\nline\n-----END X-----"),
    ],
)
def test_a_value_is_found_by_its_path(resolve: Resolver, key: str, expected: str) -> None:
    assert value(resolve, f"sops:secrets.enc.yaml#{key}") == expected


@pytest.mark.parametrize("key", ["mail.nothing", "nothing", "hosts.9", "mail.none", "pem.0"])
def test_a_missing_key_is_told(resolve: Resolver, key: str) -> None:
    assert f"no value at {key}" in refusal(resolve, f"sops:secrets.enc.yaml#{key}").message


def test_a_file_is_decrypted_once_in_a_run(resolve: Resolver, tmp_path: Path) -> None:
    assert value(resolve, "sops:secrets.enc.yaml#mail.port") == "25"
    (tmp_path / "secrets.enc.yaml").unlink()
    assert value(resolve, "sops:secrets.enc.yaml#mail.on") == "true"


def test_what_can_not_be_decrypted_is_told(
    resolve: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clear.yaml").write_text("a: canary-in-clear\n")
    assert "isn't encrypted" in refusal(resolve, "sops:clear.yaml#a").message
    assert "no such file" in refusal(resolve, "sops:missing.yaml#a").message
    damaged = tmp_path / "damaged.yaml"
    lines = (tmp_path / "secrets.enc.yaml").read_text().splitlines(keepends=True)
    damaged.write_text("".join(one for one in lines if not one.startswith("signing.key")))
    assert "changed without sops" in refusal(resolve, "sops:damaged.yaml#pem").message
    monkeypatch.delenv("SOPS_AGE_KEY_FILE")
    with Resolver() as another:
        error = refusal(another, "sops:secrets.enc.yaml#pem")
    assert "none of this machine's keys" in error.message
    assert "SOPS_AGE_KEY_FILE" in str(error.hint)


def test_a_machine_without_sops_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Resolver() as resolve:
        error = refusal(resolve, "sops:a.yaml#b")
    assert "sops is not installed" in error.message


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program named sops that misbehaves as the real one can't be made to."""
    program = folder / "sops"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")


@pytest.mark.parametrize(
    "script",
    [
        "echo canary-said >&2; echo canary-printed; exit 3",
        "echo '{\"a\": canary-broken'",
        "printf '\\377canary'",
    ],
)
def test_what_sops_says_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    stand_in(tmp_path, script, monkeypatch)
    with Resolver() as resolve:
        error = refusal(resolve, "sops:a.yaml#b")
    assert "canary" not in f"{error.message} {error.hint}"
    assert "sops decrypt a.yaml >/dev/null" in str(error.hint)


def test_sops_that_waits_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "exec sleep 60", monkeypatch)
    monkeypatch.setattr(sops, "_SECONDS", 0.1)
    with Resolver() as resolve:
        assert "no answer within" in refusal(resolve, "sops:a.yaml#b").message


def test_sops_is_told_no_config_keys_and_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, 'env >env.txt; echo "$@" >arguments.txt; echo \'{"b": "c"}\'', monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", "canary")
    with Resolver() as resolve:
        assert value(resolve, "sops:-a.yaml#b") == "c"
    assert "canary" not in (tmp_path / "env.txt").read_text()
    assert (tmp_path / "arguments.txt").read_text() == "decrypt --output-type json ./-a.yaml\n"
