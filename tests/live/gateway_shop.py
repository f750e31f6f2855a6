"""One shop on every kind of gateway, and the program as a user runs it, for all suites of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penguin_compile.cli.program import run
from penguin_compile.live.marchproxy import patience as patience_module
from tests.live.gateway_harness import FAULTS, KEYS, OPEN, SECRETS, Gateway

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 8080, auth: jwt, health_check: {path: /healthz}}
  web: {host: frontend, port: 80, protocol: http, health_check: false}
  queue: {port: 5672, protocol: tcp, health_check: false}
environments:
  dev: {marchproxy: GATEWAY}
"""
APPLY = ("apply", "--env", "dev", "--yes")
QUICK_FAULTS = [  # the sandbox asks for a second's patience with its 429
    pytest.param(one, marks=pytest.mark.slow) if one == "429" else one for one in FAULTS
]


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(params=list(OPEN))
def gateway(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setenv("GATEWAY_SECRET", SECRETS[request.param])
    monkeypatch.setenv("CLUSTER_API_KEY", KEYS[request.param])
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with OPEN[request.param]() as one:
        yield one


@pytest.fixture
def spec(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".penguin").mkdir()
    (tmp_path / "spec").mkdir()
    path = tmp_path / "spec" / "shop.yaml"
    path.write_text(SPEC.replace("GATEWAY", json.dumps(gateway.spec)))
    return path


@pytest.fixture
def penguin(spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program; it waits for hundredths of a second where it waits for seconds otherwise."""
    quick = patience_module.Patience(connect=2, read=2, first_wait=0.01, longest_wait=0.05, total=5)
    monkeypatch.setattr(
        patience_module.Patience.__init__,
        "__kwdefaults__",
        {name: getattr(quick, name) for name in patience_module.Patience.__slots__},
    )

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(list(arguments))
        captured = capsys.readouterr()
        for secret in (*SECRETS.values(), *KEYS.values()):
            assert secret not in captured.out + captured.err
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return call


def edit(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def settle(penguin: Run, *flags: str) -> list[Result]:
    """The same command until it is done; it must not take more than three."""
    results = []
    for _ in range(3):
        results.append(penguin(*APPLY, *flags))
        if results[-1].code == 0:
            return results
    raise AssertionError(results[-1])


def is_settled(penguin: Run) -> bool:
    return penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def has(row: dict[str, Any], **fields: Any) -> bool:
    return {name: row[name] for name in fields} == fields
