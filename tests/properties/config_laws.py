"""An admin, an engineer and an unlucky operator at one config table, and what must hold."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from penguin_compile.core.errors import Conflicted, PenguinError, Refused, StalePlan
from penguin_compile.core.pointer import format_dotted
from penguin_compile.model.plan import Plan
from penguin_compile.model.record import SecretState
from penguin_compile.model.setting import stored_text
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.kept_plan import keep_plan
from penguin_compile.sync.plan_file import hold_to, plan_data, read_plan, write_json
from penguin_compile.sync.session import open_session
from tests.models import read_app
from tests.properties.config_oracle import (
    Choices,
    Entry,
    Expected,
    Row,
    Wanted,
    expect,
    meaning,
    opened,
    refused,
)

KEYS = ("alpha", "beta", "gamma")
FOREIGN = ("foreign.one", "Alpha2", "zulu")
DEFAULTS: dict[str, list[Any]] = {
    "string": ["one", "", "0", "80", "Dark", "it's \\ ü🐧", "abc", " x "],
    "integer": [0, 80, 8080, -1],
    "boolean": [True, False],
    "json": [{"a": 1, "b": [True, None]}, [], "abc", None, 0, False],
    "number": [0.5, 1, 0],
}
LIVE = [
    *("", "0", "1", "80", " 8080", "8080", "dark", "Dark", "Dark ", "one", "ONE", "abc", '"abc"'),
    *("true", "True", " true", "false", "null", "NaN", "1e400", '"\\ud800"', "[]", "it's"),
    '{"b": [true, null], "a": 1.0}',
    '{"a": true, "b": [true, null]}',
]
CANARIES = ["canary-one", "canary-two", "canary-three"]
keys = st.sampled_from(KEYS)
some_keys = st.sets(keys, max_size=2).map(frozenset)
modes = st.sampled_from(["seed", "merge", "merge", "enforce"])
parts = st.sampled_from(["manage", "text", "text", "description", "category", "protected"])
engineers = st.sampled_from(["nothing", "nothing", "one", "one", "all", "type", "drop"])
admins = st.sampled_from(["nothing", "nothing", "edit", "edit", "null", "delete", "add"])


class Died(BaseException):
    """The process, at this point."""


def _is_default(kind: str, text: str) -> bool:
    """Whether a spec may have this text's value as the default of a key of this type."""
    if kind == "string":
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return False
    types = {"integer": {int}, "boolean": {bool}, "number": {int, float}}.get(kind, {type(value)})
    return type(value) in types and stored_text(kind, value) == text


@st.composite
def wanted(draw: Any) -> Wanted:
    """A key of a spec."""
    sensitive = draw(st.integers(0, 4)) == 0
    kind = "string" if sensitive else draw(st.sampled_from(sorted(DEFAULTS)))
    valueless = draw(st.integers(0, 5)) == 0
    value = draw(st.sampled_from(DEFAULTS[kind]))
    return Wanted(
        kind=kind,
        text=None if valueless or sensitive else stored_text(kind, value),
        category=draw(st.sampled_from(["system", "email"])),
        description=draw(st.sampled_from(["what it does", "Was es tut: größer"])),
        manage=draw(modes),
        protected=draw(st.integers(0, 5)) == 0,
        sensitive=sensitive,
    )


choices = st.builds(
    Choices,
    keep=some_keys,
    use=some_keys,
    prune=st.booleans(),
    skip_conflicts=st.booleans(),
)


