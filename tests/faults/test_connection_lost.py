"""The wire to the server fails in the middle of an apply, or the server does."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

from tests.faults.conftest import make_ready
from tests.faults.proxy import Fate, Proxy
from tests.faults.shop import APPLY, Shop
from tests.postgres_server import running_server

servers = pytest.mark.parametrize("shop", ["postgresql", "mysql"], indirect=True)
REVISION = b"INSERT INTO penguin_revision"


def apply_through(shop: Shop, proxy: Proxy):
    direct, shop.url = shop.url, proxy.url
    try:
        result = shop.run(*APPLY)
    finally:
        shop.url = direct
    assert "Traceback" not in result.err
    assert "bug" not in result.err
    return result


def finish(shop, wanted, code=0):
    """The same command, and nothing is lost or doubled."""
    again = shop.run(*APPLY)
    assert again.code == code, again.err
    assert shop.everything() == wanted
    return again


@servers
@pytest.mark.slow
@pytest.mark.parametrize("statement", [b"FROM config", b"UPDATE penguin_lock", b"UPDATE config"])
def test_cut_in_the_middle_of_an_answer(shop, wanted, statement):
    before = shop.everything()
    with Proxy(shop.url, lambda said: Fate.CUT if statement in said else None) as proxy:
        result = apply_through(shop, proxy)
        assert proxy.struck
    assert result.code == 1
    assert "the connection was lost" in result.err
    assert "run the same command again" in result.err
    assert shop.everything() == before
    finish(shop, wanted)


def at_the_commit(said):
    """Of the transaction that writes the plan."""
    return Fate.LOST if REVISION in said and b"COMMIT" in said else None


@servers
@pytest.mark.slow
def test_a_commit_whose_answer_is_lost_is_read_back(shop, wanted):
    with Proxy(shop.url, at_the_commit) as proxy:
        result = apply_through(shop, proxy)
        assert proxy.struck
    assert result.code == 0, result.err
    assert "Revision 2" in result.out
    assert shop.everything() == wanted
    assert "Nothing to apply" in finish(shop, wanted).out


@servers
@pytest.mark.slow
def test_a_commit_that_nobody_can_read_back_is_told_as_what_it_is(shop, wanted):
    with Proxy(shop.url, at_the_commit, stays_down=True) as proxy:
        result = apply_through(shop, proxy)
        assert proxy.struck
    assert result.code == 1
    assert "lost before the database said whether all of it was written or nothing" in result.err
    assert "run the same command again" in result.err
    assert shop.everything() == wanted
    assert "Nothing to apply" in finish(shop, wanted).out


@servers
@pytest.mark.slow
def test_a_slow_server_is_waited_for(shop, wanted):
    with Proxy(shop.url, delay=0.005) as proxy:
        assert apply_through(shop, proxy).code == 0
    assert shop.everything() == wanted


def once(work):
    """Called when the plan is being written."""
    done = []

    def judge(said):
        if REVISION in said and not done:
            done.append(1)
            work()

    return judge


@servers
@pytest.mark.slow
def test_a_session_that_an_administrator_ends(shop, wanted):
    before = shop.everything()
    with Proxy(shop.url, once(lambda: end_sessions(shop.url))) as proxy:
        result = apply_through(shop, proxy)
    assert result.code == 1
    assert "the connection was lost" in result.err
    assert shop.everything() == before
    finish(shop, wanted)


def end_sessions(url):
    """Everybody else's in that database."""
    name = make_url(url).database
    find, end = {
        "postgresql": (
            "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
            "SELECT pg_terminate_backend({})",
        ),
        "mysql": (
            "SELECT id FROM information_schema.processlist WHERE db = '{}' AND command = 'Sleep'",
            "KILL CONNECTION {}",
        ),
    }[make_url(url).get_backend_name()]
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        sessions = connection.exec_driver_sql(find.format(name)).scalars().all()
        assert sessions
        for one in sessions:
            with suppress(OperationalError):  # it has ended by itself
                connection.exec_driver_sql(end.format(one))
    engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_the_server_is_restarted(tmp_path, wanted, how):
    with running_server() as server:
        shop = make_ready(tmp_path, server.url)
        before = shop.everything()

        up_again = threading.Event()

        def restart():
            server.stop(how)
            server.start()
            up_again.set()

        with Proxy(shop.url, once(restart)) as proxy:
            result = apply_through(shop, proxy)
        assert up_again.wait(60)
        assert result.code == 1
        assert "the connection was lost" in result.err
        assert shop.everything() == before
        finish(shop, wanted)


@pytest.mark.slow
def test_a_server_that_is_down_is_named(tmp_path, wanted):
    with running_server() as server:
        shop = make_ready(tmp_path, server.url)
        server.stop()
        result = shop.run(*APPLY)
        assert result.code == 1
        assert f"postgresql://127.0.0.1:{server.port}/postgres" in result.err
        assert "check the URL, the server and the credentials" in result.err
        server.start()
        finish(shop, wanted)
