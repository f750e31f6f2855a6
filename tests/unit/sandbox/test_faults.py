"""Faults: how a rule is read, what it strikes, and what a client then sees."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from penguin_compile.core.errors import UsageError
from penguin_compile.sandbox.faults import Fault, Faults
from penguin_compile.sandbox.server import Sandbox

SERVICE = {"name": "shop-api", "ip_fqdn": "api", "port": 8080}


def open_client(sandbox: Sandbox) -> httpx.Client:
    headers = {"Authorization": "Bearer key"}
    return httpx.Client(
        base_url=f"{sandbox.url}/api/v1", headers=headers, trust_env=False, verify=False
    )


def test_a_rule_is_read_whole() -> None:
    fault = Fault.parse("post /services:500:0.1:x3")
    assert fault == Fault(
        method="POST", path="/services", what="status", status=500, probability=0.1, times=3
    )
    assert Fault.parse("* /healthz:delay=1.5s").seconds == 1.5
    assert Fault.parse("GET /config:delay=250ms:x2").seconds == 0.25


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "method and a path"),
        ("/services:500", "method and a path"),
        ("POST services:500", "method and a path"),
        ("POST /services", "what should happen"),
        ("POST /services:200", "'200'"),
        ("POST /services:600", "'600'"),
        ("POST /services:delay=2", "'delay=2'"),
        ("POST /services:explode", "'explode'"),
        ("POST /services:500:1.5", "'1.5'"),
        ("POST /services:500:nan", "'nan'"),
        ("POST /services:500:x0", "'x0'"),
    ],
)
def test_a_bad_rule_says_why_and_how(rule: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        Sandbox(faults=[rule])
    assert why in caught.value.message
    assert caught.value.hint is not None
    assert "POST /services:500:0.1" in caught.value.hint


@pytest.mark.parametrize(
    ("rule", "request_line", "meant"),
    [
        ("POST /services", "POST /api/v1/services", True),
        ("POST /services", "POST /api/v1/services/import", True),
        ("POST /import", "POST /api/v1/services/import", True),
        ("POST /api/v1/services", "POST /api/v1/services", True),
        ("* /services", "DELETE /api/v1/services/7", True),
        ("GET /", "GET /healthz", True),
        ("POST /services", "GET /api/v1/services", False),
        ("POST /serv", "POST /api/v1/services", False),
        ("GET /config", "GET /api/v1/services", False),
    ],
)
def test_which_requests_are_meant(rule: str, request_line: str, meant: object) -> None:
    method, path = request_line.split()
    assert Fault.parse(f"{rule}:lost").matches(method, path) is meant


def test_chance_is_repeatable_and_fair() -> None:
    def strike(seed: int) -> list[bool]:
        faults = Faults(["GET /:500:0.25"], seed=seed)
        return [bool(faults.draw("GET", "/healthz")) for _ in range(1000)]

    assert strike(1) == strike(1) != strike(2)
    assert 180 < sum(strike(1)) < 320


def test_a_500_is_plain_text_and_does_nothing() -> None:
    with Sandbox(faults=["POST /services:500:x1"]) as sandbox, open_client(sandbox) as client:
        failed = client.post("/services", json=SERVICE)
        assert (failed.status_code, failed.text) == (500, "Internal Server Error")
        assert failed.headers["Content-Type"].startswith("text/plain")
        assert "Connection" not in failed.headers
        # Its connection is dead without a word: another one is needed to go on.
        with open_client(sandbox) as fresh:
            assert fresh.get("/services").json() == {"services": []}
            assert fresh.post("/services", json=SERVICE).status_code == 201, "only once"


def test_after_a_500_the_server_has_hung_up() -> None:
    with (
        Sandbox(faults=["GET /healthz:500"]) as sandbox,
        socket.create_connection((sandbox.host, sandbox.port), timeout=5) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 500 ")


def test_another_status_keeps_the_connection() -> None:
    with Sandbox(faults=["GET /services:503:x1"]) as sandbox, open_client(sandbox) as client:
        failed = client.get("/services")
        assert (failed.status_code, failed.json()) == (503, {"detail": "Service Unavailable"})
        first = failed.extensions["network_stream"]
        assert client.get("/services").extensions["network_stream"] is first


def test_a_lost_answer_is_work_done() -> None:
    with Sandbox(faults=["POST /services:lost:x1"]) as sandbox, open_client(sandbox) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/services", json=SERVICE)
        assert [one["name"] for one in client.get("/services").json()["services"]] == ["shop-api"]
        assert sandbox.requests == ["POST /api/v1/services", "GET /api/v1/services"]


def test_a_reset_is_no_work_done() -> None:
    with Sandbox(faults=["POST /services:reset:x1"]) as sandbox, open_client(sandbox) as client:
        with pytest.raises(httpx.ReadError):
            client.post("/services", json=SERVICE)
        assert client.get("/services").json() == {"services": []}


def test_a_delay_comes_before_the_answer_and_before_other_faults() -> None:
    rules = ["GET /services:delay=150ms:x1", "GET /services:502:x1"]
    with Sandbox(faults=rules) as sandbox, open_client(sandbox) as client:
        started = time.monotonic()
        assert client.get("/services").status_code == 502
        assert time.monotonic() - started >= 0.15
        assert client.get("/services").status_code == 200


def test_rules_can_change_while_it_runs() -> None:
    with Sandbox() as sandbox, open_client(sandbox) as client:
        sandbox.faults.add("GET /services:418")
        assert client.get("/services").status_code == 418
        sandbox.faults.clear()
        assert client.get("/services").status_code == 200


def list_names(sandbox: Sandbox) -> list[str]:
    with open_client(sandbox) as client:
        return [service["name"] for service in client.get("/services").json()["services"]]


@pytest.mark.parametrize(("what", "done"), [("500", []), ("done-500", ["shop-api"])])
def test_a_500_may_have_done_the_work(what: str, done: list[str]) -> None:
    with Sandbox(faults=[f"POST /services:{what}:x1"]) as sandbox, open_client(sandbox) as client:
        failed = client.post("/services", json=SERVICE)
        assert (failed.status_code, failed.text) == (500, "Internal Server Error")
        assert list_names(sandbox) == done


def test_half_an_answer_is_work_done() -> None:
    with Sandbox(faults=["POST /services:half:x1"]) as sandbox, open_client(sandbox) as client:
        with pytest.raises(
            httpx.RemoteProtocolError, match="without sending complete message body"
        ):
            client.post("/services", json=SERVICE)
        assert list_names(sandbox) == ["shop-api"]


def test_a_garbled_answer_is_no_json_and_work_done() -> None:
    with Sandbox(faults=["POST /services:garbled:x1"]) as sandbox, open_client(sandbox) as client:
        garbled = client.post("/services", json=SERVICE)
        assert (garbled.status_code, garbled.headers["Content-Type"][:16]) == (
            201,
            "application/json",
        )
        with pytest.raises(ValueError, match="Unterminated string"):
            garbled.json()
        assert list_names(sandbox) == ["shop-api"]


def test_a_redirect_to_a_login_page_is_no_work_done() -> None:
    with Sandbox(faults=["POST /services:login:x1"]) as sandbox, open_client(sandbox) as client:
        redirect = client.post("/services", json=SERVICE)
        assert (redirect.status_code, redirect.headers["Location"]) == (302, "/login")
        assert redirect.headers["Content-Type"].startswith("text/html")
        assert list_names(sandbox) == []


def test_a_proxy_answers_502_as_a_page() -> None:
    with Sandbox(faults=["GET /services:502"]) as sandbox, open_client(sandbox) as client:
        answer = client.get("/services")
        assert answer.status_code == 502
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "Bad Gateway" in answer.text


def test_429_says_when_to_come_again() -> None:
    with Sandbox(faults=["GET /services:429:x1"]) as sandbox, open_client(sandbox) as client:
        answer = client.get("/services")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_a_lie_is_answered_as_though_it_were_done() -> None:
    rules = ["POST /services:lie:x1", "PUT /services:lie:x1", "DELETE /services:lie:x1"]
    with Sandbox(faults=rules) as sandbox, open_client(sandbox) as client:
        assert client.post("/services", json=SERVICE).status_code == 201
        assert list_names(sandbox) == []
        path = f"/services/{client.post('/services', json=SERVICE).json()['id']}"
        assert client.put(path, json=SERVICE | {"name": "renamed"}).json()["name"] == "renamed"
        assert client.delete(path).status_code == 204
        assert list_names(sandbox) == ["shop-api"]
