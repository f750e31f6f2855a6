"""What every renderer of a plan is given: from the JSON, secrets as marks, ways out to paste."""

from __future__ import annotations

import json
import shlex

import jsonschema_rs
import pytest

from penguin_compile.core.published_schema import read_schema
from penguin_compile.report.plan_text import render_plan
from penguin_compile.report.plan_view import RevisionView, StepView, view_plan, ways_out
from penguin_compile.report.plan_words import show_pair, value_text
from tests.unit.report.plans import NO_DECISIONS, change, field, one_of_each, plan

KNOWN = {"fingerprint": "ab" * 32}
AT_APPLY = {"fingerprint": None, "known": "at apply"}


def text_of(*changes: dict[str, object], width: int = 100, **more: object) -> str:
    return render_plan(view_plan(plan(changes, **more)), width=width)


def test_the_plans_of_these_tests_are_as_the_schema_wants_them() -> None:
    schema = jsonschema_rs.validator_for(read_schema("plan.schema.json"))
    assert [one.message for one in schema.iter_errors(plan(one_of_each()))] == []


def test_the_plan_looks_as_it_always_did() -> None:
    text = text_of(
        change("config/waddleai_url", "create", field(desired="http://waddleai:8000")),
        change("config/smtp_host", "update", field(base="a", live="a", desired="smtp.prod")),
        change(
            "config/session_minutes",
            "conflict",
            field(base=30, live=45, desired=60),
            edited_by="admin@example.com",
            edited_at="2026-11-20 09:30:00",
        ),
        change("config/theme", "override kept", field(base="light", live="dark", desired="light")),
        change("service/shop-api", "update", field("port", base=8080, live=8080, desired=8081)),
        change("mapping/shop-old", "delete", reason="needs --prune", origin=None),
    )
    assert text == (
        "shop · prod · spec 3f9c1d · postgresql://db.internal/shop\n"
        "\n"
        '  + config/waddleai_url      "http://waddleai:8000"                           '
        "spec/shop.yaml:61:7\n"
        '  ~ config/smtp_host         "a" → "smtp.prod"                                '
        "spec/shop.yaml:61:7\n"
        "  ! config/session_minutes   conflict: was 30, live 45 (admin@example.com, 2026-11-20), "
        "spec 60\n"
        '  = config/theme             live "dark" kept (live edit; spec "light" unchanged)\n'
        "  ~ service/shop-api         port 8080 → 8081                                 "
        "spec/shop.yaml:61:7\n"
        "  - mapping/shop-old         (needs --prune)\n"
        "\n"
        "Plan: 1 to create, 2 to update, 0 to delete; 1 conflict; 1 delete held back; 1 live edit "
        "kept; 0\n"
        "  unchanged.\n"
        "\n"
        "config/session_minutes: decide with one of\n"
        "  --keep-live config/session_minutes\n"
        "  --use-spec config/session_minutes\n"
        "  penguin-compile promote config/session_minutes spec/shop.yaml --env prod\n"
    )


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = "a sentence that goes on and on, " * 9
    data = plan(one_of_each(long, "by somebody who has a long name"), notices=[long])
    lines = render_plan(view_plan(data), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) > 30


def test_a_secret_is_a_mark_and_what_is_not_known_says_so() -> None:
    secret = change(
        "config/key", "update", field(sensitive=True, base=KNOWN, live=KNOWN, desired=AT_APPLY)
    )
    assert "secret abababab → (secret, known at apply)" in text_of(secret)


def test_of_a_secret_that_stays_nothing_is_said_beside_its_description() -> None:
    row = change(
        "config/key",
        "update",
        field(sensitive=True, base=KNOWN, live=KNOWN, desired=AT_APPLY),
        field("description", base="a", live="a", desired="b"),
        writes=["description"],
    )
    (line,) = [one for one in text_of(row).splitlines() if "config/key" in one]
    assert 'description "a" → "b"' in line
    assert "kept" not in text_of(row).split("Plan:", maxsplit=1)[0]


def test_a_value_that_looks_like_a_secret_is_a_value() -> None:
    row = change("config/key", "create", field(desired={"fingerprint": "mine"}))
    assert '{"fingerprint": "mine"}' in text_of(row)


def test_what_the_running_app_sees_is_told() -> None:
    row = change(
        "config/key",
        "override kept",
        field(base=1, live=2, desired=1),
        sees={"value": 2, "from": "variable", "why": "compile writes KEY=2"},
    )
    assert "the app sees 2: compile writes KEY=2" in text_of(row)


