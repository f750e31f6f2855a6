"""Gated views of Flask, Quart and FastAPI, and gated functions; the license lacks a feature."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from penguin_compile.runtime.license import LicenseClient
from penguin_compile.runtime.license_errors import FeatureNotEntitled, LicenseNotOpened
from penguin_compile.runtime.license_gate import answer_denials, requires_feature
from penguin_compile.runtime.license_terms import read_entitlements
from tests.runtime.license_servers import KEY, run_server, write_entitlements

BODY = {"error": 'the license does not include the feature "saml"', "feature": "saml"}


@pytest.fixture
def license_(tmp_path: Path) -> Iterator[LicenseClient]:
    """One that has `sso`, and not `saml`."""
    with run_server(tmp_path) as (sandbox, _):
        entitlements = read_entitlements(write_entitlements(tmp_path))
        with LicenseClient(
            entitlements,
            KEY,
            release_mode=True,
            server_url=sandbox.url,
            cache_file=tmp_path / "kept.json",
        ) as client:
            yield client


def test_functions(license_: LicenseClient) -> None:
    @requires_feature("sso", license_)
    def allowed(one: int, *, two: int) -> int:
        """Say three."""
        return one + two

    @requires_feature("saml", license_)
    async def denied() -> None: ...

    assert allowed(1, two=2) == 3
    assert allowed.__doc__ == "Say three."
    with pytest.raises(FeatureNotEntitled) as caught:
        asyncio.run(denied())
    assert caught.value.feature == "saml"


def test_a_gate_before_the_license_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penguin_compile.runtime.license_opening._current", None)
    with pytest.raises(LicenseNotOpened, match="open_license"):
        requires_feature("sso")(lambda: None)()


def test_flask(license_: LicenseClient) -> None:
    from flask import Flask

    app = Flask("shop")

    @app.get("/sso")
    @requires_feature("sso", license_)
    def sso() -> str:
        return "done"

    @app.get("/saml")
    @requires_feature("saml", license_)
    def saml() -> str:
        return "done"

    client = app.test_client()
    assert client.get("/sso").text == "done"
    answer = client.get("/saml")
    assert (answer.status_code, answer.json) == (403, BODY)


def test_quart(license_: LicenseClient) -> None:
    from quart import Quart

    app = Quart("shop")

    @app.get("/sso")
    @requires_feature("sso", license_)
    async def sso() -> str:
        return "done"

    @app.get("/saml")
    @requires_feature("saml", license_)
    async def saml() -> str:
        return "done"

    async def ask() -> None:
        client = app.test_client()
        assert await (await client.get("/sso")).get_data(as_text=True) == "done"
        answer = await client.get("/saml")
        assert (answer.status_code, await answer.get_json()) == (403, BODY)

    asyncio.run(ask())


@pytest.mark.parametrize("exact", [True, False])
def test_fastapi(license_: LicenseClient, exact: bool) -> None:
    from fastapi import FastAPI

    app = FastAPI()
    if exact:
        answer_denials(app)

    @app.get("/sso")
    @requires_feature("sso", license_)
    def sso(times: int = 1) -> str:
        return "done" * times

    @app.get("/saml")
    @requires_feature("saml", license_)
    async def saml() -> str:
        return "done"

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            assert (await client.get("/sso", params={"times": 2})).json() == "donedone"
            answer = await client.get("/saml")
            assert answer.status_code == 403
            assert answer.json() == (BODY if exact else {"detail": BODY})

    asyncio.run(ask())
