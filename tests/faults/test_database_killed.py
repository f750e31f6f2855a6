"""Apply killed at any statement or commit: all or nothing, and the same command finishes it.

`make test` takes places at random, `make test-faults` all of them. PENGUIN_TEST_SEED repeats a
choice that failed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from tests.databases import KINDS, fresh_database
from tests.faults.shop import ROOT

EVERY = "PENGUIN_TEST_EVERY_PLACE" in os.environ
SEED = os.environ.get("PENGUIN_TEST_SEED") or str(random.SystemRandom().randrange(10**6))
PLACES = {"first": 5, "later": 10, "saved": 5, "rotate": 5}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_anywhere(kind, scenario, tmp_path):
    count = 0 if EVERY else PLACES[scenario]
    with fresh_database(kind, tmp_path) as url:
        text = url.render_as_string(hide_password=False)
        place = [text, str(tmp_path), scenario, SEED, str(count)]
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.faults.killed_database", *place],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=3000 if EVERY else 300,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    runs = [json.loads(line) for line in ended.stdout.splitlines()]
    wrong = [run for run in runs if run["wrong"]]
    assert not wrong, f"PENGUIN_TEST_SEED={SEED}: {json.dumps(wrong, indent=1)}"
    # Threads that read ahead and a lock that is renewed make the places of two runs differ.
    assert sum(run["missed"] for run in runs) <= max(1, len(runs) // 20)
    assert len(runs) == (count or runs[0]["of"])
    assert runs[0]["of"] > (30 if scenario == "rotate" else 60)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "this is a bug" not in log
