"""Ledger, revisions and audit in every database."""

import json

import pytest
from sqlalchemy import text

from penguin_compile.core.errors import DatabaseFailure, StalePlan, UsageError
from penguin_compile.live.config.database import Database
from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT, Action, Change, ChangeClass, FieldChange
from penguin_compile.model.record import Base, Live, SecretState
from penguin_compile.model.setting import Manage
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.drift import acknowledge, find_edit
from penguin_compile.sync.kept_plan import keep_plan
from penguin_compile.sync.lock import hold_lock
from penguin_compile.sync.past import count_steps, find_other_apps, read_audit, settled_at
from penguin_compile.sync.plan_file import plan_data
from penguin_compile.sync.remembered import AuditEntry, Entry, RevisionStart, Step
from penguin_compile.sync.state import State, open_state
from penguin_compile.sync.state_tables import read_version
from tests.live.settings_app import make_plan

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
    planned = late.salt()
    begin(state)
    with pytest.raises(StalePlan, match="first to apply"):
        begin(late)
    assert State(state.database, "myapp", "dev").salt() == state.salt() != planned
    assert late.salt() == planned
    late.forget_salt()
    assert late.salt() == state.salt()
    begin(late)


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


@pytest.mark.parametrize("there", [False, True], ids=["no tables", "tables of others"])
def test_before_the_first_apply_nothing_is_remembered(state, there):
    if there:
        with state.database.writing("testing") as connection:
            connection.execute(text("CREATE TABLE others (id INTEGER)"))
    assert read_audit(state, ONE) == []
    assert count_steps(state) == {}
    assert find_other_apps(state, "config") == ()
    with pytest.raises(UsageError, match="myapp in dev has no revision 1") as raised:
        settled_at(state, 1)
    assert raised.value.hint == "they are listed by: penguin-compile history --env dev"


def test_the_audit_of_an_address_is_read_newest_first_and_a_damaged_side_hides_no_other(state):
    revision = begin(state)
    for actor in ("ann", "bob", "eve"):
        entries = [
            AuditEntry(address=one, action="update", before=None, after={"value": actor})
            for one in (ONE, TWO)
        ]
        with state.database.writing("testing") as connection:
            state.audit(connection, entries, actor=actor, via="apply", revision=revision)
            after = connection.dialect.identifier_preparer.quote("after")
            damage = f"UPDATE penguin_audit SET {after} = '{{' WHERE actor = 'bob'"
            connection.execute(text(damage))
    told = [(one.actor, one.revision, one.before, one.after) for one in read_audit(state, ONE)]
    assert sorted(told, key=str) == [
        ("ann", revision, None, {"value": "ann"}),
        ("bob", revision, None, None),
        ("eve", revision, None, {"value": "eve"}),
    ]
    times = [one.at for one in read_audit(state, ONE)]
    assert times == sorted(times, reverse=True)
    assert len(read_audit(state, ONE, limit=2)) == 2
    assert read_audit(State(state.database, "other", "dev"), ONE) == []


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


def upgrade_to(state, version):
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "penguin_compile.sync:migrations")
    with state.database.writing("testing") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


@pytest.fixture
def first_schema(state):
    """Tables as version 0001 made them, with a ledger of two revisions and a lock's row."""
    upgrade_to(state, "0001")
    place = {"app": "myapp", "environment": "dev"}
    rows = {
        "penguin_meta": [{"name": "salt", "value": "ab" * 32}],
        "penguin_revision": [
            {
                "id": number,
                "started_at": "2026-01-01T00:00:00+00:00",
                "finished_at": "2026-01-01T00:00:01+00:00",
                "actor": "ann",
                "tool_version": "0.1",
                "git_commit": None,
                "spec_digest": "d" * 64,
                "status": "done",
                "plan": "{}",
            }
            for number in (1, 2)
        ],
        "penguin_ledger": [
            {
                "address": str(ONE),
                "fields": '{"fields":{"value":"a"}}',
                "manage": "merge",
                "protected": False,
                "kept": None,
                "revision": 2,
            }
        ],
    }
    with state.database.writing("testing") as connection:
        for name, every in rows.items():
            for row in every:
                values = {**place, **row}
                preparer = connection.dialect.identifier_preparer
                columns = ", ".join(preparer.quote(one) for one in values)
                marks = ", ".join(f":{one}" for one in values)
                connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({marks})"), values)
    return state


def test_the_first_schema_is_read_without_being_migrated(first_schema):
    assert [one.id for one in first_schema.history()] == [2, 1]
    assert first_schema.bases()[ONE].fields == {"value": "a"}
    assert first_schema.salt().hex() == "ab" * 32
    with pytest.raises(DatabaseFailure, match="was not kept"):
        settled_at(first_schema, 2)
    with first_schema.database.reading("testing") as connection:
        assert read_version(connection, "") == "0001"


def test_the_first_schema_is_migrated_with_what_it_holds(first_schema):
    state = first_schema
    settle(state, begin(state), Entry(address=ONE, fields={"value": "b"}))
    assert [(one.id, one.note) for one in state.history()] == [(3, None), (2, None), (1, None)]
    assert settled_at(state, 3)[ONE].fields == {"value": "b"}
    assert settled_at(state, 2)[ONE].fields == {"value": "a"}
    with pytest.raises(DatabaseFailure, match="revision 1 had settled was not kept"):
        settled_at(state, 1)


