"""Logging in at a provider: code with PKCE, and everything that may be wrong on the way back."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from penguin_compile.console.options import OidcOptions
from penguin_compile.core.secret import Masked
from tests.console.browsing import SESSION, Person
from tests.console.consoles import running
from tests.console.provider import CLIENT, CLIENT_SECRET, Provider, small_server


@pytest.fixture
def provider():
    with small_server(Provider()) as server:
        yield server


@pytest.fixture
def person(applied, tmp_path, provider):
    def options(_port):
        return OidcOptions(
            issuer=provider.url, client_id=CLIENT, client_secret=Masked(CLIENT_SECRET)
        )

    with running(applied, tmp_path, oidc=options) as console:
        yield Person(console)


def leave(person):
    """To the provider, and where it sends the browser back to."""
    sent = person.get("/oidc/login")
    assert sent.status_code == 303
    back = httpx.get(sent.headers["location"])
    assert back.status_code == 302
    return urlsplit(back.headers["location"])


def come_back(person, back, **changed):
    query = {name: one[0] for name, one in parse_qs(back.query).items()} | changed
    return person.get(back.path, params={name: one for name, one in query.items() if one})


def test_an_admin_gets_in(person, provider) -> None:
    assert "/oidc/login" in person.get("/login").text
    answer = come_back(person, leave(person))
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    page = person.get("/settings")
    assert "grace@example.com" in page.text
    edit = person.get("/settings/theme").text
    assert person.send(edit, "/settings/theme", value="dark").status_code == 303
    assert person.console.audit("config/theme")[-1]["actor"] == "grace@example.com"


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": ["user"]},
        {"roles": None},
        {"iss": "https://other.example.com"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
    ],
)
def test_nobody_else_does(person, provider, claims) -> None:
    provider.claims |= claims
    answer = come_back(person, leave(person))
    assert answer.status_code == 403
    assert SESSION not in person.cookies
    assert person.console.audit("console/refused")


def test_a_token_of_another_key(person, provider) -> None:
    provider.sign_with = RSAKey.generate_key(2048, {"kid": "p1"})
    assert come_back(person, leave(person)).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "guessed"},
        {"state": ""},
        {"iss": "https://other.example.com"},
        {"code": "guessed"},
        {"code": "", "error": "access_denied"},
    ],
)
def test_what_comes_back_is_compared(person, changed) -> None:
    assert come_back(person, leave(person), **changed).status_code == 403


def test_a_code_is_of_the_browser_that_began_and_used_once(person) -> None:
    back = leave(person)
    other = Person(person.console)
    assert come_back(other, back).status_code == 403
    assert come_back(person, back).status_code == 303
    person.cookies.pop(SESSION)
    assert come_back(person, back).status_code == 403


def test_nobody_names_the_place_afterwards(person) -> None:
    answer = come_back(
        person, leave(person), next="https://evil.example.com", redirect_uri="//evil"
    )
    assert answer.headers["location"] == "/settings"


def test_a_provider_that_is_down_or_another(person, provider) -> None:
    provider.answers["/.well-known/openid-configuration"] = (200, '{"issuer": "https://evil"}')
    answer = person.get("/oidc/login")
    assert answer.status_code == 503
    assert "calls itself otherwise" in answer.text
    data = provider.metadata() | {"token_endpoint": "http://169.254.169.254/latest"}
    provider.answers["/.well-known/openid-configuration"] = (200, json.dumps(data))
    assert "http is for this machine alone" in person.get("/oidc/login").text
    provider.answers["/.well-known/openid-configuration"] = (500, "")
    assert person.get("/oidc/login").status_code == 503


def test_the_secret_is_in_no_answer(person) -> None:
    sent = person.get("/oidc/login")
    assert CLIENT_SECRET not in sent.headers["location"]
    assert "code_challenge_method=S256" in sent.headers["location"]
