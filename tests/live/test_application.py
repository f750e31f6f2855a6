"""Apply over both systems: what is written, what is remembered, what is refused."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import text

from penguin_compile.core.errors import (
    DatabaseFailure,
    GatewayDenied,
    GatewayFailure,
    LockHeld,
    StalePlan,
    UsageError,
)
from penguin_compile.live.config.database import Database
from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT, Action, Change, ChangeClass, FieldChange
from penguin_compile.model.record import Desired
from penguin_compile.sync.application import Author, apply_plan
from penguin_compile.sync.lock import unlock
from penguin_compile.sync.state import open_state
from tests.live.gateway_in_a_file import GatewayInAFile
from tests.live.settings_app import (
    bring_about,
    make_app,
    make_backend,
    make_plan,
    plan_settings,
)

API, WEB = Address("service", "myapp-api"), Address("service", "myapp-web")
TO_API, TO_WEB = Address("mapping", "myapp-to-api"), Address("mapping", "myapp-to-web")
HOST = Address("config", "smtp_host")


def want(address, **fields):
    return Desired(address=address, fields=fields, pointer=())


GATEWAY = {
    one.address: one
    for one in (
        want(API, port=1),
        want(WEB, port=2),
        want(TO_API, source_services=["external"], dest_services=["myapp-api"]),
        want(TO_WEB, source_services=["external"], dest_services=["myapp-web"]),
    )
}


class World:
    """The two systems and the memory of one environment."""

    def __init__(self, folder, *, own_state=False):
        self.app = make_app(sensitive="plaintext")
        self.database = Database(f"sqlite:///{folder}/app.db")
        url = f"sqlite:///{folder}/state.db" if own_state else None
        self.state = open_state("myapp", "default", database=self.database, url=url)
        self.gateway = GatewayInAFile(folder / "gateway.json")
        self.backend = make_backend(self.database, self.app, state=self.state)

    def plan(self):
        settings, plan = plan_settings(self.backend, self.state, self.app)
        gateway = bring_about(GATEWAY, self.gateway.read().live, self.state.bases())
        return settings | GATEWAY, make_plan((*plan.changes, *gateway.changes))

    def apply(self, plan=None, desired=None, **options):
        if plan is None:
            desired, plan = self.plan()
        return apply_plan(
            plan,
            config=self.backend,
            gateway=self.gateway,
            state=self.state,
            desired=desired or {},
            **options,
        )

    def run(self, statement):
        with self.database.writing("testing") as connection:
            connection.execute(text(statement))

    def everything(self):
        """All that is live and remembered, as it stands on the disk."""
        tables = ("config", "penguin_ledger", "penguin_revision", "penguin_audit")
        with self.database.reading("testing") as connection:
            rows = [connection.execute(text(f"SELECT * FROM {one}")).all() for one in tables]
        return rows, self.gateway.objects()


@pytest.fixture(params=[False, True], ids=["one database", "state of its own"])
def world(request, tmp_path):
    return World(tmp_path, own_state=request.param)


def fail_at(*addresses, error=GatewayFailure):
    def fail(change):
        if change.address in addresses:
            raise error(f"{change.address} is not wanted", hint="ask it")

    return fail


def test_everything_is_written_remembered_and_told(world):
    told = []
    author = Author(name="ann", git_commit="abc", plan="{}")
    outcome = world.apply(progress=lambda _, status: told.append(status), author=author)
    assert outcome.complete
    assert outcome.revision == 1
    assert world.gateway.objects()["mapping/myapp-to-api"]["dest_services"] == ["myapp-api"]
    assert set(outcome.done) == set(world.state.bases())
    rows = sum(one.kind == "config" for one in outcome.done)
    sent = dict.fromkeys(("written", "remembered", "noted"), rows)
    assert Counter(told) == {**sent, "done": len(outcome.done) - rows}
    (revision,) = world.state.history()
    assert (revision.status, revision.actor, revision.git_commit) == ("done", "ann", "abc")
    assert {step.status for step in world.state.steps(1)} == {"done"}
    _, again = world.plan()
    assert again.changes == ()
    assert world.apply().revision is None


def test_a_plan_without_changes_touches_nothing(world, tmp_path):
    kept = Change(address=HOST, klass=ChangeClass.UNCHANGED, action=Action.NONE)
    assert world.apply(make_plan([kept])).revision is None
    assert list(tmp_path.iterdir()) == []


def test_what_the_ledger_alone_learns_is_no_write(world):
    world.apply()
    live = world.backend.read().live[HOST]
    world.run("UPDATE config SET config_value = 'mine' WHERE config_key = 'smtp_host'")
    live = world.backend.read().live[HOST]
    kept = Change(
        address=HOST,
        klass=ChangeClass.OVERRIDE_KEPT,
        action=Action.NONE,
        ledger={"value": "new"},
        ledger_changes=True,
        kept=live.digest,
        precondition=live.digest,
        ledger_revision=1,
    )
    gone = Change(
        address=TO_WEB,
        klass=ChangeClass.RELEASE,
        action=Action.NONE,
        ledger_changes=True,
        precondition=world.gateway.read().live[TO_WEB].digest,
        ledger_revision=1,
    )
    outcome = world.apply(make_plan([kept, gone]))
    assert (outcome.done, outcome.settled, outcome.revision) == ((), 2, 2)
    assert world.backend.read().live[HOST] == live
    assert len(world.gateway.writes) == 4
    bases = world.state.bases()
    assert (bases[HOST].fields, bases[HOST].kept) == ({"value": "new"}, live.digest)
    assert TO_WEB not in bases


@pytest.mark.parametrize("moves", ["config", "gateway", "ledger"])
def test_a_stale_plan_writes_nothing_and_names_what_moved(tmp_path, moves):
    world = World(tmp_path)
    world.apply()
    live, gateway = world.backend.read().live[HOST], world.gateway.read().live[API]
    changes = [
        Change(
            address=address,
            klass=ChangeClass.UPDATE,
            action=Action.UPDATE,
            writes=writes,
            ledger=writes,
            ledger_changes=True,
            precondition=digest,
            ledger_revision=1,
        )
        for address, writes, digest in (
            (HOST, {"value": "new"}, live.digest),
            (API, {"port": 9}, gateway.digest),
        )
    ]
    moved = HOST
    if moves == "config":
        world.run("UPDATE config SET description = 'edited' WHERE config_key = 'smtp_host'")
    elif moves == "gateway":
        moved = API
        text_then = world.gateway.path.read_text()
        world.gateway.path.write_text(text_then.replace('"port": 1', '"port": 7'))
    else:
        world.run("UPDATE penguin_ledger SET revision = 5 WHERE address = 'config/smtp_host'")
    before = world.everything()
    with pytest.raises(StalePlan, match=str(moved)) as caught:
        world.apply(make_plan(changes))
    assert caught.value.message.count("/") == 1
    assert world.everything() == before
    # The lock is free again.
    assert world.apply(make_plan(changes[:1] if moves == "gateway" else changes[1:])).complete


def test_a_stale_first_plan_creates_nothing(tmp_path):
    world = World(tmp_path)
    change = Change(
        address=HOST, klass=ChangeClass.DELETE, action=Action.DELETE, precondition="0" * 64
    )
    with pytest.raises(StalePlan, match="config/smtp_host"):
        world.apply(make_plan([change]))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_its_dependants_undone_and_the_rest_goes_on(world):
    world.gateway.before = fail_at(API)
    outcome = world.apply()
    assert [(one.address, one.message, one.hint) for one in outcome.failed] == [
        (API, "service/myapp-api is not wanted", "ask it")
    ]
    assert [(one.address, one.reason) for one in outcome.skipped] == [
        (TO_API, "service/myapp-api was not done")
    ]
    assert {WEB, TO_WEB, HOST} <= set(outcome.done)
    assert (outcome.complete, outcome.fatal) == (False, None)
    assert world.state.history()[0].status == "partial"
    statuses = {step.address: step.status for step in world.state.steps(1)}
    assert (statuses[API], statuses[TO_API], statuses[TO_WEB]) == ("failed", "skipped", "done")
    assert not {API, TO_API} & set(world.state.bases())
    world.gateway.before = fail_at()
    finished = world.apply()
    assert set(finished.done) == {API, TO_API}
    assert world.plan()[1].changes == ()


def test_credentials_that_are_refused_stop_the_run(world):
    world.gateway.before = fail_at(API, WEB, error=GatewayDenied)
    outcome = world.apply()
    assert [one.address for one in outcome.failed] == [API]
    assert [one.address for one in outcome.skipped] == [WEB, TO_API, TO_WEB]
    assert isinstance(outcome.fatal, GatewayDenied)
    assert world.gateway.objects() == {}
    assert world.state.history()[0].status == "partial"


@pytest.mark.parametrize("shown", [True, False])
def test_a_service_stays_while_a_mapping_that_needs_it_could_not_be_removed(world, shown):
    world.apply()
    live, bases = world.gateway.read().live, world.state.bases()

    def delete(address):
        return Change(
            address=address,
            klass=ChangeClass.DELETE,
            action=Action.DELETE,
            fields=tuple(
                FieldChange(path=path, base=value, live=value, desired=ABSENT)
                for path, value in live[address].fields.items()
            ),
            ledger_changes=True,
            precondition=live[address].digest,
            ledger_revision=bases[address].revision,
        )

    mapping = delete(TO_API)
    if not shown:  # an update that leaves its services as they are shows none of them
        mapping = replace(
            mapping,
            action=Action.UPDATE,
            fields=(),
            writes={"path_prefix": "/"},
            ledger=live[TO_API].fields,
        )
    world.gateway.before = fail_at(TO_API)
    outcome = world.apply(make_plan([mapping, delete(TO_WEB), delete(API), delete(WEB)]))
    assert [one.address for one in outcome.skipped] == [API]
    assert set(outcome.done) == {TO_WEB, WEB}
    assert set(world.gateway.objects()) == {str(API), str(TO_API)}
    assert not {TO_WEB, WEB} & set(world.state.bases())


def test_a_database_that_refuses_a_row_takes_back_all_rows_and_asks_no_gateway(world):
    world.apply()
    world.run("DELETE FROM config")
    world.run(
        "CREATE TRIGGER no_menu BEFORE INSERT ON config WHEN NEW.config_key = 'menu' "
        "BEGIN SELECT RAISE(ABORT, 'no menu'); END"
    )
    world.gateway.path.unlink()
    world.gateway.writes.clear()
    history, bases = world.state.history(), world.state.bases()
    with pytest.raises(DatabaseFailure, match="no menu"):
        world.apply()
    assert world.backend.read().live == {}
    assert world.gateway.writes == []
    assert (world.state.history(), world.state.bases()) == (history, bases)


def test_a_run_that_lost_its_lock_makes_no_further_request(world):
    def lose(change):
        with world.state.database.reading("testing") as connection:
            lock_id = connection.execute(text("SELECT lock_id FROM penguin_lock")).scalar()
        unlock(world.state, lock_id)

    world.gateway.after = lose
    with pytest.raises(LockHeld, match="lost its lock"):
        world.apply()
    assert world.gateway.writes == [str(API)]
    world.gateway.after = fail_at()
    assert world.apply().complete  # the first service is read back and adopted
    assert world.gateway.writes.count(str(API)) == 1
    assert [one.status for one in world.state.history()] == ["done", "interrupted"]
    assert {step.status for step in world.state.steps(1)} == {"done", "pending", "unknown"}


def test_a_plan_for_a_system_that_the_environment_lacks_is_refused(world, tmp_path):
    desired, plan = world.plan()
    for missing in ("config", "gateway"):
        systems = {"config": world.backend, "gateway": world.gateway} | {missing: None}
        with pytest.raises(UsageError, match="default has no"):
            apply_plan(plan, state=world.state, desired=desired, **systems)
    assert list(tmp_path.iterdir()) == []
