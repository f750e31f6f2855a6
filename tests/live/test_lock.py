"""The lock between processes and threads, in every database."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import text

from penguin_compile.core.errors import LockHeld, PenguinError
from penguin_compile.live.config.database import Database
from penguin_compile.sync import lock as lock_module
from penguin_compile.sync.holder import Holder, is_gone, this_process
from penguin_compile.sync.lock import hold_lock, unlock
from penguin_compile.sync.state import State

HOLDER = """
import json, sys
from penguin_compile.live.config.database import Database
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import State

state = State(Database(sys.argv[1]), "myapp", "dev")
with hold_lock(state, holder="ann") as lock:
    print(json.dumps({"id": lock.id, "token": lock.token}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(database):
    return State(database, "myapp", "dev")


class Other:
    """A process that holds the lock until it is told to let go, or killed."""

    def __init__(self, url):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lock = json.loads(self.process.stdout.readline())

    def let_go(self):
        self.process.communicate(timeout=20)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=20)


@pytest.fixture
def other(database_url):
    started = Other(database_url)
    yield started
    if started.process.poll() is None:
        started.kill()


def test_a_second_run_is_told_who_holds_the_lock_and_how_to_free_it(state, other):
    with pytest.raises(LockHeld) as caught, hold_lock(state):
        pass
    assert f"ann on {os.uname().nodename} (process {other.process.pid})" in caught.value.message
    assert "myapp in dev" in caught.value.message
    assert f"penguin-compile unlock {other.lock['id']}" in caught.value.hint
    other.let_go()
    with hold_lock(state) as lock:
        assert lock.token == other.lock["token"] + 1


def test_a_second_run_may_wait(state, other):
    later = threading.Timer(0.5, other.let_go)
    later.start()
    with hold_lock(state, timeout=20) as lock:
        assert lock.token == other.lock["token"] + 1
    later.join()


def test_waiting_ends(state, other):
    started = time.monotonic()
    with pytest.raises(LockHeld), hold_lock(state, timeout=0.6):
        pass
    assert 0.6 <= time.monotonic() - started < 10
    assert other.process.poll() is None


def test_the_lock_of_a_killed_process_of_this_host_is_taken_at_once(state, other):
    other.kill()
    with hold_lock(state) as lock:
        assert lock.token == other.lock["token"] + 1


def test_unlock_frees_by_id_and_the_former_holder_can_not_write(state, other):
    with pytest.raises(PenguinError, match=f"no lock 123: the present one is {other.lock['id']}"):
        unlock(state, "123")
    assert unlock(state, other.lock["id"]).startswith("ann on ")
    with hold_lock(state):
        other.let_go()  # releases nothing: it isn't its lock any more
        with pytest.raises(LockHeld), hold_lock(state):
            pass
    with pytest.raises(PenguinError, match="it is free"):
        unlock(state, other.lock["id"])


def make_foreign(state):
    """The holder is of another host, where nobody here can look whether it is alive."""
    with state.database.writing("testing") as connection:
        connection.execute(text("UPDATE penguin_lock SET host = 'elsewhere', machine = 'other'"))


def test_an_expired_lease_is_taken_and_its_holder_stopped(state):
    with hold_lock(state) as lock:
        make_foreign(state)
        with pytest.raises(LockHeld), hold_lock(state):
            pass
        with state.database.writing("testing") as connection:
            connection.execute(text("UPDATE penguin_lock SET expires_at = expires_at - 31"))
        with hold_lock(state) as taken:
            assert taken.token == lock.token + 1
            with (
                pytest.raises(LockHeld, match="lost its lock"),
                state.database.writing("testing") as connection,
            ):
                lock.confirm(connection)


def test_a_lease_that_is_renewed_while_another_waits_for_its_row_is_not_taken(state, database_url):
    """The other saw it expired, and gets the row when a long transaction has confirmed the lock."""
    if database_url.startswith("sqlite"):
        pytest.skip("there, whoever writes is alone")
    found = []

    def take():
        other = Database(database_url)
        try:
            with hold_lock(State(other, "myapp", "dev")):
                found.append("taken")
        except LockHeld:
            found.append("held")
        finally:
            other.close()

    with hold_lock(state) as lock:
        make_foreign(state)
        with state.database.writing("testing") as connection:
            connection.execute(text("UPDATE penguin_lock SET expires_at = expires_at - 31"))
        with state.database.writing("testing") as connection:
            lock.confirm(connection)
            waiting = threading.Thread(target=take)
            waiting.start()
            waiting.join(1)
            assert waiting.is_alive()
        waiting.join(30)
    assert found == ["held"]


def test_the_lease_is_renewed_while_the_holder_works(state, monkeypatch):
    monkeypatch.setattr(lock_module, "_RENEWAL_SECONDS", 0.05)
    monkeypatch.setattr(lock_module, "LEASE_SECONDS", 3.0)
    with hold_lock(state):
        make_foreign(state)
        deadline = time.monotonic() + 3.5
        while time.monotonic() < deadline:
            with pytest.raises(LockHeld), hold_lock(state):
                pass
            time.sleep(0.1)


def test_environments_do_not_wait_for_each_other(state):
    with hold_lock(state), hold_lock(State(state.database, "myapp", "prod")) as lock:
        assert lock.token == 1


def test_only_one_of_many_gets_the_lock(state):
    with hold_lock(state):
        pass
    inside, most = [], []

    def work():
        own = State(state.database, "myapp", "dev")
        with hold_lock(own, timeout=30):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_a_process_number_that_is_used_again_is_another_process():
    me = this_process()
    assert not is_gone(me)
    again = Holder(
        name=me.name, host=me.host, machine=me.machine, process=me.process, process_start="1"
    )
    assert is_gone(again)
    elsewhere = Holder(
        name=me.name, host=me.host, machine="other", process=me.process, process_start="1"
    )
    assert not is_gone(elsewhere)
