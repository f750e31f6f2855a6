"""How requests get to a gateway: proxies, timeouts, ids, what the log shows."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from penguin_compile import __version__
from penguin_compile.core.errors import GatewayFailure
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.model.environment import Gateway as GatewayPlace
from tests.live.gateway_harness import KEYS, SECRETS, Gateway
from tests.live.gateway_shop import APPLY, Run, settle
from tests.live.scripted_gateway import Reply, serve


def connect(url: str, **patience: float) -> Client:
    place = GatewayPlace(
        url=url,
        cluster=None,
        dialect=None,
        token=None,
        username=None,
        password=None,
        totp=None,
        protocol_map={},
    )
    quick = Patience(**{"tries": 1, "total": 5, **patience})  # type: ignore[arg-type]
    return Client(place, "environments.dev.marchproxy", quick)


@contextmanager
def forward_proxy(target: str) -> Iterator[tuple[str, list[bytes]]]:
    """An HTTP proxy that takes every host for the target; what it was asked, by first lines."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    there = (str(urlsplit(target).hostname), int(urlsplit(target).port or 80))

    def copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                # An origin takes no absolute URL, unlike a proxy.
                sink.sendall(re.sub(rb"^([A-Z]+) http://[^/]+", rb"\1 ", data))
        except OSError:
            pass
        finally:
            source.close()
            sink.close()

    def serve_one(client: socket.socket) -> None:
        head = client.recv(65536)
        asked.append(head.split(b"\r\n")[0])
        server = socket.create_connection(there)
        server.sendall(re.sub(rb"^([A-Z]+) http://[^/]+", rb"\1 ", head))
        threading.Thread(target=copy, args=(server, client), daemon=True).start()
        copy(client, server)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve_one, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with closing(listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)


def test_a_proxy_of_the_environment(
    penguin: Run, gateway: Gateway, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec.write_text(spec.read_text().replace(gateway.url, "http://gateway.invalid:8000"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with forward_proxy(gateway.url) as (url, asked):
        monkeypatch.setenv("HTTP_PROXY", url)
        settle(penguin)
        assert asked
        assert all(b"http://gateway.invalid:8000/api/" in one for one in asked)
        assert set(gateway.rows()) == {"shop-api", "shop-web", "shop-queue"}
        seen = len(asked)
        monkeypatch.setenv("NO_PROXY", "gateway.invalid")
        straight = penguin("plan", "--env", "dev")
        assert straight.code == 1
        assert len(asked) == seen
        assert "HTTP_PROXY" not in straight.err
    monkeypatch.delenv("NO_PROXY")
    gone = penguin("plan", "--env", "dev")
    assert gone.code == 1
    assert "requests go through the proxy that HTTP_PROXY names" in gone.err


def test_a_connection_that_is_not_made_in_time() -> None:
    """A listener whose queue is full answers nothing at all."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        client = stack.enter_context(
            closing(connect(f"http://127.0.0.1:{address[1]}", connect=0.3))
        )
        started = time.monotonic()
        with pytest.raises(GatewayFailure, match="no connection in time") as caught:
            client.request("GET", "/x")
        assert 0.2 < time.monotonic() - started < 3
        assert "marchproxy.url" in (caught.value.hint or "")


def test_an_answer_that_is_not_there_in_time() -> None:
    def wait(_: str) -> Reply:
        time.sleep(1)
        return Reply()

    with serve(wait) as seen, closing(connect(seen.url, read=0.2)) as client:
        started = time.monotonic()
        with pytest.raises(GatewayFailure, match="no answer in time"):
            client.request("GET", "/x")
        assert time.monotonic() - started < 0.9


def test_an_answer_that_drips_is_not_waited_for_for_ever() -> None:
    """Each byte comes in time, the answer never does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        client, _ = listener.accept()
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(100):
                client.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            pass
        finally:
            client.close()

    threading.Thread(target=drip, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with closing(listener), closing(connect(url, read=1, total=0.5)) as client:
        started = time.monotonic()
        with pytest.raises(GatewayFailure, match="doesn't end"):
            client.request("GET", "/x")
        assert time.monotonic() - started < 2


def test_a_thread_that_waits_when_the_run_ends_asks_no_more() -> None:
    failures: list[GatewayFailure] = []
    asked, answer = threading.Event(), threading.Event()

    def wait(_: object) -> Reply:
        asked.set()
        answer.wait(10)
        return Reply()

    with serve(wait) as seen:
        client = connect(seen.url)

        def ask() -> None:
            try:
                client.request("GET", "/x")
            except GatewayFailure as failure:
                failures.append(failure)

        thread = threading.Thread(target=ask)
        thread.start()
        assert asked.wait(10)
        client.close()
        answer.set()
        thread.join(10)
    assert len(failures) == 1
    assert len(seen.requests) == 1
    with pytest.raises(GatewayFailure, match="the run is over"):
        client.request("GET", "/x")
    assert len(seen.requests) == 1


def test_every_request_says_who_asks_and_has_an_id() -> None:
    with serve(lambda _: Reply()) as seen, closing(connect(seen.url)) as client:
        client.request("GET", "/x")
        client.request("GET", "/y")
    assert {one["User-Agent"] for one in seen.headers} == {f"penguin-compile/{__version__}"}
    first, second = (one["X-Request-ID"] for one in seen.headers)
    assert first != second
    assert first.rpartition("-")[0] == second.rpartition("-")[0], "one run"


def test_the_log_has_ids_and_no_secret(penguin: Run, gateway: Gateway) -> None:
    gateway.fail("POST", "reset")
    told = penguin(*APPLY, "--log-http").err
    sent = re.findall(r"^> \w+ \S+ request (\w+-\d+)", told, re.MULTILINE)
    answered = re.findall(r"^< .*? request (\w+-\d+)", told, re.MULTILINE)
    assert len(sent) > 5
    assert len(set(sent)) == len(sent)
    assert sorted(sent) == sorted(answered), "one line for each, failed ones as well"
    assert '"jwt_secret": null' in told or '"jwt_secret"' not in told
    for secret in (*SECRETS.values(), *KEYS.values(), "Authorization", "eyJ"):
        assert secret not in told
    if gateway.name == "api-server":
        assert '"password": "***"' in told


def test_no_trust_is_told_in_red(penguin: Run, gateway: Gateway) -> None:
    told = penguin("--color", "always", "plan", "--env", "dev", "--insecure").err
    assert "\x1b[31m--insecure: the gateway's certificate is not checked" in told
