"""Apply killed anywhere leaves a state from which the same command finishes the job."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.test_database_killed import EVERY

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = [
    "mapping/myapp-to-api",
    "mapping/myapp-to-web",
    "service/myapp-api",
    "service/myapp-web",
]
SETTINGS = 6


def kill_at_every(stride, folder):
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.faults.killed_apply", folder, str(stride)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def check(run):
    killed, after = run["killed"], run["after"]
    # The config table is all there or not at all, and so is what is remembered of it.
    assert killed["settings"] in {0, SETTINGS}
    assert killed["secret"]
    if not run["own_state"]:
        assert killed["settled_settings"] == killed["settings"]
    # Nothing is remembered that was not done.
    assert killed["settled_settings"] <= killed["settings"]
    assert set(killed["settled"]) <= set(killed["gateway"])
    assert len(killed["gateway"]) - len(killed["settled"]) <= 1
    # Database first.
    assert killed["settings"] == SETTINGS or not killed["gateway"]
    # The same command, neither told anything nor waiting for a lock, finishes.
    assert run["again"] == 0
    assert (after["settings"], after["settled_settings"]) == (SETTINGS, SETTINGS)
    assert after["gateway"] == after["settled"] == GATEWAY
    assert after["changes"] == 0
    assert after["history"][0] == "done"
    assert after["history"][1:] in ([], ["interrupted"])


@pytest.mark.slow
def test_killed_at_a_statement_commit_or_request(tmp_path):
    """All of them with `make test-faults`."""
    runs = kill_at_every(1 if EVERY else 7, tmp_path)
    for run in runs:
        check(run)
    ends = [run["ended"] for run in runs]
    assert ends.count(0) == 2, "both ways to keep state, up to a run that nobody killed"
    assert ends.count(None) == len(ends) - 2 > (100 if EVERY else 14)
    assert {run["killed"]["settings"] for run in runs} == {0, SETTINGS}
    if EVERY:
        stopped = {len(run["killed"]["gateway"]) for run in runs}
        assert stopped == {0, 1, 2, 3, 4}
        between = [len(one["killed"]["gateway"]) > len(one["killed"]["settled"]) for one in runs]
        assert any(between), "killed between a request and the memory of it"
