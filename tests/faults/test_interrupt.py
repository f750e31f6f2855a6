"""Ctrl-C in the middle of an apply: exit code 130, and the same command finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run, penguin, sandbox, shop

__all__ = ["penguin", "sandbox", "shop"]
ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 20


def test_an_interrupted_apply_is_finished_by_the_same_command(
    penguin: Run, shop: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("POST /services:delay=5s")
    apply = [sys.executable, "-m", "penguin_compile", "apply", "--env", "dev", "--yes"]
    with subprocess.Popen(
        apply,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        deadline = time.monotonic() + _SECONDS
        while not any(one.startswith("POST") for one in sandbox.requests):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=_SECONDS)
    assert running.returncode == 130
    assert "the same command goes on from here" in error
    assert "Traceback" not in error
    sandbox.faults.clear()
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0
    assert "interrupted" in penguin("history", "--env", "dev").out
