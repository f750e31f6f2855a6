"""Apply to an api-server, killed at any request, is finished by the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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