def test_long_values_show_the_place_where_they_differ() -> None:
    same = "https://example.com/a/very/long/path/" * 4
    one, other = show_pair(f"{same}one/end", f"{same}two/end")
    assert "one/end" in one
    assert "two/end" in other
    assert max(len(one), len(other)) <= 60


def test_the_ways_out_keep_what_was_decided_and_survive_a_shell() -> None:
    decisions = {**NO_DECISIONS, "use_spec": ["config/*; rm"], "prune": True, "max_deletes": "5"}
    data = plan([change("config/a", "conflict", field(base=1, live=2, desired=3))])
    view = view_plan({**data, "decisions": decisions, "spec": "spec/my shop.yaml"})
    keep, use, promote = ways_out(view, view.conflicts[0])
    assert shlex.split(keep.command) == [
        *("penguin-compile", "plan", "spec/my shop.yaml", "--env", "prod"),
        *("--use-spec", "config/*; rm", "--prune", "--max-deletes", "5"),
        *("--keep-live", "config/a", "--out", "plan.json"),
    ]
    assert use.flag == "--use-spec config/a"
    assert shlex.split(promote.command)[2:4] == ["config/a", "spec/my shop.yaml"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"manage": "enforce"}, ["--use-spec", "promote"]),
        ({"fields": [field(base=1, desired=3)]}, ["--keep-live", "--use-spec"]),
        ({"fields": [], "reason": "owned by other"}, ["--use-spec"]),
        ({"fields": [], "reason": "sensitive → not: its value would stand"}, ["--use-spec"]),
        (
            {"fields": [field(sensitive=True, base=KNOWN, live=KNOWN, desired=AT_APPLY)]},
            ["--keep-live", "--use-spec"],
        ),
    ],
)
def test_only_the_ways_out_that_there_are(more: dict[str, object], words: list[str]) -> None:
    row = change("config/a", "conflict", field(base=1, live=2, desired=3), **more)
    view = view_plan(plan([row]))
    ways = ways_out(view, view.conflicts[0])
    assert [next(word for word in words if word in one.command) for one in ways] == words


def test_no_text_of_others_moves_the_cursor_or_hides_itself() -> None:
    evil = "a\x1b[2J\x9b31m\u202e\u200b\r\n\ttail"
    data = plan(
        one_of_each(evil, evil),
        app=evil,
        targets=[evil],
        notices=[evil],
        refusals=[evil],
        spec=evil,
        decisions={**NO_DECISIONS, "only": [evil]},
    )
    text = render_plan(view_plan(data, unmanaged=True))
    assert [one for one in text if not one.isprintable() and one != "\n"] == []
    assert value_text(evil).startswith('"a\\u001b[2J\\x9b31m\\u202e')


def test_a_revision_tells_what_became_of_each_change() -> None:
    rows = [
        change("config/a", "update", field(base=1, live=1, desired=2)),
        change("config/b", "update", field(base=1, live=1, desired=2)),
        change("service/c", "create", field("port", desired=80)),
    ]
    view = view_plan(
        plan(rows),
        revision=RevisionView(
            number=7,
            status="partial",
            actor="ops@example.com",
            started_at="2026-11-25T14:00:00.000+00:00",
            finished_at="2026-11-25T14:00:02.000+00:00",
            git_commit="0123abcd",
            tool_version="0.1.0",
        ),
        steps={
            "config/a": StepView(status="done", message=None),
            "service/c": StepView(status="failed", message="409 from the gateway"),
            "config/elsewhere": StepView(status="done", message=None),
        },
    )
    text = render_plan(view)
    assert "7, partial" in text
    assert "ops@example.com" in text
    assert "2026-11-25 14:00:00 UTC to 2026-11-25 14:00:02 UTC" in text
    assert "0123abcd" in text
    assert "1 → 2 · done" in text
    assert "not written" in text
    assert "failed: 409 from the gateway" in text
    assert "config/elsewhere: done" in text


def test_what_has_no_news_has_no_line_unless_it_is_asked_for() -> None:
    rows = [
        change(f"config/{one}", one) for one in ("unchanged", "adopt", "converged", "unmanaged")
    ]
    assert view_plan(plan(rows)).changes == ()
    shown = view_plan(plan(rows), unmanaged=True).changes
    assert [one.address for one in shown] == ["config/unmanaged"]
    assert json.dumps(plan(rows)["summary"]["unmanaged"]) == "1"
