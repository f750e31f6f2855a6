"""examples/greeter: each framework's app really runs, and follows its table without a restart."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager

import pytest

from tests.models import ROOT

COMMANDS = {
    "flask_app": ("flask", "--app", "flask_app", "run", "--port"),
    "quart_app": ("hypercorn", "quart_app:app", "--bind"),
    "fastapi_app": ("hypercorn", "fastapi_app:app", "--bind"),
}
SECONDS = 30


@contextmanager
def running(name, folder, environment):
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    module, *arguments = COMMANDS[name]
    place = str(port) if module == "flask" else f"127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, place],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def ask_until(url, wanted, process, log):
    end, said = time.monotonic() + SECONDS, None
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                said = json.load(answer)
        except OSError:
            said = None
        if said == wanted:
            return
        time.sleep(0.05)
    pytest.fail(f"{said} in place of {wanted}\n{log.read_text()}")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_the_app_starts_by_its_environment_and_follows_its_table(name, tmp_path):
    shutil.copytree(ROOT / "examples" / "greeter", tmp_path, dirs_exist_ok=True)
    command = [sys.executable, "-m", "penguin_compile", "compile", "greeter.yaml"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    schema = tmp_path / "generated/greeter/default/sql/sqlite/01_schema.sql"
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(schema.read_text())
        log, variables = tmp_path / "log", {"DATABASE_URL": "sqlite:///app.db", "GREETING": "Hi"}
        with running(name, tmp_path, variables) as (url, process):
            ask_until(url, {"greeting": "Hi", "source": "database"}, process, log)
            with connection:
                connection.execute("UPDATE config SET config_value = 'Servus'")
            ask_until(url, {"greeting": "Servus", "source": "database"}, process, log)
            with connection:
                connection.execute("DELETE FROM config")
            ask_until(url, {"greeting": "Hi", "source": "environment"}, process, log)
        assert "Traceback" not in log.read_text()
