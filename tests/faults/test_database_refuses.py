"""A database that says no in the middle of an apply: locks, deadlocks, rights, a full disk."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.faults.conftest import make_ready
from tests.faults.proxy import Proxy
from tests.faults.shop import APPLY
from tests.faults.test_connection_lost import apply_through, finish, servers

pytestmark = pytest.mark.slow
postgresql = pytest.mark.parametrize("shop", ["postgresql"], indirect=True)
sqlite = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)


@contextmanager
def another_session(shop, *statements):
    """A transaction that an admin forgot."""
    engine = create_engine(shop.url, poolclass=NullPool)
    with engine.connect() as connection:
        for one in statements:
            connection.execute(text(one))
        yield connection
        connection.rollback()


def refuse(shop, *said, code=1):
    """Apply; it ends with a message that says all that."""
    before = shop.everything()
    result = shop.run(*APPLY)
    assert result.code == code, result.err
    assert "Traceback" not in result.err
    for one in said:
        assert one in result.err
    assert shop.everything() == before
    return result


@servers
def test_a_row_that_another_session_holds(shop, wanted):
    """Until the server's own limit ends the wait."""
    url = make_url(shop.url)
    limited = {
        "postgresql": {"options": "-c lock_timeout=300"},
        "mysql": {"init_command": "SET innodb_lock_wait_timeout=1"},
    }[url.get_backend_name()]
    direct, shop.url = shop.url, url.update_query_dict(limited).render_as_string(False)
    hold = "UPDATE config SET description = 'held' WHERE config_key = 'updated'"
    with another_session(shop, hold):
        refuse(shop, "another session held a lock for too long", "run the same command again")
    shop.url = direct
    finish(shop, wanted)


@servers
def test_a_deadlock_with_another_session(shop, wanted):
    """Apply holds its lock's row and wants the setting; the other does it the other way round."""
    before = shop.everything()
    setting = "UPDATE config SET description = description WHERE config_key = 'updated'"
    lock = "UPDATE penguin_lock SET holder = holder"
    # Of two, MySQL ends the one that changed less.
    weight = [f"UPDATE penguin_audit SET actor = '{number}'" for number in range(3)]
    said = threading.Event()

    def judge(data):
        if b"UPDATE config" in data:
            said.set()

    with another_session(shop, *weight, setting) as other, Proxy(shop.url, judge) as proxy:

        def want_the_lock():
            assert said.wait(60)
            time.sleep(0.3)
            other.execute(text(lock))
            other.rollback()

        admin = threading.Thread(target=want_the_lock)
        admin.start()
        result = apply_through(shop, proxy)
        admin.join()
    assert result.code == 1
    assert "another session and this one waited for each other" in result.err
    assert "run the same command again" in result.err
    assert shop.everything() == before
    finish(shop, wanted)


@postgresql
@pytest.mark.parametrize(
    "when", ["", "DEFERRABLE INITIALLY DEFERRED"], ids=["at once", "at commit"]
)
def test_a_serialization_failure(shop, wanted, when):
    """Apply asks for an isolation that has none, but a trigger or a cluster may tell of one."""
    shop.sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'row: %', NEW.config_value USING ERRCODE = '40001'; END $$"
    )
    shop.sql(
        f"CREATE CONSTRAINT TRIGGER failing AFTER UPDATE ON config {when} "
        "FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    refused = refuse(
        shop,
        "another session changed the same rows meanwhile",
        "nothing of this step was written; run the same command again",
    )
    assert "row:" not in refused.err, "a server's message may hold a value"
    shop.sql("DROP TRIGGER failing ON config")
    finish(shop, wanted)


@servers
def test_an_edit_while_the_plan_is_being_written(shop, wanted):
    """Of another row, which nobody waits for."""
    edits = []

    def judge(data):
        if b"INSERT INTO penguin_revision" in data and not edits:
            edits.append(1)
            shop.edit(foreign_key="meanwhile")

    with Proxy(shop.url, judge) as proxy:
        assert apply_through(shop, proxy).code == 0
    assert shop.value("foreign_key") == "meanwhile"
    shop.edit(foreign_key="here")
    finish(shop, wanted)


