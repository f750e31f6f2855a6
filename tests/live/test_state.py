"""Ledger, revisions and audit in every database."""

import pytest
from sqlalchemy import text

from penguin_compile.core.errors import DatabaseFailure, StalePlan
from penguin_compile.live.config.database import Database
from penguin_compile.model.address import Address
from penguin_compile.model.record import Base, SecretState
from penguin_compile.model.setting import Manage
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.state import (
    AuditEntry,
    Entry,
    RevisionStart,
    State,
    Step,
    open_state,
)

ONE, TWO = Address("config", "one"), Address("mapping", "app-two")
START = RevisionStart(actor="ann", tool_version="1.2", spec_digest="d" * 64, git_commit="abc")


@pytest.fixture
def state(database):
    return State(database, "myapp", "dev")


def begin(state):
    with state.database.writing("testing") as connection:
        state.prepare(connection)
        return state.begin_revision(connection, START)


def settle(state, revision, *entries):
    with state.database.writing("testing") as connection:
        state.settle(connection, revision, entries)


def test_the_ledger_remembers_replaces_and_forgets(state):
    revision = begin(state)
    secret = SecretState(fingerprint="f" * 64, stored="s" * 64)
    first = Entry(
        address=ONE,
        fields={"value": secret, "type": "string", "n": None},
        manage="enforce",
        protected=True,
        kept="k" * 64,
    )
    settle(state, revision, first, Entry(address=TWO, fields={"to": ["a"]}))
    assert state.bases() == {
        ONE: Base(
            address=ONE,
            fields={"value": secret, "type": "string", "n": None},
            manage=Manage.ENFORCE,
            protected=True,
            revision=1,
            kept="k" * 64,
        ),
        TWO: Base(
            address=TWO, fields={"to": ["a"]}, manage=Manage.MERGE, protected=False, revision=1
        ),
    }
    settle(state, begin(state), Entry(address=ONE, fields=None), Entry(address=TWO, fields={}))
    bases = state.bases()
    assert set(bases) == {TWO}
    assert (bases[TWO].fields, bases[TWO].revision) == ({}, 2)


def test_apps_and_environments_do_not_see_each_other(state):
    others = [State(state.database, "myapp", "prod"), State(state.database, "other", "dev")]
    for position, one in enumerate([state, *others]):
        settle(one, begin(one), Entry(address=ONE, fields={"value": position}))
    assert [one.bases()[ONE].fields["value"] for one in (state, *others)] == [0, 1, 2]
    assert [one.history()[0].id for one in (state, *others)] == [1, 1, 1]
    assert len({one.salt() for one in (state, *others)}) == 3


def test_the_salt_is_kept_from_the_first_apply_on(state):
    before = state.salt()
    assert len(before) == 32
    begin(state)
    assert State(state.database, "myapp", "dev").salt() == before


def test_whoever_planned_with_another_salt_than_the_one_that_stays_plans_anew(state):
    late = State(state.database, "myapp", "dev")
    late.salt()
    begin(state)
    with pytest.raises(StalePlan, match="first to apply"):
        begin(late)
    assert State(state.database, "myapp", "dev").salt() == state.salt() != late.salt()


def test_history_is_newest_first_and_tells_what_a_kill_left(state):
    one = begin(state)
    with state.database.writing("testing") as connection:
        state.record(
            connection,
            one,
            [
                Step(address=ONE, action="create", status="done"),
                Step(address=TWO, action="update", status="intent"),
            ],
        )
    two = begin(state)
    with state.database.writing("testing") as connection:
        state.record(connection, two, [Step(address=ONE, action="delete", status="intent")])
        state.record(
            connection, two, [Step(address=ONE, action="delete", status="failed", message="no")]
        )
        state.finish_revision(connection, two, "partial")
    newest, oldest = state.history()
    assert (newest.id, newest.status) == (2, "partial")
    assert (newest.actor, newest.git_commit) == ("ann", "abc")
    assert newest.finished_at
    assert newest.started_at <= newest.finished_at
    assert (oldest.id, oldest.status) == (1, "interrupted")
    assert [(step.address, step.status) for step in state.steps(1)] == [
        (ONE, "done"),
        (TWO, "unknown"),
    ]
    assert [(step.status, step.message) for step in state.steps(2)] == [("failed", "no")]


def test_the_audit_says_who_changed_what_and_no_secret(state):
    begin(state)
    secret = SecretState(fingerprint="f" * 64)
    entry = AuditEntry(address=ONE, action="update", before=None, after={"value": secret})
    with state.database.writing("testing") as connection:
        state.audit(connection, [entry, entry], actor="bob", via="console")
    with state.database.reading("testing") as connection:
        rows = connection.execute(text("SELECT * FROM penguin_audit")).mappings().all()
    assert [(row["actor"], row["via"], row["before"]) for row in rows] == [
        ("bob", "console", None)
    ] * 2
    assert "f" * 64 in rows[0]["after"]


def test_what_moved_in_the_ledger_is_named(state):
    revision = begin(state)
    settle(state, revision, Entry(address=ONE, fields={}))
    with state.database.reading("testing") as connection:
        assert state.moved(connection, {ONE: 1, TWO: None}) == []
        assert state.moved(connection, {ONE: None, TWO: None}) == [ONE]
        assert state.moved(connection, {ONE: 2, TWO: 1}) == [ONE, TWO]


def test_addresses_differ_by_case(state):
    upper = Address("config", "ONE")
    settle(state, begin(state), Entry(address=ONE, fields={}), Entry(address=upper, fields={}))
    assert set(state.bases()) == {ONE, upper}


def test_migrating_twice_is_migrating_once_and_a_failed_block_takes_it_back(state):
    begin(state)
    before = state.bases(), state.history()
    with hold_lock(state):
        pass
    assert (state.bases(), state.history()) == before


def test_tables_of_a_newer_tool_are_left_alone(state):
    begin(state)
    with state.database.writing("testing") as connection:
        connection.execute(text("UPDATE penguin_schema SET version_num = '9999'"))
    for use in (state.bases, state.history, lambda: begin(state)):
        with pytest.raises(DatabaseFailure, match="version 9999") as caught:
            use()
        assert "newer" in caught.value.hint


def test_an_app_with_alembic_of_its_own_keeps_it(state):
    with state.database.writing("testing") as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    begin(state)
    with state.database.reading("testing") as connection:
        assert connection.execute(text("SELECT * FROM alembic_version")).scalar() == "theirs"


def test_a_damaged_entry_is_named(state):
    settle(state, begin(state), Entry(address=ONE, fields={}))
    with state.database.writing("testing") as connection:
        connection.execute(text("UPDATE penguin_ledger SET fields = '{'"))
    with pytest.raises(DatabaseFailure, match="entry of config/one"):
        state.bases()


def test_where_the_state_lives(tmp_path):
    app = Database(f"sqlite:///{tmp_path}/app.db")
    shared = open_state("myapp", "dev", database=app, url=f"sqlite:///{tmp_path}/./app.db")
    assert shared.database is app
    own = open_state("myapp", "dev", database=app, url=f"sqlite:///{tmp_path}/state.db")
    assert own.describe().endswith("state.db")
    alone = open_state("myapp", "dev", folder=tmp_path / ".penguin")
    begin(alone)
    assert (tmp_path / ".penguin" / "dev.db").is_file()
