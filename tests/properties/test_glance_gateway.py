"""A first look takes nothing of a gateway for settled that the whole comparison doesn't."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.pointer import format_dotted
from penguin_compile.model.plan import Action, ChangeClass
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.session import Session, open_session
from tests.live.scripted_gateway import Reply, serve
from tests.models import read_app

SPEC = """
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 1, auth: jwt, tls: {enabled: true, verify: false}, health_check: {path: /healthz}}
  web: {host: ü, port: 80, health_check: false, protected: true}
routes:
  public: {from: [external], to: [web, api], listen: {port: 443, protocol: https}}
environments:
  default:
    marchproxy: {url: "URL", token: {secret: "env:GATEWAY_SECRET"}, dialect: standard}
    state: {url: "sqlite:///FILE"}
"""
NAMES = ("shop-api", "shop-web", "shop-public")
FIELDS = ("port", "tls_enabled", "tls_verify", "ip_fqdn", "collection", "cluster_id", "is_active")
VALUES = (1, True, 1.0, "1", 80, 0, False, None, "shop", "ü", "\ud800", 2**70, [], {})
row_edits = st.tuples(
    st.just("row"), st.sampled_from(NAMES), st.sampled_from(FIELDS), st.sampled_from(VALUES)
)
LEDGER = {
    "manage": ("merge", "seed"),
    "protected": (0, 1),
    "kept": ("abc", None),
    "fields": ('{"fields":{}}', '{"fields":{"port":1}}'),
}
ledger_edits = st.sampled_from(
    [
        ("ledger", name, column, value)
        for name in NAMES
        for column, values in LEDGER.items()
        for value in values
    ]
)
others = st.tuples(
    st.sampled_from(["gone", "twice", "turned", "forgotten"]),
    st.sampled_from(NAMES),
    st.just(""),
    st.just(""),
)
Edit = tuple[str, str, str, Any]


class World:
    """What a gateway lists, and the session that reads it."""

    def __init__(self, folder: str) -> None:
        self.file = Path(folder) / "state.db"
        self.url = ""
        self.services: list[dict[str, Any]] = []
        self.mappings: list[dict[str, Any]] = []

    def answer(self, _: str) -> Reply:
        lists = {"services": self.services, "mappings": self.mappings}
        return Reply(body=json.dumps(lists).encode())

    @contextmanager
    def open(self) -> Iterator[Session]:
        app = read_app(SPEC.replace("URL", self.url).replace("FILE", str(self.file)))
        with open_session(app, "0" * 64, format_dotted) as session:
            yield session

    def settle(self) -> None:
        """Everything as the spec says, and remembered."""
        with self.open() as session:
            assert session.gateway is not None
            for number, one in enumerate(session.gateway.project(session.app)):
                rows = self.services if one.address.kind == "service" else self.mappings
                extra = {"id": number, "is_active": True, "cluster_id": 1, "jwt_secret": "x"}
                rows.append({**one.fields, **extra, "name": one.address.name})
            session.apply(session.plan(Decisions()), plan_text="{}")

    def edit(self, what: str, name: str, field: str, value: Any) -> None:
        rows = self.mappings if name == "shop-public" else self.services
        named = [one for one in rows if one["name"] == name]
        address = f"{'mapping' if name == 'shop-public' else 'service'}/{name}"
        if what == "row":
            for one in named:
                one[field] = value
        elif what == "gone":
            rows[:] = [one for one in rows if one["name"] != name]
        elif what == "twice":
            rows += [{**one, "id": one["id"] + 100} for one in named]
        elif what == "turned":
            for one in named:
                one["dest_services"] = list(reversed(one.get("dest_services", [])))
        else:
            with closing(sqlite3.connect(self.file, isolation_level=None)) as database:
                if what == "forgotten":
                    database.execute("DELETE FROM penguin_ledger WHERE address = ?", [address])
                else:
                    statement = f"UPDATE penguin_ledger SET {field} = ? WHERE address = ?"
                    database.execute(statement, [value, address])


@contextmanager
def settled_world() -> Iterator[World]:
    with TemporaryDirectory() as folder:
        world = World(folder)
        with serve(world.answer) as seen:
            world.url = seen.url
            world.settle()
            yield world


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "any")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=60,
    deadline=None,
)
@given(edits=st.lists(st.one_of(row_edits, ledger_edits, others), max_size=4))
@example(edits=[("row", "shop-api", "port", True)])
@example(edits=[("row", "shop-api", "tls_enabled", 1)])
@example(edits=[("twice", "shop-web", "", "")])
@example(edits=[("ledger", "shop-web", "kept", "abc")])
@example(edits=[("turned", "shop-public", "", "")])
@pytest.mark.slow
def test_what_is_settled_at_a_glance_is_unchanged(edits: list[Edit]) -> None:
    with settled_world() as world:
        for one in edits:
            world.edit(*one)
        with world.open() as session:
            try:
                plan = session.plan(Decisions(), whole=True)
            except GatewayFailure:  # two of one name, say: at a glance as much as on a second look
                with pytest.raises(GatewayFailure):
                    session.plan(Decisions())
                return
            whole = {one.address: one for one in plan.changes}
            quick = session.plan(Decisions())
            for kind in ("service", "mapping"):
                for name in session.situation.settled[kind]:
                    change = next(
                        one for at, one in whole.items() if (at.kind, at.name) == (kind, name)
                    )
                    assert change.klass is ChangeClass.UNCHANGED
                    assert change.action is Action.NONE
                    assert not change.ledger_changes
            listed = {one.address: one for one in quick.changes}
            assert listed == {address: whole[address] for address in listed}
            unlisted = [one for address, one in whole.items() if address not in listed]
            assert all(one.klass is ChangeClass.UNCHANGED for one in unlisted)
            assert sum(quick.unchanged.values()) == len(unlisted)


def test_what_was_just_applied_is_settled_at_a_glance() -> None:
    with settled_world() as world, world.open() as session:
        assert session.plan(Decisions()).changes == ()
        assert set(session.situation.settled["service"]) == {"shop-api", "shop-web"}
        assert set(session.situation.settled["mapping"]) == {"shop-public"}
