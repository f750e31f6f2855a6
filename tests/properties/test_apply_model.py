"""Any history of edits, specs and applies, on a real SQLite database: nothing is ever lost."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from penguin_compile.core.pointer import Pointer, format_dotted
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.setting import Manage
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.drift import acknowledge, find_drift
from penguin_compile.sync.past import settled_at
from penguin_compile.sync.rollback import plan_rollback
from penguin_compile.sync.session import open_session
from tests.models import read_app

KEYS = ("alpha", "beta", "gamma")
values = st.sampled_from(["one", "two", "", "0", "it's"])
keys = st.sampled_from(KEYS)
modes = st.sampled_from(["seed", "merge", "enforce"])


class Applies(RuleBasedStateMachine):
    """An admin and an engineer at work on one table."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Path(self.folder.name) / "app.db"
        self.spec: dict[str, tuple[str, str]] = {}
        self.foreign: dict[str, str] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(first=st.dictionaries(keys, st.tuples(values, modes), min_size=1))
    def write_the_first_spec(self, first: dict[str, tuple[str, str]]) -> None:
        self.spec = first
        self.apply(Decisions())

    @rule(key=keys, value=values, mode=modes)
    def change_the_spec(self, key: str, value: str, mode: str) -> None:
        self.spec[key] = (value, mode)

    @rule(key=keys)
    def drop_from_the_spec(self, key: str) -> None:
        if len(self.spec) > 1:
            self.spec.pop(key, None)

    @rule(key=keys, value=values)
    def edit_live(self, key: str, value: str) -> None:
        query = "UPDATE config SET config_value = ?, updated_by = 'admin' WHERE config_key = ?"
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute(query, (value, key))

    @rule(key=keys)
    def delete_live(self, key: str) -> None:
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("DELETE FROM config WHERE config_key = ?", (key,))

    @rule(name=st.sampled_from(["x.one", "x.two"]), value=values)
    def add_a_row_of_somebody_else(self, name: str, value: str) -> None:
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("DELETE FROM config WHERE config_key = ?", (name,))
            database.execute(
                "INSERT INTO config (config_key, config_value, config_type, category) "
                "VALUES (?, ?, 'string', 'system')",
                (name, value),
            )
        self.foreign[name] = value

    @rule(
        prune=st.booleans(),
        skip=st.booleans(),
        keep=st.sampled_from([(), ("*",)]),
        use=st.sampled_from([(), ("config/alpha",)]),
    )
    def apply_the_spec(
        self, *, prune: bool, skip: bool, keep: tuple[str, ...], use: tuple[str, ...]
    ) -> None:
        self.apply(
            Decisions(prune=prune, skip_conflicts=skip, keep_live=keep, use_spec=use), use=use
        )

    @rule()
    def acknowledge_every_edit(self) -> None:
        before, planned = self.rows(), self.plan(Decisions())
        with self.session() as session:
            plan = session.plan(Decisions())
            edits = [one for one in find_drift(plan, session.situation) if not one.kept]
            if edits:
                acknowledge(session.state, plan, edits, spec="spec.yaml")
        with self.session() as session:
            again = session.plan(Decisions())
            assert all(one.kept for one in find_drift(again, session.situation))
        assert self.rows() == before
        assert list(map(_announced, again.changes)) == list(map(_announced, planned.changes))

    @rule(back=st.integers(min_value=0, max_value=4))
    def roll_back(self, back: int) -> None:
        before = self.rows()
        with self.session() as session:
            revision = max(1, session.state.history()[0].id - back)
            past, bases = settled_at(session.state, revision), session.state.bases()
            decisions = Decisions(prune=True, skip_conflicts=True)
            rollback = plan_rollback(session, revision, decisions)
            session.apply(rollback.plan, plan_text="{}", desired=rollback.desired)
        after = self.rows()
        for address, base in bases.items():
            key, settled = address.name, base.fields["value"]
            then = past[address].fields["value"] if address in past else None
            if before.get(key) == settled and base.manage is not Manage.SEED:
                assert after.get(key) == then, "it did not go back"
            if before.get(key) != settled and base.manage is not Manage.ENFORCE:
                assert after.get(key) == before.get(key), "an edit was lost"

    @invariant()
    def rows_of_others_are_as_they_were(self) -> None:
        rows = self.rows()
        assert {name: rows.get(name) for name in self.foreign} == self.foreign

    def apply(self, decisions: Decisions, use: tuple[str, ...] = ()) -> None:
        before = self.rows()
        plan = self.plan(decisions)
        conflicts = [one for one in plan.changes if one.klass is ChangeClass.CONFLICT]
        if conflicts and not decisions.skip_conflicts:
            assert self.rows() == before
            return
        with self.session() as session:
            bases = {
                address.name: base.fields["value"]
                for address, base in session.state.bases().items()
            }
            fresh = session.plan(decisions)
            session.apply(fresh, plan_text="{}")
        written = {one.address.name for one in plan.changes if one.action is not Action.NONE}
        after = self.rows()
        untouched = (before.keys() | after.keys()) - written
        assert {key: after.get(key) for key in untouched} == {
            key: before.get(key) for key in untouched
        }
        for key, settled in bases.items():
            mode = self.spec[key][1] if key in self.spec else "gone"
            edited = key in before and before[key] != settled
            if edited and mode in {"seed", "merge"} and f"config/{key}" not in use:
                assert after.get(key) == before[key], "an edit was lost"
        again = self.plan(Decisions(prune=decisions.prune))
        left = [one for one in again.changes if one.action is not Action.NONE]
        decided = {one.address for one in conflicts}
        assert [one for one in left if one.address not in decided] == []

    def plan(self, decisions: Decisions) -> Plan:
        with self.session() as session:
            return session.plan(decisions)

    def session(self) -> Any:
        lines = [
            f"  {key}: {{default: {value!r}, manage: {mode}, description: d}}"
            for key, (value, mode) in self.spec.items()
        ]
        text = "\n".join(
            [
                "penguin: 1",
                "app: {name: model}",
                "config:",
                *(line.replace('"it\'s"', '"it\'s"') for line in lines),
                f"environments: {{default: {{database: {{url: 'sqlite:///{self.database}'}}}}}}",
            ]
        )
        return open_session(read_app(text), "digest", _locate)

    def rows(self) -> dict[str, str]:
        if not self.database.exists():
            return {}
        with closing(sqlite3.connect(self.database)) as database:
            return dict(database.execute("SELECT config_key, config_value FROM config").fetchall())


def _announced(change: Change) -> tuple[object, ...]:
    return change.address, change.klass, change.action, change.writes


def _locate(pointer: Pointer) -> str:
    return format_dotted(pointer)


TestApplies = Applies.TestCase
TestApplies.pytestmark = [pytest.mark.slow]  # type: ignore[attr-defined]
_EXAMPLES = os.environ.get("PENGUIN_TEST_EXAMPLES")  # more, and others at every run
TestApplies.settings = settings(
    max_examples=int(_EXAMPLES or "15"),
    derandomize=_EXAMPLES is None,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
