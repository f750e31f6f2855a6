"""Apply to an api-server, killed at any request, is finished by the same command."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.sandbox.routing import Response
from penguin_compile.sandbox.server import Sandbox
from tests.live.small_api_server import PASSWORD, Reply, SmallApiServer, serve_small

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 8080, auth: jwt, health_check: false}
  web: {port: 80, auth: base64, health_check: false}
  moved: {port: 81, health_check: false}
  back: {port: 82, health_check: false}
environments:
  dev: {marchproxy: GATEWAY}
"""
APPLY = ("apply", "--env", "dev", "--yes", "--use-spec", "service/shop-moved")


def apply(folder: Path, *, meet: list[int]) -> subprocess.Popen[str]:
    environment = os.environ | {"GATEWAY_SECRET": PASSWORD, "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "penguin_compile", *APPLY]
    running = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    meet.append(running.pid)
    return running


def end(running: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = running.communicate(timeout=60)
    return running.returncode, out


def prepare(folder: Path, server: SmallApiServer) -> None:
    """A service without its auth, one in another cluster, one that was deleted, one of others."""
    gateway = {
        "url": server.url,
        "username": "admin",
        "password": {"secret": "env:GATEWAY_SECRET"},
    }
    (folder / "spec").mkdir()
    (folder / ".penguin").mkdir()
    (folder / "spec" / "shop.yaml").write_text(SPEC.replace("GATEWAY", json.dumps(gateway)))
    server.add("shop-web", collection="shop", port=1)
    server.add("shop-moved", collection="shop", cluster_id=2)
    server.add("shop-back", collection="shop", is_active=False)
    server.add("foreign", collection="other")


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("position", range(6))
def test_killed_at_a_request(tmp_path: Path, position: int, *, done: bool) -> None:
    with serve_small(SmallApiServer()) as server:
        prepare(tmp_path, server)
        foreign = dict(server.named("foreign")[0])
        victims: list[int] = []
        writes: list[str] = []

        def kill(method: str, path: str, _: Any) -> Reply | None:
            if method == "GET" or "/auth/" in path:
                return None
            writes.append(path)
            if len(writes) == position + 1 and victims:
                os.kill(victims.pop(), signal.SIGKILL)
                return Reply(hang_up=True)
            return None

        if done:
            server.after = kill
        else:
            server.before = kill
        code, out = end(apply(tmp_path, meet=victims))
        assert code == -signal.SIGKILL, out
        deadline = time.monotonic() + 10
        while server.active and time.monotonic() < deadline:
            time.sleep(0.01)
        code, out = end(apply(tmp_path, meet=[]))
        assert code == 0, out
        rows = list(server.rows.values())
        assert sorted((row["name"], row["port"], row["is_active"]) for row in rows) == [
            ("foreign", 1, True),
            ("shop-api", 8080, True),
            ("shop-back", 82, True),
            ("shop-moved", 81, True),
            ("shop-web", 80, True),
        ]
        assert {row["cluster_id"] for row in rows} == {1}
        assert server.named("shop-api")[0]["jwt_secret"]
        assert server.named("shop-web")[0]["token_base64"]
        assert server.named("foreign") == [foreign]
        start = len(server.writes)
        code, out = end(apply(tmp_path, meet=[]))
        assert (code, server.writes[start:]) == (0, []), out


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("position", range(4))
def test_killed_before_it_was_read_back(tmp_path: Path, position: int, *, done: bool) -> None:
    """A `standard` server's answers wait for a list: what a killed run had not read is no loss."""
    with Sandbox() as sandbox:
        gateway = {"url": sandbox.url, "token": {"secret": "env:GATEWAY_SECRET"}}
        (tmp_path / "spec").mkdir()
        (tmp_path / ".penguin").mkdir()
        text = SPEC.replace("GATEWAY", json.dumps(gateway)).replace("base64", "none")
        (tmp_path / "spec" / "shop.yaml").write_text(text)
        sandbox._store.insert("services", row("shop-moved", collection="shop", cluster_id=1))
        foreign = sandbox._store.insert("services", row("foreign", collection="other"))
        victims: list[int] = []
        writes: list[str] = []
        answer = sandbox._listener.application.answer

        def kill(method: str, *rest: Any) -> Response:
            response = answer(method, *rest) if done or method == "GET" else None
            if method != "GET":
                writes.append(method)
                if len(writes) == position + 1 and victims:
                    os.kill(victims.pop(), signal.SIGKILL)
                    return response or Response(status=503)
            return response or answer(method, *rest)

        sandbox._listener.application.answer = kill  # type: ignore[method-assign]
        code, out = end(apply(tmp_path, meet=victims))
        assert code == -signal.SIGKILL, out
        code, out = end(apply(tmp_path, meet=[]))
        assert code == 0, out
        rows = sandbox._store.read("services")
        assert sorted((one["name"], one["port"]) for one in rows) == [
            ("foreign", 1),
            ("shop-api", 8080),
            ("shop-back", 82),
            ("shop-moved", 81),
            ("shop-web", 80),
        ]
        assert sandbox._store.find("services", name="foreign") == foreign
        count = len(writes)
        code, out = end(apply(tmp_path, meet=[]))
        assert (code, len(writes)) == (0, count), out


def row(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "ip_fqdn": "x", "port": 1, "cluster_id": 1, "protocol": "tcp", **fields}


MANY = 200


def prepare_many(folder: Path, server: SmallApiServer) -> None:
    prepare(folder, server)
    server.rows.clear()
    service = "  n{0}: {{port: {1}, health_check: false}}\n"
    services = "".join(service.format(one, one + 1) for one in range(MANY))
    spec = folder / "spec" / "shop.yaml"
    _, mark, environments = spec.read_text().partition("environments:")
    head = 'penguin: 1\napp: {name: shop, version: "1.0"}\nservices:\n'
    spec.write_text(head + services + mark + environments)


def remembered(folder: Path) -> dict[str, str]:
    """What the state says of each service: pending, intent, done."""
    state = folder / ".penguin" / "dev.db"
    with closing(sqlite3.connect(f"file:{state}?mode=rw", uri=True)) as memory:  # after a kill
        rows = memory.execute("SELECT address, status FROM penguin_outcome WHERE revision = 1")
        return {address.removeprefix("service/"): status for address, status in rows}


def test_an_intent_stands_before_each_of_many_requests_and_an_outcome_after(tmp_path: Path) -> None:
    with serve_small(SmallApiServer()) as server:
        prepare_many(tmp_path, server)
        early: list[str] = []

        def look(method: str, path: str, body: Any) -> None:
            if method != "POST" or "/auth/" in path:
                return
            told = remembered(tmp_path)
            there = {row["name"] for row in list(server.rows.values())}
            if told[body["name"]] != "intent":
                early.append(f"{body['name']} is sent and {told[body['name']]}")
            done = {name for name, status in told.items() if status == "done"}
            early.extend(f"{name} is done and not there" for name in done - there)

        server.before = look
        code, out = end(apply(tmp_path, meet=[]))
        assert (code, len(server.rows), early) == (0, MANY, []), out
        assert set(remembered(tmp_path).values()) == {"done"}


@pytest.mark.slow
@pytest.mark.parametrize("position", [1, 5, 30, 77, 150, MANY])
def test_killed_amid_many_requests(tmp_path: Path, position: int) -> None:
    with serve_small(SmallApiServer()) as server:
        prepare_many(tmp_path, server)
        victims: list[int] = []
        posts: list[str] = []

        def kill(method: str, path: str, body: Any) -> None:
            if method == "POST" and "/auth/" not in path:
                posts.append(body["name"])
                if len(posts) == position and victims:
                    os.kill(victims.pop(), signal.SIGKILL)

        server.after = kill
        code, out = end(apply(tmp_path, meet=victims))
        assert code == -signal.SIGKILL, out
        deadline = time.monotonic() + 10
        while server.active and time.monotonic() < deadline:
            time.sleep(0.01)
        told = remembered(tmp_path)
        there = {row["name"] for row in server.rows.values()}
        assert there <= {name for name, status in told.items() if status in {"intent", "done"}}
        assert {name for name, status in told.items() if status == "done"} <= there
        code, out = end(apply(tmp_path, meet=[]))
        assert code == 0, out
        assert sorted(posts) == sorted(f"shop-n{one}" for one in range(MANY))
        assert len(server.rows) == MANY
