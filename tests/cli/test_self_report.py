"""plan and apply tell KillKrill what they did: never late, never failing, never with a secret."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.runtime.killkrill import run_killkrill
from tests.runtime.license_servers import wait_until

pytestmark = pytest.mark.slow

TELEMETRY = "telemetry: {killkrill: {api_url: URL}}\n"


def test_plan_and_apply_report_themselves(
    penguin: Run, shop: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    monkeypatch.setenv("TRACEPARENT", f"00-{trace}-b7ad6b7169203331-01")
    monkeypatch.setenv("CLUSTER_API_KEY", "canary-of-the-cluster")
    with run_killkrill() as killkrill:
        shop.write_text(shop.read_text() + TELEMETRY.replace("URL", killkrill.url))
        assert penguin("plan", "--env", "dev").code == 0
        assert penguin("apply", "--env", "dev", "--yes").code == 0
        sandbox.faults.add("* /api:503")
        assert penguin("plan", "--env", "dev").code == 1
        assert wait_until(lambda: len(killkrill.bodies) == 3)
    planned, applied, failed = killkrill.bodies
    assert (planned["event.action"], planned["event.outcome"]) == (
        *("penguin-compile-plan", "success"),
    )
    assert planned["trace.id"] == trace
    assert (planned["labels"]["app"], planned["labels"]["environment"]) == ("shop", "dev")
    assert planned["labels"]["create"] == applied["labels"]["applied"]
    assert applied["labels"]["revision"] == "1"
    assert (failed["log_level"], failed["error.type"]) == ("error", "Unanswered")
    assert "canary" not in json.dumps(killkrill.bodies)


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_one_that_is_away_or_says_nothing_delays_nobody(
    penguin: Run, shop: Path, kind: str
) -> None:
    text = shop.read_text()
    penguin("plan", "--env", "dev")  # imports
    start = time.monotonic()
    assert penguin("plan", "--env", "dev").code == 0
    usual = time.monotonic() - start
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if kind == "silent":
            silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        shop.write_text(text + TELEMETRY.replace("URL", url))
        start = time.monotonic()
        result = penguin("plan", "--env", "dev")
        assert time.monotonic() - start < usual * 3 + 0.5
    assert (result.code, result.err) == (0, "")
