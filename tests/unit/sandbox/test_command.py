"""`penguin-compile sandbox` as a process: how it announces itself, serves, and stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from penguin_compile.cli.sandbox import command
from penguin_compile.core.errors import PenguinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = [
    sys.executable,
    "-W",
    "error",
    "-c",
    "from penguin_compile.cli.sandbox import command; command()",
]


@contextmanager
def run_sandbox(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    environment = {key: value for key, value in os.environ.items() if key != "CLUSTER_API_KEY"}
    process = subprocess.Popen(
        [*RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | variables,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_announces_serves_and_stops(number: signal.Signals) -> None:
    with (
        run_sandbox("--port", "0", "--json") as process,
        httpx.Client(trust_env=False, verify=False) as client,
    ):
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told == {
            "url": f"http://127.0.0.1:{told['port']}",
            "host": "127.0.0.1",
            "port": told["port"],
            "dialect": "standard",
            "database": None,
        }
        assert client.get(f"{told['url']}/healthz").json() == {"status": "healthy"}
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_person_is_told_what_it_is_not(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.db"
    with run_sandbox("--port", "0", "--database", str(database)) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "not MarchProxy" in line
        assert "http://127.0.0.1:" in line
        assert str(database) in line
    assert database.exists()


def test_only_the_key_of_the_environment_is_accepted() -> None:
    with run_sandbox("--port", "0", "--json", CLUSTER_API_KEY="the-key") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"] + "/api/v1/services"
        statuses = [
            httpx.get(
                url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=False
            ).status_code
            for key in ("the-key", "other")
        ]
        assert statuses == [200, 401]


def test_faults_are_taken_from_the_command_line() -> None:
    rules = ("--fault", "GET /healthz:503:x1", "--fault", "GET /healthz:502:x1")
    with run_sandbox("--port", "0", "--json", *rules) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"] + "/healthz"
        statuses = [httpx.get(url, trust_env=False, verify=False).status_code for _ in range(3)]
        assert statuses == [503, 502, 200]


def test_users_are_seeded_and_the_first_is_the_administrator() -> None:
    seeds = ("--seed", "admin@example.com:password", "--seed", "bob@example.com:pass:word")
    with run_sandbox("--port", "0", "--json", "--dialect", "api-server", *seeds) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["dialect"] == "api-server"
        url = f"{told['url']}/api/v1/auth/login"
        answers = [
            httpx.post(
                url, json={"username": email, "password": word}, trust_env=False, verify=False
            ).json()
            for email, _, word in (seed.partition(":") for seed in seeds[1::2])
        ]
        assert [answer["is_admin"] for answer in answers] == [True, False]


def test_help_says_that_it_is_not_marchproxy() -> None:
    help_text = CliRunner().invoke(command, ["--help"]).output
    assert "This is not MarchProxy" in help_text
    assert "penguin-compile sandbox --fault 'POST /services:500:0.1'\n" in help_text


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["--dialect", "api-server"], UsageError),
        (["--dialect", "api-server", "--seed", "admin@example.com"], UsageError),
        (["--seed", "admin@example.com:password"], UsageError),
        (["--fault", "nonsense"], UsageError),
        (["--database", "/nowhere/at/all/sandbox.db"], PenguinError),
    ],
)
def test_what_it_can_not_do_is_an_error_with_a_hint(
    arguments: list[str], kind: type[PenguinError]
) -> None:
    raised = CliRunner().invoke(command, ["--port", "0", *arguments]).exception
    assert isinstance(raised, kind)
    assert raised.hint


def test_a_busy_port_is_an_error_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        raised = CliRunner().invoke(command, ["--port", port]).exception
    assert isinstance(raised, PenguinError)
    assert port in raised.message