@servers
def test_a_user_without_the_right_to_write(shop, wanted):
    name, direct = f"penguin_{uuid.uuid4().hex[:12]}", shop.url
    url = make_url(direct)
    postgres = url.get_backend_name() == "postgresql"
    who = name if postgres else f"'{name}'@'%'"
    statements = (
        [f"CREATE ROLE {name} LOGIN PASSWORD 'x'", f"GRANT pg_read_all_data TO {name}"]
        if postgres
        else [f"CREATE USER {who} IDENTIFIED BY 'x'", f"GRANT SELECT ON {url.database}.* TO {who}"]
    )
    for one in statements:
        shop.sql(one)
    try:
        shop.url = url.set(username=name, password="x").render_as_string(False)
        refuse(shop, "INSERT, UPDATE and DELETE to apply", "the penguin_ tables")
    finally:
        shop.url = direct
        shop.sql(f"DROP ROLE {name}" if postgres else f"DROP USER {who}")
    finish(shop, wanted)


@servers
def test_a_database_that_takes_no_writes(shop, wanted):
    """As a replica, or one in recovery."""
    url = make_url(shop.url)
    options = {
        "postgresql": {"options": "-c default_transaction_read_only=on"},
        "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY"},
    }[url.get_backend_name()]
    direct, shop.url = shop.url, url.update_query_dict(options).render_as_string(False)
    assert shop.run("plan", "--env", "dev", "--prune", "--detailed-exitcode").code == 2
    refuse(shop, "it takes no writes now", "it is read-only, a replica or in recovery")
    shop.url = direct
    finish(shop, wanted)


def test_state_tables_of_a_newer_tool(shop, wanted):
    shop.sql("UPDATE penguin_schema SET version_num = '9876'")
    for command in (APPLY, ("plan", "--env", "dev")):
        result = shop.run(*command)
        assert result.code == 1
        assert "the state tables have version 9876, this tool knows" in result.err
        assert "use that version, or a later one" in result.err
    shop.sql("UPDATE penguin_schema SET version_num = '0002'")
    finish(shop, wanted)


@sqlite
def test_a_file_without_the_right_to_write(shop, wanted):
    path = shop.folder / "app.db"
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    path.chmod(stat.S_IRUSR)
    refuse(shop, "readonly database", "this user needs the right to write")
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    finish(shop, wanted)


@sqlite
def test_a_file_that_another_process_writes_to(shop, wanted):
    direct, shop.url = shop.url, f"{shop.url}?timeout=0.3"
    engine = create_engine(direct, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        refuse(shop, "database is locked", "another process is writing to it")
        connection.rollback()
    shop.url = direct
    finish(shop, wanted)


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 256 KiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk(tmp_path, full_disk, wanted):
    """From the first byte too few to the first that does, everything is whole."""
    shop = make_ready(tmp_path, f"sqlite:///{full_disk}/app.db")
    before = shop.everything()
    ballast = full_disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(b"x" * 1_000_000)
    refused = 0
    for _ in range(64):
        result = shop.run(*APPLY)
        assert "Traceback" not in result.err
        if result.code == 0:
            break
        refused += 1
        assert result.code == 1, result.err
        assert "full" in result.err or "disk I/O error" in result.err
        assert "run the same command again" in result.err
        assert shop.everything() in (before, wanted)
        os.truncate(ballast, ballast.stat().st_size - 8192)
    assert refused
    ballast.unlink()
    finish(shop, wanted)


def test_a_disk_that_is_read_only(tmp_path, full_disk, wanted):
    shop = make_ready(tmp_path, f"sqlite:///{full_disk}/app.db")
    subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True)
    refuse(shop, "readonly database", "this user needs the right to write")
    subprocess.run(["mount", "-o", "remount,rw", str(full_disk)], check=True)
    finish(shop, wanted)


def test_a_file_larger_than_the_limit(tmp_path, wanted):
    """A limit of the shell: SQLite then can't write its journal, or not its file."""
    shop = make_ready(tmp_path, f"sqlite:///{tmp_path}/app.db")
    before = shop.everything()
    command, options = shop.command(*APPLY)
    size = (tmp_path / "app.db").stat().st_size
    for limit in (4096, size // 2, size - 4096):
        done = subprocess.run(
            ["prlimit", f"--fsize={limit}", *command],
            capture_output=True, check=False, stdin=subprocess.DEVNULL, **options,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert done.returncode != -signal.SIGXFSZ
        assert "Traceback" not in done.stderr
        assert "run the same command again" in done.stderr
        assert shop.everything() == before
    finish(shop, wanted)
