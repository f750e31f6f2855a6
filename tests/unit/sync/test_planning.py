"""A situation becomes a plan: what is in it, in which order, and what is only counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguin_compile.model.address import Address
from penguin_compile.model.plan import Plan
from penguin_compile.model.record import Base, Desired, Live
from penguin_compile.model.setting import Manage
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.planning import Situation, make_plan
from tests.models import read_app

APP = read_app("penguin: 1\napp: {name: shop}\n")
KINDS = ("config", "service", "mapping")


def desired(kind: str, name: str, value: str = "new") -> Desired:
    return Desired(address=Address(kind, name), fields={"value": value}, pointer=(kind, name))


def situation(*wanted: Desired, live: dict[str, str], known: dict[str, str]) -> Situation:
    """`live` and `known`, the ledger, by address."""
    rows = {Address.parse(name): value for name, value in live.items()}
    entries = {Address.parse(name): value for name, value in known.items()}
    return Situation(
        desired=wanted,
        live={
            one: Live(address=one, fields={"value": value}, digest="d")
            for one, value in rows.items()
        },
        bases={
            one: Base(
                address=one,
                fields={"value": value},
                manage=Manage.MERGE,
                protected=False,
                revision=1,
            )
            for one, value in entries.items()
        },
        kinds=KINDS,
    )


def plan(seen: Situation, decisions: Decisions | None = None, *, whole: bool = False) -> Plan:
    return make_plan(
        APP,
        seen,
        decisions or Decisions(),
        spec_digest="s",
        locate=lambda pointer: "/".join(map(str, pointer)),
        whole=whole,
    )


def told(one: Plan) -> list[str]:
    return [f"{change.address} {change.klass}" for change in one.changes]


def test_the_database_comes_first_and_deletes_last_children_before_parents() -> None:
    gone = {f"{kind}/gone": "old" for kind in KINDS}
    seen = situation(*(desired(kind, "new") for kind in reversed(KINDS)), live=gone, known=gone)
    assert told(plan(seen, Decisions(prune=True))) == [
        "config/new create",
        "service/new create",
        "mapping/new create",
        "mapping/gone delete",
        "service/gone delete",
        "config/gone delete",
    ]
    waiting = plan(seen)
    assert told(waiting) == told(plan(seen, Decisions(prune=True)))
    assert [one.action.value for one in waiting.changes] == ["create"] * 3 + ["none"] * 3


def test_what_is_unchanged_is_counted_and_in_the_whole_plan_listed() -> None:
    same = {"config/a": "new", "service/b": "new"}
    wanted = [desired("config", "a"), desired("service", "b")]
    seen = replace(
        situation(*wanted, live=same, known=same), settled={"config": ["x", "y"], "mapping": []}
    )
    short, whole = plan(seen), plan(seen, whole=True)
    assert (told(short), short.unchanged) == ([], {"config": 3, "service": 1})
    assert told(whole) == ["config/a unchanged", "service/b unchanged"]
    assert whole.unchanged == {"config": 2}


def test_only_and_kinds_without_a_backend_leave_the_rest_out() -> None:
    seen = situation(*(desired(kind, "new") for kind in KINDS), live={}, known={})
    assert told(plan(seen, Decisions(only=("*/new", "x")))) == told(plan(seen))
    assert told(plan(seen, Decisions(only=("service/*",)))) == ["service/new create"]
    assert told(plan(replace(seen, kinds=("config",)))) == ["config/new create"]


def test_what_is_to_be_said_of_the_whole_is_a_notice() -> None:
    seen = replace(
        situation(desired("config", "a"), live={}, known={}),
        settled={"service": ["b"]},
        warnings=("a warning",),
        notices=("a notice",),
        targets=("sqlite",),
    )
    made = plan(seen, Decisions(keep_live=("config/a", "service/b", "mapping/c")))
    assert made.notices == ("a warning", "a notice", "--keep-live mapping/c matches nothing")
    assert (made.app, made.spec_digest, made.targets) == ("shop", "s", ("sqlite",))
    assert made.changes[0].origin == "config/a"


@pytest.mark.parametrize(
    ("kinds", "resolved", "secrets", "covered"),
    [
        (KINDS, True, True, True),
        (KINDS, False, False, True),
        (KINDS, False, True, False),
        ((), True, True, False),
        ((), True, False, False),
    ],
)
def test_apply_takes_what_was_read_if_it_has_the_secrets(
    kinds: tuple[str, ...], resolved: bool, secrets: bool, covered: bool
) -> None:
    seen = replace(situation(live={}, known={}), kinds=kinds, secrets=resolved)
    assert seen.covers(secrets=secrets) is covered
