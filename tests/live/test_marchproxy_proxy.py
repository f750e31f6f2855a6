"""The way to a gateway: straight, or by the HTTP proxy that the environment names."""

from __future__ import annotations

from contextlib import closing

import pytest

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.live.marchproxy.proxies import find_proxy
from penguin_compile.model.environment import Gateway
from tests.live.scripted_gateway import Reply, serve

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
QUICK = Patience(connect=2, read=2, tries=1, total=5)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def connect(url: str) -> Client:
    gateway = Gateway(
        url=url,
        cluster=None,
        dialect=None,
        token=None,
        username=None,
        password=None,
        totp=None,
        protocol_map={},
    )
    return Client(gateway, "environments.dev.marchproxy", QUICK)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "http://gateway:8000", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://gateway:8000", "http://p:1"),
        ({"HTTP_PROXY": "p:1"}, "http://gateway:8000", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://gateway", None),
        ({"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "http://q:1"}, "https://gateway", "http://p:1"),
        ({"ALL_PROXY": "http://q:1"}, "https://gateway", "http://q:1"),
        ({"ALL_PROXY": "http://q:1", "NO_PROXY": "gateway"}, "https://gateway", None),
        ({"ALL_PROXY": "http://q:1", "NO_PROXY": ".corp"}, "https://a.corp:8443", None),
        ({"ALL_PROXY": "http://q:1", "NO_PROXY": "*"}, "https://gateway", None),
        ({"ALL_PROXY": "http://q:1", "NO_PROXY": "other"}, "https://gateway", "http://q:1"),
    ],
)
def test_which_proxy(
    variables: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(url) == proxy


def test_a_request_goes_by_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Reply(body=b'{"by": "the proxy"}')) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with closing(connect("http://gateway.invalid:8000")) as client:
            assert client.request("GET", "/api/x").parse() == {"by": "the proxy"}
        assert proxy.requests == ["GET http://gateway.invalid:8000/api/x"]
        assert proxy.headers[0]["Host"] == "gateway.invalid:8000"


def test_a_host_without_a_proxy_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Reply()) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with closing(connect(server.url)) as client, pytest.raises(GatewayFailure):
            client.request("GET", "/api/x")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with closing(connect(server.url)) as client:
            client.request("GET", "/api/x")
        assert server.requests == ["GET /api/x"]


@pytest.mark.parametrize("proxy", ["ftp://user:canary@p:1", "http://user:canary@p:port"])
def test_a_proxy_of_no_use_is_told_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with (
        closing(connect("http://gateway:8000")) as client,
        pytest.raises(GatewayDenied, match="the proxy") as refusal,
    ):
        client.request("GET", "/api/x")
    assert "canary" not in f"{refusal.value} {refusal.value.hint}"


def test_no_cookie_is_sent_back_and_answers_may_be_compressed() -> None:
    import gzip

    packed = gzip.compress(b'{"packed": true}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Set-Cookie": "a=b"}
    with serve(lambda _: Reply(body=packed, headers=headers)) as server:
        with closing(connect(server.url)) as client:
            for _ in range(2):
                assert client.request("GET", "/api/x").parse() == {"packed": True}
        assert "Cookie" not in server.headers[1]
        assert "gzip" in server.headers[0]["Accept-Encoding"]
        assert len(set(server.ports)) == 1
