"""doctor of the license server, KillKrill and WaddleAI: reached, allowed, and what is licensed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from penguin_compile.runtime.license_terms import parse_entitlements
from penguin_compile.sandbox.license_book import LicenseBook
from penguin_compile.sandbox.license_server import license_dialect
from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.runtime.killkrill import run_killkrill
from tests.runtime.license_servers import ENTITLEMENTS, KEY, free_port
from tests.runtime.waddleai import WaddleAI, run_waddleai

pytestmark = pytest.mark.slow

SECTIONS = """
license:
  server_url: LICENSE
  release_mode: true
  tiers: {community: {}, professional: {}, enterprise: {}}
  features:
    basic: {tier: community}
    sso: {tier: professional}
    reports: {tier: enterprise}
telemetry:
  killkrill:
    api_url: KILLKRILL
    dialect: batch
    client_id: {secret: "env:KILLKRILL_CLIENT_ID"}
    client_secret: {secret: "env:KILLKRILL_CLIENT_SECRET"}
integrations:
  waddleai:
    url: WADDLEAI
    features: [reports]
    api_key: {secret: "env:WADDLEAI_API_KEY"}
"""


@pytest.fixture
def book() -> LicenseBook:
    return LicenseBook(parse_entitlements(ENTITLEMENTS), tier="professional")


@pytest.fixture
def license_url(book: LicenseBook) -> Iterator[str]:
    with Sandbox(dialect=license_dialect(book)) as sandbox:
        yield sandbox.url


@pytest.fixture
def waddleai() -> Iterator[WaddleAI]:
    with run_waddleai() as server:
        yield server


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENSE_KEY", KEY)
    monkeypatch.setenv("KILLKRILL_CLIENT_ID", "shop")
    monkeypatch.setenv("KILLKRILL_CLIENT_SECRET", "canary-of-killkrill")
    monkeypatch.setenv("WADDLEAI_API_KEY", "canary-of-waddleai")


def write(shop: Path, license_: str, killkrill: str, ai: str, environment: str = "") -> None:
    sections = SECTIONS.replace("LICENSE", license_).replace("KILLKRILL\n", f"{killkrill}\n")
    text = shop.read_text().replace(
        "environments:\n  dev:\n", f"environments:\n  dev:\n{environment}"
    )
    shop.write_text(text + sections.replace("WADDLEAI\n", f"{ai}\n"))


def examine(penguin: Run) -> dict[str, list[tuple[str, str]]]:
    result = penguin("doctor", "--env", "dev", "--format", "json")
    assert result.code == 0, result.out + result.err
    assert "canary" not in result.out + result.err
    assert KEY not in result.out + result.err
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(result.out)["checks"]:
        found.setdefault(one["subject"], []).append((one["level"], one["text"]))
    return found


def test_all_three_reached_and_a_feature_that_is_not_licensed(
    penguin: Run,
    shop: Path,
    license_url: str,
    waddleai: WaddleAI,
) -> None:
    with run_killkrill(credentials=("shop", "canary-of-killkrill")) as killkrill:
        write(shop, license_url, killkrill.url, waddleai.url, "    tier: professional\n")
        found = examine(penguin)
        assert not killkrill.bodies
    levels = [level for level, _ in found["license"]]
    texts = " / ".join(text for _, text in found["license"])
    assert levels == ["ok", "warning"]
    assert "taken, tier professional, until 20" in texts
    assert "it lacks reports, which WaddleAI requires" in texts
    assert [level for level, _ in found["killkrill"]] == ["ok", "ok"]
    assert (
        "takes env:KILLKRILL_CLIENT_ID and env:KILLKRILL_CLIENT_SECRET"
        in (found["killkrill"][1][1])
    )
    assert found["waddleai"][1] == ("ok", "OpenAI-compatible, 2 models")
    assert waddleai.headers[-1]["Authorization"] == "Bearer canary-of-waddleai"


def test_another_tier_a_feature_nobody_declared_and_refusals(
    penguin: Run,
    shop: Path,
    license_url: str,
    book: LicenseBook,
    waddleai: WaddleAI,
) -> None:
    book._tier = "enterprise"
    with run_killkrill(credentials=("shop", "another")) as killkrill:
        write(shop, license_url, killkrill.url, waddleai.url, "    tier: professional\n")
        found = examine(penguin)
    texts = " / ".join(text for _, text in found["license"])
    assert "meant for professional, the license is of enterprise" in texts
    assert "it has what the spec doesn't declare: saml" in texts
    assert found["killkrill"][1][0] == "warning"
    assert "refuses env:KILLKRILL_CLIENT_ID" in found["killkrill"][1][1]
    book.revoke(KEY)
    waddleai.status = 401
    found = examine(penguin)
    (told,) = found["license"]
    assert told[0] == "warning"
    assert "the license was revoked; the app will not start" in told[1]
    assert "answers with status 401" in found["waddleai"][0][1]


def test_what_is_away_is_a_warning_with_what_to_do(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    write(shop, away, away, away)
    found = examine(penguin)
    for subject in ("license", "killkrill", "waddleai"):
        assert [level for level, _ in found[subject]] == ["warning"]
        assert "can't be reached" in found[subject][0][1]
    monkeypatch.delenv("LICENSE_KEY")
    assert "LICENSE_KEY is not set here" in examine(penguin)["license"][0][1]