class ConfigLaws(RuleBasedStateMachine):
    """One app and one table; `url` is its database."""

    url: str
    changes_tables = True

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        if self.url == "sqlite":
            self.database = f"sqlite:///{self.folder.name}/app.db"
        else:
            self.database = self.url
        self.engine = create_engine(self.database, poolclass=NullPool)
        self.spec: dict[str, Wanted] = {}
        self.entries: dict[str, Entry] = {}
        self.foreign: dict[str, Any] = {}
        self.saved: tuple[Any, ...] | None = None
        self.secrets = dict.fromkeys(KEYS, CANARIES[0])
        self.state = ""
        self.least_to_glance = 0

    def teardown(self) -> None:
        if self.url != "sqlite":
            with self.engine.begin() as connection:
                for table in inspect(connection).get_table_names():
                    if table != "penguin_schema":
                        connection.execute(text(f"DELETE FROM {table}"))
        self.engine.dispose()
        self.folder.cleanup()

    @initialize(
        first=st.fixed_dictionaries(dict.fromkeys(KEYS, wanted())),
        nullable=st.booleans(),
        apart=st.booleans(),
        least_to_glance=st.sampled_from([0, 0, 1000]),
    )
    def begin(
        self, first: dict[str, Wanted], nullable: bool, apart: bool, least_to_glance: int
    ) -> None:
        """The table is there already, made by the app; the state may live elsewhere."""
        rule = "" if nullable else "NOT NULL"
        if self.url != "sqlite":
            self.run("DROP TABLE IF EXISTS config")
        self.run(
            "CREATE TABLE config (config_key VARCHAR(255) UNIQUE NOT NULL, "
            f"config_value TEXT {rule}, config_type VARCHAR(50) NOT NULL, "
            "category VARCHAR(100) NOT NULL, description TEXT, is_sensitive BOOLEAN DEFAULT FALSE, "
            "last_updated TIMESTAMP NULL, updated_by VARCHAR(255), created_at TIMESTAMP NULL)"
        )
        self.nullable = nullable
        self.least_to_glance = least_to_glance  # as if there were many settings, or few
        self.state = f"sqlite:///{self.folder.name}/state.db" if apart else ""
        self.rotate("alpha", CANARIES[0])
        self.spec = first
        self.apply(Choices())

    # what the engineer does

    @rule(key=keys, want=wanted())
    def change_the_spec(self, key: str, want: Wanted) -> None:
        self.spec[key] = want

    @rule(key=keys, other=wanted(), part=parts)
    def change_one_thing(self, key: str, other: Wanted, part: str) -> None:
        old = self.spec.get(key)
        if old is None:
            return
        if part == "text" and (other.kind != old.kind or other.sensitive or old.sensitive):
            other = replace(
                old, text=None if old.text else stored_text(old.kind, DEFAULTS[old.kind][0])
            )
            if old.sensitive:
                return
        self.spec[key] = replace(old, **{part: getattr(other, part)})

    @rule(key=keys, kind=st.sampled_from(sorted(DEFAULTS)))
    def change_the_type_alone(self, key: str, kind: str) -> None:
        """The same text under another type, where it is a value of that."""
        old = self.spec.get(key)
        if old is None or old.sensitive or old.text is None:
            return
        if _is_default(kind, old.text):
            self.spec[key] = replace(old, kind=kind)

    @rule(key=keys)
    def drop_from_the_spec(self, key: str) -> None:
        if len(self.spec) > 1:
            self.spec.pop(key, None)

    @rule(key=keys, value=st.sampled_from(CANARIES))
    def rotate(self, key: str, value: str) -> None:
        self.secrets[key] = value
        for name, secret in self.secrets.items():
            os.environ[f"LAWS_{name.upper()}"] = secret

    # what the admin does

    @rule(key=keys, value=st.one_of(st.none(), st.sampled_from(LIVE)))
    def edit_a_value(self, key: str, value: str | None) -> None:
        if value is None and not self.nullable:
            return
        self.edit(key, config_value=value)

    @rule(key=keys, value=st.sampled_from(CANARIES))
    def write_a_secret_in_clear(self, key: str, value: str) -> None:
        row = self.rows().get(key)
        if row is not None and row.flag:
            self.edit(key, config_value=value)

    @rule(key=keys, how=st.sampled_from(["swapcase", "lower", "title"]))
    def edit_letter_case_alone(self, key: str, how: str) -> None:
        row = self.rows().get(key)
        if row is not None and row.text and not row.flag:
            self.edit(key, config_value=getattr(row.text, how)())

    @rule(
        key=keys,
        change=st.sampled_from(
            [
                {"config_type": "string"},
                {"config_type": "json"},
                {"category": "own"},
                {"description": "mine"},
                {"description": None},
                {"is_sensitive": True},
            ]
        ),
    )
    def edit_what_describes(self, key: str, change: dict[str, Any]) -> None:
        self.edit(key, **change)

    @rule(key=keys)
    def delete_a_row(self, key: str) -> None:
        self.run("DELETE FROM config WHERE config_key = :key", key=key)

    @rule(
        key=st.sampled_from([*KEYS, *FOREIGN]),
        value=st.sampled_from(LIVE),
        kind=st.sampled_from(["string", "json", "odd"]),
    )
    def add_a_row(self, key: str, value: str, kind: str) -> None:
        if key in self.rows():
            return
        self.run(
            "INSERT INTO config (config_key, config_value, config_type, category, is_sensitive, "
            "updated_by) VALUES (:key, :value, :kind, 'own', :no, 'admin')",
            key=key, value=value, kind=kind, no=False,
        )  # fmt: skip
        if key in FOREIGN:
            self.foreign[key] = self.whole_rows()[key]

    # both, at several keys at once, and what comes of it

    @rule(data=st.data(), options=choices, dies=st.sampled_from([0, 0, 0, 0, 2, 3]))
    def change_both_sides_and_apply(  # noqa: C901  # a list of what can happen
        self, data: Any, options: Choices, dies: int
    ) -> None:
        for key in KEYS:
            match data.draw(engineers):
                case "all":
                    self.change_the_spec(key, data.draw(wanted()))
                case "one":
                    self.change_one_thing(key, data.draw(wanted()), data.draw(parts))
                case "type":
                    self.change_the_type_alone(key, data.draw(st.sampled_from(sorted(DEFAULTS))))
                case "drop":
                    self.drop_from_the_spec(key)
            match data.draw(admins):
                case "edit":
                    self.edit_a_value(key, data.draw(st.sampled_from(LIVE)))
                case "null":
                    self.edit_a_value(key, None)
                case "delete":
                    self.delete_a_row(key)
                case "add":
                    self.add_a_row(key, data.draw(st.sampled_from(LIVE)), "string")
        if dies:
            self.apply_and_die(options, dies)
        else:
            self.apply(options)

    # what the operator does

    @rule(options=choices)
    def apply(self, options: Choices) -> None:
        """Plan, check, apply; and once more, which must find nothing to do."""
        expected = self.expected(options)
        before = self.everything()
        with self.session() as session:
            plan = session.plan(self.decisions(options))
            self.compare_plan(plan, expected)
            problem = self.attempt(session, plan, options)
        wrong = refused((one, self.entries.get(key)) for key, one in expected.items())
        conflict = any(one.klass == "conflict" for one in expected.values())
        if wrong:
            assert isinstance(problem, Refused), problem
        elif conflict and not options.skip_conflicts:
            assert isinstance(problem, Conflicted), problem
        else:
            assert problem is None, problem
        if problem is not None:
            assert self.everything() == before, "a refusal wrote something"
            return
        self.compare_result(expected)
        self.compare_again(options)

    @rule(options=choices, number=st.integers(1, 5))
    def apply_and_die(self, options: Choices, number: int) -> None:
        """The process ends right before one of its commits; the same command does the rest."""
        expected = self.expected(options)
        refuses = refused((one, self.entries.get(key)) for key, one in expected.items())
        conflict = any(one.klass == "conflict" for one in expected.values())
        if refuses or (conflict and not options.skip_conflicts):
            return
        before = self.rows()
        with self.dying(number) as commits, self.session() as session:
            plan = session.plan(self.decisions(options))
            try:
                self.attempt(session, plan, options)
            except Died:
                note(f"died before commit {len(commits)}")
        after = self.rows()
        written = [key for key, one in expected.items() if one.action != "none"]
        untouched = all(after.get(key) == before.get(key) for key in written)
        assert untouched or all(self.is_row(key, expected[key]) for key in written), "half of it"
        self.unlock()
        with self.session() as session:
            self.attempt(session, session.plan(self.decisions(options)), options)
        self.compare_result(expected)
        self.compare_again(options)

    @rule(options=choices)
    def save_a_plan(self, options: Choices) -> None:
        path = Path(self.folder.name) / "plan.json"
        with self.session() as session:
            decisions = self.decisions(options)
            plan = session.plan(decisions)
            path.write_text(write_json(plan_data(plan, "spec.yaml", decisions)), encoding="utf-8")
        seen = {str(one.address) for one in plan.changes if one.klass.value != "unmanaged"}
        self.saved = (path, options, self.view(seen), seen, dict(self.secrets))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def apply_the_saved_plan(self) -> None:
        assert self.saved is not None
        path, options, view, seen, secrets = self.saved
        self.saved = None
        saved = read_plan(path)
        before, expected = self.everything(), self.expected(options)
        stale = self.view(seen) != view
        with self.session() as session:
            try:
                plan = hold_to(saved, session.plan(saved.decisions))
            except StalePlan:
                assert stale or secrets != self.secrets, "nothing moved, and the plan is stale"
                assert self.everything() == before
                return
            assert not stale, "something moved, and the plan is not stale"
            problem = self.attempt(session, plan, options)
        if problem is not None:
            assert self.everything() == before
            return
        self.compare_result({key: one for key, one in expected.items() if f"config/{key}" in seen})

    @rule()
    def look(self) -> None:
        """A plain plan resolves no secret and writes nothing."""
        before = self.everything()
        with self.session() as session:
            plan = session.plan(Decisions(prune=True))
            shown = json.dumps(plan_data(plan, "spec.yaml", Decisions()))
        assert not [one for one in CANARIES if one in shown]
        assert self.everything() == before

    # what must hold

    @invariant()
    def rows_of_others_are_byte_for_byte_as_they_were(self) -> None:
        rows = self.whole_rows()
        assert {name: rows.get(name) for name in self.foreign} == self.foreign

    @invariant()
    def no_secret_is_in_the_state(self) -> None:
        text = repr(self.state_rows())
        assert not [one for one in CANARIES if one in text]

    # the machinery

    def expected(self, options: Choices) -> dict[str, Expected]:
        rows = self.rows()
        return {
            key: expect(key, self.entries.get(key), rows.get(key), self.want(key), options)
            for key in KEYS
        }

    def want(self, key: str) -> Wanted | None:
        want = self.spec.get(key)
        if want is None or not want.sensitive:
            return want
        return replace(want, text=self.secrets[key])

    def attempt(self, session: Any, plan: Plan, options: Choices) -> PenguinError | None:
        decisions = self.decisions(options)
        try:
            session.check(plan, decisions)
            session.apply(plan, plan_text=keep_plan(plan, "spec.yaml", decisions))
        except PenguinError as error:
            return error
        return None

    def compare_plan(self, plan: Plan, expected: dict[str, Expected]) -> None:
        found = {one.address.name: one for one in plan.changes}
        for key, one in expected.items():
            change = found.get(key)
            if change is None:
                assert one.klass in {"nothing", "unmanaged", "unchanged"}, (key, one)
                assert one.action == "none"
                continue
            assert change.action.value == one.action, (key, one, change)
            assert (change.klass.value == "conflict") == (one.klass == "conflict"), (
                key,
                one,
                change,
            )
            if one.action == "none" and key not in self.plan_uses:
                assert change.klass.value == one.klass, (key, one, change)

    def compare_result(self, expected: dict[str, Expected]) -> None:
        for key, one in expected.items():
            assert self.is_row(key, one), (key, one, self.rows().get(key))
        with self.session() as session:
            bases = {address.name: base for address, base in session.state.bases().items()}
        for key, one in expected.items():
            base = bases.get(key)
            if one.entry is None:
                assert base is None, (key, one, base)
                self.entries.pop(key, None)
                continue
            assert base is not None, (key, one)
            self.entries[key] = one.entry
            assert (base.manage.value, base.protected) == (one.entry.manage, one.entry.protected)
            assert base.fields["type"] == one.entry.type, (key, one, base)
            value = base.fields.get("value")
            if one.entry.text is None:
                assert "value" not in base.fields, (key, one, base)
            elif not isinstance(value, SecretState):
                kept = stored_text(one.entry.type, value)
                assert meaning(one.entry.type, kept) == meaning(one.entry.type, one.entry.text), (
                    key, one, base,
                )  # fmt: skip

    def compare_again(self, options: Choices) -> None:
        """Nothing decided is asked again, and there is nothing left to do."""
        again = Choices(prune=options.prune)
        before = self.everything()
        expected = self.expected(again)
        with self.session() as session:
            plan = session.plan(self.decisions(again))
            left = [one for one in plan.changes if one.action.value != "none" or one.ledger_changes]
            asked = [one for one in plan.changes if one.klass.value == "conflict"]
            assert not left, left
            assert {one.address.name for one in asked} == {
                key for key, one in expected.items() if one.klass == "conflict"
            }
            if not asked:
                assert self.attempt(session, plan, again) is None
        assert self.everything() == before, "a second apply did something"

    def is_row(self, key: str, one: Expected) -> bool:
        row = self.rows().get(key)
        if row is None or one.row is None:
            return row is one.row
        if row[1:] != one.row[1:]:
            return False
        if one.sealed and row.text is not None:
            sealed = row.text.startswith("enc:v1:k1:")
            return sealed and opened(key, row.text) == opened(key, one.row.text)
        return row.text == one.row.text

    plan_uses: frozenset[str] = frozenset()

    def decisions(self, options: Choices) -> Decisions:
        self.plan_uses = options.use
        return Decisions(
            keep_live=tuple(f"config/{one}" for one in sorted(options.keep)),
            use_spec=tuple(f"config/{one}" for one in sorted(options.use)),
            prune=options.prune,
            skip_conflicts=options.skip_conflicts,
            secrets=True,
            max_updates="100",
            max_deletes="100",
        )

    @contextmanager
    def session(self) -> Iterator[Any]:
        spec = self.spec_text()
        digest = hashlib.sha256(spec.encode()).hexdigest()
        with open_session(read_app(spec), digest, format_dotted) as session:
            session.least_to_glance = self.least_to_glance
            yield session

    def spec_text(self) -> str:
        config: dict[str, Any] = {}
        for key, want in sorted(self.spec.items()):
            one: dict[str, Any] = {
                "type": want.kind,
                "category": want.category,
                "description": want.description,
                "manage": want.manage,
                "protected": want.protected,
            }
            if want.sensitive:
                one |= {"sensitive": True, "secret": f"env:LAWS_{key.upper()}", "required": True}
            elif want.text is not None:
                plain = want.kind == "string"
                one["default"] = want.text if plain else json.loads(want.text)
            config[key] = one
        url = self.database
        environment: dict[str, Any] = {"database": {"url": url}, "sensitive": "encrypt"}
        if self.state:
            environment["state"] = {"url": self.state}
        return json.dumps(
            {
                "penguin": 1,
                "app": {"name": "laws"},
                "config": config,
                "environments": {"default": environment},
            },
            ensure_ascii=False,
        )

    @contextmanager
    def dying(self, number: int) -> Iterator[list[Any]]:
        commits: list[Any] = []

        def commit(connection: Any) -> None:
            commits.append(connection)
            if len(commits) == number:
                raise Died

        event.listen(Engine, "commit", commit)
        try:
            yield commits
        finally:
            event.remove(Engine, "commit", commit)

    def unlock(self) -> None:
        engine = create_engine(self.state, poolclass=NullPool) if self.state else self.engine
        with engine.begin() as connection:
            if inspect(connection).has_table("penguin_lock"):
                connection.execute(text("DELETE FROM penguin_lock"))
        engine.dispose()

    def edit(self, key: str, **columns: Any) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self.run(
            f"UPDATE config SET {changes}, updated_by = 'admin' WHERE config_key = :key",
            key=key, **columns,
        )  # fmt: skip

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def whole_rows(self) -> dict[str, tuple[Any, ...]]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM config")).all()
        return {row[0]: tuple(row) for row in rows}

    def rows(self) -> dict[str, Row]:
        return {
            key: Row(row[1], row[2], row[3], row[4], bool(row[5]))
            for key, row in self.whole_rows().items()
        }

    def state_rows(self) -> list[Any]:
        engine = create_engine(self.state, poolclass=NullPool) if self.state else self.engine
        found: list[Any] = []
        with engine.connect() as connection:
            for name in sorted(inspect(connection).get_table_names()):
                if name.startswith("penguin_"):
                    found += connection.execute(text(f"SELECT * FROM {name}")).all()
        engine.dispose()
        return found

    def everything(self) -> tuple[Any, ...]:
        """All that an apply could change; the lock's row is a trace of a run, not a result."""
        with self.session() as session:
            bases = sorted((str(key), repr(one)) for key, one in session.state.bases().items())
            history = [(one.id, one.status) for one in session.state.history()]
        return self.whole_rows(), bases, history

    def view(self, seen: set[str]) -> tuple[Any, ...]:
        """What a saved plan must find as it was."""
        rows = {key: row for key, row in self.rows().items() if f"config/{key}" in seen}
        with self.session() as session:
            bases = {
                str(key): one.revision
                for key, one in session.state.bases().items()
                if str(key) in seen
            }
        return rows, bases, self.spec_text()