def test_a_migration_that_was_killed_begins_again(first_schema):
    """MySQL commits at every DDL: the tables may be there and the version not yet."""
    upgrade_to(first_schema, "0002")
    with first_schema.database.writing("testing") as connection:
        connection.execute(text("UPDATE penguin_schema SET version_num = '0001'"))
    begin(first_schema)
    assert settled_at(first_schema, 2)[ONE].fields == {"value": "a"}


def test_the_ledger_of_each_revision_can_be_had_again(state):
    settle(
        state, begin(state), Entry(address=ONE, fields={"value": 1}), Entry(address=TWO, fields={})
    )
    settle(state, begin(state), Entry(address=ONE, fields={"value": 2}, manage="seed"))
    settle(state, begin(state), Entry(address=ONE, fields=None))
    settle(state, begin(state), Entry(address=ONE, fields={"value": 4}))
    found = [settled_at(state, number) for number in (1, 2, 3, 4)]
    assert [one[ONE].fields["value"] if ONE in one else None for one in found] == [1, 2, None, 4]
    assert all(TWO in one for one in found)
    assert found[1][ONE].manage is Manage.SEED
    with pytest.raises(UsageError, match="no revision 5"):
        settled_at(state, 5)


def test_many_entries_are_kept_as_well(state):
    every = [Address("config", f"k{number}") for number in range(1200)]
    for value in (1, 2):
        revision = begin(state)
        settle(state, revision, *(Entry(address=one, fields={"value": value}) for one in every))
    assert {base.fields["value"] for base in settled_at(state, 1).values()} == {1}
    assert len(settled_at(state, 1)) == len(settled_at(state, 2)) == len(every)


def test_other_apps_in_the_same_table_are_known(state):
    other = State(state.database, "other", "dev")
    settle(other, begin(other), Entry(address=ONE, fields={}))
    assert find_other_apps(state, "config") == ("other",)
    with state.database.writing("testing") as connection:
        other.note_table(connection, "settings")
        other.note_table(connection, "settings")
    assert find_other_apps(state, "config") == ()
    assert find_other_apps(state, "settings") == ("other",)
    assert find_other_apps(other, "settings") == ()


def test_an_edit_that_is_acknowledged_is_kept_in_one_revision(state):
    settle(state, begin(state), Entry(address=ONE, fields={"value": "a"}, protected=True))
    live = Live(address=ONE, fields={"value": "b"}, digest="x")
    plan = make_plan([])
    edit = find_edit(state.bases()[ONE], live)
    assert acknowledge(state, plan, [edit], spec="spec.yaml", actor="ann") == 2
    base = state.bases()[ONE]
    assert (base.fields, base.protected, base.revision) == ({"value": "a"}, True, 2)
    assert find_edit(base, live).kept
    assert not find_edit(base, Live(address=ONE, fields={"value": "c"}, digest="y")).kept
    newest = state.history()[0]
    assert (newest.status, newest.actor, newest.note) == ("done", "ann", "acknowledged 1 live edit")
    (record,) = read_audit(state, ONE)
    assert (record.via, record.before, record.after) == ("drift", {"value": "a"}, {"value": "b"})
    assert count_steps(state) == {2: {"done": 1}}
    with pytest.raises(StalePlan, match="meanwhile"):
        acknowledge(state, plan, [edit], spec="spec.yaml", actor="ann")


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 20_000])
def test_a_plan_of_any_length_comes_back(state, count):
    changes = [
        Change(
            address=Address("config", f"key_{number}"),
            klass=ChangeClass.CREATE,
            action=Action.CREATE,
            fields=(
                FieldChange(
                    path="value", base=ABSENT, live=ABSENT, desired=f"é {number}", sensitive=False
                ),
            ),
        )
        for number in range(count)
    ]
    plan, decisions = make_plan(changes), Decisions(only=("config/*",))
    start = RevisionStart(
        actor="me",
        tool_version="0",
        spec_digest="0" * 64,
        plan=keep_plan(plan, "spec.yaml", decisions),
    )
    with state.database.writing("testing") as connection:
        state.prepare(connection)
        revision = state.begin_revision(connection, start)
    text_of_plan = state.plan_text(revision)
    assert json.loads(text_of_plan) == plan_data(plan, "spec.yaml", decisions)
    with state.database.reading("testing") as connection:
        kept = connection.execute(text("SELECT plan FROM penguin_revision")).scalar()
    assert (len(kept) < len(text_of_plan) / 5) is (count == 20_000)


def test_two_runs_that_created_the_tables_at_once_are_no_obstacle(state):
    """In MySQL each may have noted a version of its own."""
    begin(state)
    with state.database.writing("testing") as connection:
        connection.execute(text("INSERT INTO penguin_schema (version_num) VALUES ('0001')"))
    again = State(state.database, "myapp", "dev")
    assert len(again.history()) == 1
    begin(again)
    with state.database.writing("testing") as connection:
        connection.execute(text("DELETE FROM penguin_schema WHERE version_num <> '0001'"))
        connection.execute(text("INSERT INTO penguin_schema (version_num) VALUES ('0000')"))
    begin(State(state.database, "myapp", "dev"))
    with state.database.reading("testing") as connection:
        rows = connection.execute(text("SELECT version_num FROM penguin_schema")).scalars().all()
    assert rows == ["0002"]
