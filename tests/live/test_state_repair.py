"""State tables that went missing, on every database: made anew, the rest as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from penguin_compile.live.config.database import Database
from penguin_compile.sync.lock import free_leftover, hold_lock, read_leftover
from penguin_compile.sync.state import State
from penguin_compile.sync.state_tables import (
    HEAD,
    find_missing_tables,
    read_version,
    restore_tables,
)


@pytest.fixture
def state(database: Database) -> State:
    one = State(database, "shop", "dev")
    with database.writing("test") as connection:
        one.prepare(connection)
        one.note_table(connection, "config")
    return one


@pytest.mark.parametrize("missing", ["penguin_meta", "penguin_past", "penguin_audit", "all"])
def test_what_went_missing_is_made_anew(state: State, missing: str) -> None:
    database = state.database
    with database.reading("test") as connection:
        assert connection is not None
        tables = [one for one in inspect(connection).get_table_names() if one.startswith("penguin")]
    gone = [missing] if missing != "all" else sorted({*tables} - {"penguin_schema"})
    with database.writing("test") as connection:
        for one in gone:
            connection.execute(text(f"DROP TABLE {one}"))
    with database.writing("test") as connection:
        assert sorted(find_missing_tables(connection, "x")) == gone
        assert sorted(restore_tables(connection, "x")) == gone
        assert restore_tables(connection, "x") == []
    with database.reading("test") as connection:
        assert connection is not None
        assert find_missing_tables(connection, "x") == []
        assert read_version(connection, "x") == HEAD
        left = connection.execute(text("SELECT name FROM penguin_meta ORDER BY name")).scalars()
        kept = [] if "penguin_meta" in gone else ["config_table", "salt"]
        assert list(left) == kept


def test_a_lock_that_ran_out_is_freed_once(state: State) -> None:
    database = state.database
    with hold_lock(state, holder="ops@example.com") as lock:
        assert read_leftover(state) is None
        with database.writing("test") as connection:
            assert not free_leftover(state, connection, lock.id), "its holder lives"
        with database.writing("test") as connection:
            connection.execute(text("UPDATE penguin_lock SET expires_at = 1"))
        found = read_leftover(state)
        assert found is not None
        assert (found[0], "ops@example.com" in found[1]) == (lock.id, True)
        for expected in (True, False):
            with database.writing("test") as connection:
                assert free_leftover(state, connection, lock.id) is expected
    assert read_leftover(state) is None
