"""Several applies at once, and one that lost its lock: one works, and no two."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.databases import KINDS, fresh_database
from tests.faults.conftest import make_ready
from tests.faults.shop import APPLY, BEFORE, ROOT, Shop
from tests.faults.test_connection_lost import finish, servers
from tests.faults.test_database_killed import EVERY

pytestmark = pytest.mark.slow
CROWDS = (
    [(kind, count) for kind in KINDS for count in (2, 5, 20)]
    if EVERY
    else [("sqlite", 2), ("mysql", 5), ("postgresql", 20)]
)
_CLOCK = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def apply_at_once(shop, count, *options):
    """The exit codes, and what all of them said."""
    arguments = [shop.url, str(shop.folder), str(count), *APPLY, *options]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.faults.many_applies", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    told = [path.read_text() for path in sorted(shop.folder.glob("out-*"))]
    assert len(told) == count
    for one in told:
        assert "Traceback" not in one
        assert "bug" not in one
    return [int(code) for code in done.stdout.split()], told


@pytest.mark.parametrize(("kind", "count"), CROWDS)
def test_one_works_and_the_others_are_told_to_wait(tmp_path, wanted, kind, count):
    with fresh_database(kind, tmp_path) as url:
        shop = make_ready(tmp_path, url.render_as_string(hide_password=False))
        codes, told = apply_at_once(shop, count)
        assert set(codes) <= {0, 6}  # a late one finds nothing to do
        assert sum("Revision 2: " in one for one in told) == 1
        for one in told:
            if "error" in one:
                assert "is locked by" in one
                assert "wait with --lock-timeout" in one
        assert shop.everything() == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_those_that_wait_find_nothing_to_do(tmp_path, wanted, kind):
    with fresh_database(kind, tmp_path) as url:
        shop = make_ready(tmp_path, url.render_as_string(hide_password=False))
        codes, told = apply_at_once(shop, 5, "--lock-timeout", "60s")
        assert codes == [0] * 5, told
        assert sum("Revision 2: " in one for one in told) == 1
        assert sum("Nothing to apply" in one for one in told) == 4
        assert shop.everything() == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_several_are_the_first_in_an_empty_database(tmp_path, kind):
    with fresh_database(kind, tmp_path) as url:
        shop = Shop(tmp_path, url.render_as_string(hide_password=False))
        shop.write(BEFORE)
        codes, told = apply_at_once(shop, 5, "--lock-timeout", "60s")
        assert codes == [0] * 5, told
        assert sum("Revision 1: 8 applied" in one for one in told) == 1
        assert len(shop.everything()["penguin_audit"]) == 8


class Paused:
    """An apply that stops before a statement until it is told to go on."""

    PROGRAM = """
import sys, time
from pathlib import Path
from penguin_compile.cli.program import run
from tests.faults.places import watch_drivers
place, nth, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
def step(what):
    global nth
    nth -= place in what
    if nth == 0:
        nth -= 1
        Path("paused").touch()
        while not Path("go").exists():
            time.sleep(0.02)
watch_drivers(step)
sys.exit(run(arguments))
"""

    def __init__(self, shop, place, nth=1):
        _, options = shop.command()
        self._folder = shop.folder
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", self.PROGRAM, place, str(nth), *APPLY],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            **options,
        )
        deadline = time.monotonic() + 60
        while not (self._folder / "paused").exists():
            assert self._process.poll() is None, self._process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def go_on(self):
        (self._folder / "go").touch()
        out, err = self._process.communicate(timeout=60)
        assert "Traceback" not in err
        return self._process.returncode, out, err


def steal(shop):
    shop.sql(
        "UPDATE penguin_lock SET token = token + 1, lock_id = 'stolen', holder = 'thief', "
        "host = 'elsewhere', machine = 'another', expires_at = expires_at + 1000"
    )


@servers
def test_a_run_that_lost_its_lock_writes_nothing(shop, wanted):
    """Its lease ran out, as that of a machine that slept. In SQLite nobody gets in amid a run."""
    before = shop.everything()
    run = Paused(shop, "UPDATE penguin_lock SET expires_at")
    steal(shop)
    code, _, err = run.go_on()
    assert code == 6
    assert "this run lost its lock on shop in dev to another" in err
    assert "run the same command again" in err
    assert shop.everything() == before
    waiting = shop.run(*APPLY)
    assert waiting.code == 6
    assert "locked by thief on elsewhere" in waiting.err
    assert "penguin-compile unlock stolen --env dev" in waiting.err
    assert shop.run("unlock", "stolen", "--env", "dev").code == 0
    finish(shop, wanted)


@servers
def test_nobody_gets_the_lock_while_a_plan_is_being_written(shop, wanted):
    """Paused before its commit, with a lease that ran out: the other waits for the row."""
    run = Paused(shop, "INSERT INTO penguin_audit")
    thief = threading.Thread(target=steal, args=[shop])
    thief.start()
    thief.join(0.5)
    assert thief.is_alive()
    code, _, err = run.go_on()
    assert code == 0, err
    thief.join(60)
    assert shop.everything() == wanted


@servers
def test_the_lease_knows_the_databases_clock_alone(shop, wanted):
    """A client an hour early takes no lock that is held, one an hour late fears no old one.

    With libfaketime where it is; else Python's own clock is shifted.
    """
    clock = {
        "postgresql": "extract(epoch FROM clock_timestamp())",
        "mysql": "unix_timestamp(now(6))",
    }[make_url(shop.url).get_backend_name()]
    for lease, shift, code in ((60, 3600, 6), (-1, -3600, 0)):
        shop.sql(
            "UPDATE penguin_lock SET lock_id = 'x', holder = 'ann', host = 'elsewhere', "
            "machine = 'another', process = 1, process_start = '1', started_at = 'then', "
            f"expires_at = {clock} + {lease}"
        )
        result = run_at(shop, shift)
        assert result.returncode == code, result.stderr
    assert shop.everything() == wanted


def run_at(shop, shift):
    command, options = shop.command(*APPLY)
    if _CLOCK is not None:
        options["env"] |= {"LD_PRELOAD": str(_CLOCK), "FAKETIME": f"{shift:+d}s"}
        options["env"]["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    else:
        early = shop.folder / "early"
        early.mkdir(exist_ok=True)
        (early / "sitecustomize.py").write_text(
            f"import time\nreal = time.time\ntime.time = lambda: real() + {shift}\n"
        )
        options["env"]["PYTHONPATH"] = f"{early}{os.pathsep}{ROOT}"
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **options)
