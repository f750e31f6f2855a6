"""The server itself: connections, limits, the database file, starting and stopping."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from penguin_compile.core.errors import FileFailure, PenguinError, UsageError
from penguin_compile.sandbox.application import BODY_LIMIT
from penguin_compile.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = {"Authorization": "Bearer key"}
SERVICE = {"name": "shop-api", "ip_fqdn": "api", "port": 8080}


def create_service(sandbox: Sandbox, name: str) -> dict[str, object]:
    url = f"{sandbox.url}/api/v1/services"
    made = httpx.post(
        url, json=SERVICE | {"name": name}, headers=KEY, trust_env=False, verify=False
    )
    assert made.status_code == 201
    service: dict[str, object] = made.json()
    return service


def list_services(sandbox: Sandbox) -> list[dict[str, object]]:
    url = f"{sandbox.url}/api/v1/services"
    services: list[dict[str, object]] = httpx.get(
        url, headers=KEY, trust_env=False, verify=False
    ).json()["services"]
    return services


def talk(sandbox: Sandbox, sent: bytes) -> bytes:
    """Send bytes as they are, and return all that comes until the server hangs up."""
    with socket.create_connection((sandbox.host, sandbox.port), timeout=5) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_is_kept_over_requests_and_refusals() -> None:
    with (
        Sandbox() as sandbox,
        httpx.Client(base_url=sandbox.url, trust_env=False, verify=False) as client,
    ):
        answers = [
            client.get("/healthz"),
            client.post("/api/v1/services", json=SERVICE),
            client.post("/api/v1/services", json=SERVICE, headers=KEY),
            client.head("/api/v1/services", headers=KEY),
            client.delete("/api/v1/services/1", headers=KEY),
            client.get("/nothing"),
        ]
        assert [answer.status_code for answer in answers] == [200, 403, 201, 405, 204, 404]
        assert len({id(answer.extensions["network_stream"]) for answer in answers}) == 1
        assert answers[0].headers["Server"] == "penguin-compile-sandbox"
    assert sandbox.requests == [
        "GET /healthz",
        "POST /api/v1/services",
        "POST /api/v1/services",
        "HEAD /api/v1/services",
        "DELETE /api/v1/services/1",
        "GET /nothing",
    ]


def test_a_body_over_the_limit_is_413() -> None:
    with Sandbox() as sandbox, httpx.Client(trust_env=False, verify=False, headers=KEY) as client:
        url = f"{sandbox.url}/api/v1/services/import"
        refused = client.post(url, content=b" " * (BODY_LIMIT + 1))
        assert refused.status_code == 413
        assert str(BODY_LIMIT) in refused.json()["detail"]
        assert client.post(url, content=b" " * (BODY_LIMIT - 2) + b"{}").status_code == 200


def test_a_chunked_body_is_411_and_the_answer_arrives() -> None:
    with Sandbox() as sandbox:
        url = f"{sandbox.url}/api/v1/services"
        refused = httpx.post(
            url, content=iter([b"{", b"}"]), headers=KEY, trust_env=False, verify=False
        )
        assert refused.status_code == 411
        assert "Content-Length" in refused.json()["detail"]


@pytest.mark.parametrize("length", ["-1", "1_0", "x", ""])
def test_a_length_that_is_none_is_400(length: str) -> None:
    request = f"POST /api/v1/services HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"
    with Sandbox() as sandbox:
        answer = talk(sandbox, request.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer


def test_half_a_request_does_nothing() -> None:
    head = (
        b"POST /api/v1/services HTTP/1.1\r\nAuthorization: Bearer key\r\nContent-Length: 99\r\n\r\n"
    )
    with Sandbox() as sandbox:
        with socket.create_connection((sandbox.host, sandbox.port), timeout=5) as connection:
            connection.sendall(head + b'{"name": "half", "ip_fqdn": "x", "port": 1}')
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert list_services(sandbox) == []


def test_many_clients_at_once_lose_nothing() -> None:
    with Sandbox() as sandbox:
        threads = [
            threading.Thread(target=create_service, args=(sandbox, f"shop-{number}"))
            for number in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        names = [service["name"] for service in list_services(sandbox)]
        assert sorted(map(str, names)) == sorted(f"shop-{number}" for number in range(40))


def test_closing_waits_for_no_idle_client_but_for_a_running_answer() -> None:
    answers: list[httpx.Response] = []
    with httpx.Client(trust_env=False, verify=False) as idle:
        with Sandbox(faults=["GET /slow:delay=30s"]) as sandbox:
            idle.get(f"{sandbox.url}/healthz")
            slow = threading.Thread(
                target=lambda: answers.append(
                    httpx.get(f"{sandbox.url}/slow", trust_env=False, verify=False)
                )
            )
            slow.start()
            while "GET /slow" not in sandbox.requests:
                time.sleep(0.01)
            started = time.monotonic()
        assert time.monotonic() - started < 2
        slow.join()
    assert [answer.status_code for answer in answers] == [404]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((sandbox.host, sandbox.port), timeout=5)


def test_a_failure_inside_is_a_500_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as sandbox:
        sandbox._store._connection.execute("DROP TABLE mappings")
        url = f"{sandbox.url}/api/v1/config/1"
        failed = httpx.get(url, headers=KEY, trust_env=False, verify=False)
        assert (failed.status_code, failed.text) == (500, "Internal Server Error")
        assert list_services(sandbox) == [], "it goes on"
    told = capsys.readouterr().err
    assert told == (
        "sandbox: GET '/api/v1/config/1' failed: OperationalError: no such table: mappings\n"
    )


def test_a_file_survives_a_restart_and_memory_does_not(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.db"
    with Sandbox(database=database) as first:
        service = create_service(first, "shop-api")
    with Sandbox(database=database) as second:
        assert list_services(second) == [service]
        assert second.requests == ["GET /api/v1/services"]
    with Sandbox() as other:
        assert list_services(other) == []


def test_an_id_is_never_used_again(tmp_path: Path) -> None:
    with Sandbox(database=tmp_path / "sandbox.db") as sandbox:
        first = create_service(sandbox, "shop-api")
        url = f"{sandbox.url}/api/v1/services/{first['id']}"
        assert httpx.delete(url, headers=KEY, trust_env=False, verify=False).status_code == 204
    with Sandbox(database=tmp_path / "sandbox.db") as sandbox:
        assert create_service(sandbox, "shop-api")["id"] != first["id"]


def spoil_as_text(file: Path) -> None:
    file.write_text("this is not a database, whatever its name says\n" * 100)


def spoil_as_another_app(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE config (id INTEGER)")
    connection.close()


def spoil_by_age(file: Path) -> None:
    with Sandbox(database=file):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize("spoil", [spoil_as_text, spoil_as_another_app, spoil_by_age, Path.mkdir])
def test_a_file_of_something_else_is_refused_untouched(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / "other.db"
    spoil(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(FileFailure) as caught, Sandbox(database=file):
        pass
    assert str(file) in caught.value.message
    assert "--database" in (caught.value.hint or "")
    assert (file.read_bytes() if file.is_file() else b"") == before


def test_a_busy_port_is_named_with_a_way_out() -> None:
    with Sandbox() as first:
        with pytest.raises(PenguinError) as caught, Sandbox(port=first.port):
            pass
        assert f"port {first.port}" in caught.value.message
        assert "--port 0" in (caught.value.hint or "")


def test_a_dialect_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        Sandbox(dialect="standrad")
    assert "standrad" in caught.value.message
    assert "api-server" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("dialect", "users", "why"),
    [
        ("api-server", {}, "--seed"),
        ("api-server", {"admin": "password"}, "admin@example.com:password"),
        ("api-server", {"admin@example.com": "short"}, "admin@example.com:password"),
        ("standard", {"admin@example.com": "password"}, "--dialect api-server"),
    ],
)
def test_users_that_no_login_could_be_for_are_refused(
    dialect: str, users: dict[str, str], why: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Sandbox(dialect=dialect, users=users)
    assert why in (caught.value.hint or "")
