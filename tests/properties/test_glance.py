"""A first look takes no setting for settled that the whole comparison doesn't, nor misses many."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.core.pointer import format_dotted
from penguin_compile.model.plan import Action, ChangeClass
from penguin_compile.model.record import SecretState
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.ledger_text import read_fields, write_fields
from penguin_compile.sync.session import Session, open_session
from tests.models import read_app

SPEC = """
penguin: 1
app: {name: shop, version: "1.0"}
config:
  text: {default: "it's ü", description: Text}
  count: {type: integer, default: 5, description: Count, manage: enforce}
  flag: {type: boolean, default: false, description: Flag, manage: seed}
  ratio: {type: number, default: 1.0e-7, description: Ratio}
  menu: {type: json, default: {b: [1, null], a: ü}, protected: true}
  huge: {type: integer, default: 123456789012345678901234567890, description: Huge}
  valueless: {description: No value}
  secret: {sensitive: true, secret: "env:NOT_SET", description: Secret}
environments:
  default: {database: {url: "sqlite:///FILE"}}
"""
KEYS = ("text", "count", "flag", "ratio", "menu", "huge", "valueless", "secret")
COLUMNS = ("config_value", "config_type", "category", "description", "is_sensitive")
edits = st.lists(
    st.one_of(
        st.tuples(
            st.just("config"),
            st.sampled_from(COLUMNS),
            st.sampled_from(KEYS),
            st.sampled_from(["5", "05", " 5", "false", "False", "0", "1", "", "string", "Text"]),
        ),
        *(
            st.tuples(
                st.just("penguin_ledger"),
                st.just(column),
                st.sampled_from(KEYS),
                st.sampled_from(values),
            )
            for column, values in (
                ("manage", ("merge", "seed", "enforce")),
                ("protected", (0, 1)),
                ("kept", ("abc", None)),
                ("fields", ('{"fields":{}}', '{"fields":{"value":5}}')),
            )
        ),
        st.tuples(st.just("gone"), st.just(""), st.sampled_from(KEYS), st.just("")),
    ),
    max_size=4,
)


def open_shop(folder: str) -> Any:
    app = read_app(SPEC.replace("FILE", f"{folder}/shop.db"))
    return open_session(app, "0" * 64, format_dotted)


def apply(session: Session) -> None:
    session.apply(session.plan(Decisions(secrets=True)), plan_text="{}")


def edit(folder: str, changes: list[tuple[str, str, str, Any]]) -> None:
    with closing(sqlite3.connect(Path(folder) / "shop.db", isolation_level=None)) as database:
        for table, column, key, text in changes:
            if table == "gone":
                database.execute("DELETE FROM config WHERE config_key = ?", [key])
            elif table == "config":
                statement = f"UPDATE config SET {column} = ? WHERE config_key = ?"
                database.execute(statement, [text, key])
            else:
                statement = f"UPDATE penguin_ledger SET {column} = ? WHERE address = ?"
                database.execute(statement, [text, f"config/{key}"])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(changes=edits)
@pytest.mark.slow
def test_what_is_settled_at_a_glance_is_unchanged(changes: list[tuple[str, str, str, Any]]) -> None:
    with TemporaryDirectory() as folder, open_shop(folder) as session:
        session.least_to_glance = 0
        apply(session)
        edit(folder, changes)
        whole = {one.address: one for one in session.plan(Decisions(), whole=True).changes}
        quick = session.plan(Decisions())
        for key in session.situation.settled["config"]:
            (change,) = (one for address, one in whole.items() if address.name == key)
            assert change.klass is ChangeClass.UNCHANGED
            assert change.action is Action.NONE
            assert not change.ledger_changes
        listed = {one.address: one for one in quick.changes}
        assert listed == {address: whole[address] for address in listed}
        unlisted = [one for address, one in whole.items() if address not in listed]
        assert all(one.klass is ChangeClass.UNCHANGED for one in unlisted)
        assert sum(quick.unchanged.values()) == len(unlisted)


def test_what_was_just_applied_is_settled_at_a_glance(tmp_path: Path) -> None:
    with open_shop(str(tmp_path)) as session:
        session.least_to_glance = 0
        apply(session)
        assert session.plan(Decisions()).changes == ()
        # the others are spelled in more than one way, or are not for a glance
        assert set(session.situation.settled["config"]) >= {"text", "count", "flag", "menu"}


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=5)
            | st.builds(SecretState, fingerprint=st.text(max_size=3)),
            lambda inner: st.lists(
                inner.filter(lambda one: not isinstance(one, SecretState)), max_size=3
            ),
        ),
        max_size=4,
    )
)
def test_fields_come_back_from_the_ledger(fields: dict[str, Any]) -> None:
    fields = {key: one for key, one in fields.items() if not _holds_a_secret_deep(one)}
    assert read_fields(write_fields(fields)) == fields


def _holds_a_secret_deep(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(one, SecretState) or _holds_a_secret_deep(one) for one in value
    )
