"""A user's folder with a spec, and the program as a user runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from penguin_compile.cli.program import run
from penguin_compile.sandbox.server import Sandbox
from tests.cli.eventful_shop import first_spec, let_things_happen, set_secrets

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 8080, auth: jwt, config: all, container: {image: "shop/api:1"}}
routes:
  public: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /api}
config:
  theme: {default: light, description: Colours}
  page_size: {type: integer, default: 20, description: Rows on a page}
  api_key: {sensitive: true, secret: "env:SHOP_API_KEY", description: Key of the shop}
environments:
  dev:
    database: {url: "sqlite:///dev.db"}
    marchproxy: {url: "GATEWAY", token: {secret: "env:CLUSTER_API_KEY"}}
  prod: {extends: dev, protected: true}
"""


@dataclass(frozen=True)
class Result:
    """What a run answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with spec/shop.yaml, its gateway running."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTER_API_KEY", "test-key")
    monkeypatch.delenv("SHOP_API_KEY", raising=False)
    monkeypatch.delenv("PENGUIN_CONFIG_KEYS", raising=False)
    (tmp_path / "spec").mkdir()
    spec = tmp_path / "spec" / "shop.yaml"
    spec.write_text(SPEC.replace("GATEWAY", sandbox.url))
    return spec


@pytest.fixture
def penguin(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process, as its entry point does."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def eventful(penguin: Run, shop: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop applied once, then edited by an admin, and its spec changed (eventful_shop.py)."""
    set_secrets(monkeypatch)
    shop.write_text(first_spec(sandbox.url))
    applied = penguin("apply", "--env", "dev", "--yes")
    assert applied.code == 0, applied.err
    let_things_happen(shop)
    return shop


@pytest.fixture
def applied(penguin: Run, shop: Path) -> Path:
    """The shop's spec, applied once to `dev`."""
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 0, result.err
    return shop
