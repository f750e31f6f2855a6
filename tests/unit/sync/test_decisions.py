"""What a person decided, by globs over addresses; and marks of edits that a person knows of."""

from __future__ import annotations

from typing import Any

import pytest

from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT
from penguin_compile.model.record import Live
from penguin_compile.sync.comparison import Decision
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.edits import find_edits, mark_edits

THEME = Address("config", "theme")


@pytest.mark.parametrize(
    ("decisions", "decided"),
    [
        (Decisions(), None),
        (Decisions(keep_live=("service/*", "config/th*")), Decision.KEEP_LIVE),
        (Decisions(use_spec=("config/*",)), Decision.USE_SPEC),
        (Decisions(keep_live=("config/theme",), use_spec=("*/theme",)), Decision.USE_SPEC),
        (Decisions(keep_live=("config/Theme",), use_spec=("theme",)), None),
    ],
)
def test_the_spec_wins_where_both_match(decisions: Decisions, decided: Decision | None) -> None:
    assert decisions.of(THEME) is decided


def test_only_covers_what_it_names() -> None:
    assert Decisions().covers(THEME)
    assert Decisions(only=("service/*", "config/t*")).covers(THEME)
    assert not Decisions(only=("service/*",)).covers(THEME)


def test_each_glob_that_matches_nothing_is_told() -> None:
    decisions = Decisions(keep_live=("a", "config/*"), use_spec=("b",), only=("c", "*theme"))
    assert decisions.unmatched(iter(["config/theme"])) == [
        "--keep-live a matches nothing",
        "--use-spec b matches nothing",
        "--only c matches nothing",
    ]
    assert Decisions().unmatched([]) == []


@pytest.mark.parametrize(
    ("live", "owner", "edits"),
    [
        ({"value": 1, "type": "integer"}, None, {}),
        ({"value": 2, "type": "integer", "more": 1}, None, {"value": 2}),
        ({"value": True, "type": "integer"}, None, {"value": True}),
        ({"value": 1}, None, {"type": ABSENT}),
        ({"value": 1, "type": "integer"}, "another", {"owner": "another"}),
        ({"value": 2, "type": "integer"}, "another", {"value": 2, "owner": "another"}),
    ],
)
def test_an_edit_is_what_was_settled_otherwise(
    live: dict[str, Any], owner: str | None, edits: dict[str, Any]
) -> None:
    row = Live(address=THEME, fields=live, digest="d", owner=owner)
    assert find_edits({"value": 1, "type": "integer"}, row) == edits


def test_what_will_be_written_is_no_edit_and_may_be_one() -> None:
    row = Live(address=THEME, fields={"value": 2}, digest="d")
    assert find_edits({"value": 1}, row, {"value": 1}) == {}
    assert find_edits({"value": 2}, row, {"value": 1}) == {"value": 1}


def test_another_edit_has_another_mark_and_none_has_none() -> None:
    assert mark_edits({}) is None
    edits: list[dict[str, Any]] = [
        {"value": 1},
        {"value": [1]},
        {"value": True},
        {"value": ABSENT},
        {"value": {"absent": True}},
        {"other": 1},
    ]
    assert len({mark_edits(one) for one in edits}) == len(edits)
    assert mark_edits({"a": {"x", "y"}, "b": 1}) == mark_edits({"b": 1, "a": frozenset("yx")})
