"""`show`: a saved plan without its spec, and what a revision did and how it ended."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import jsonschema_rs
import pytest

from penguin_compile.core.published_schema import read_schema
from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.cli.eventful_shop import SECRET

FORMS = ("text", "json", "markdown", "html")
REVISION = jsonschema_rs.validator_for(read_schema("revision.schema.json"), retriever=read_schema)


def text_of(page: str) -> str:
    words: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Reader().feed(page)
    return " ".join(" ".join(words).split())


@pytest.mark.parametrize("form", FORMS)
def test_a_saved_plan_looks_as_it_did_when_it_was_made(
    penguin: Run, eventful: Path, form: str
) -> None:
    options = ("--prune", "--show-unmanaged") if form != "json" else ("--prune",)
    made = penguin("plan", "--env", "dev", *options, "--format", form, "--out", "plan.json")
    eventful.unlink()
    Path("dev.db").unlink()
    shown = penguin("show", "plan.json", "--format", form, *options[1:])
    assert (shown.code, shown.err) == (0, "")
    made_json, shown_json = (
        (json.loads(one.out) | {"created_at": ""}) if form == "json" else one.out
        for one in (made, shown)
    )
    assert made_json == shown_json


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_each_change_and_no_secret(
    penguin: Run, eventful: Path, form: str
) -> None:
    shown = penguin("plan", "--env", "dev", "--prune", "--secrets", "--format", form)
    assert shown.code == 0
    plain = text_of(shown.out) if form in {"html", "markdown"} else shown.out
    for address in (
        *("config/other_key", "config/fresh", "config/theme", "config/page_size"),
        *("config/session_minutes", "config/banner", "config/limits", "config/first_page"),
        *("config/locked", "config/vanished", "config/described", "config/motd"),
        *("service/shop-api", "service/shop-new", "service/shop-old"),
        *("mapping/shop-modern", "mapping/shop-legacy", "config/dropped"),
    ):
        assert address in plain, address
    if form != "json":
        assert "--keep-live config/session_minutes" in plain
        assert "penguin-compile promote config/session_minutes spec/shop.yaml --env dev" in plain
        assert "spec/shop.yaml:14:3" in plain
    for canary in (SECRET, SECRET[::-1]):
        assert canary not in shown.out + shown.err


def test_a_revision_tells_who_when_and_what_became_of_each_change(
    penguin: Run, eventful: Path
) -> None:
    options = ("--prune", "--skip-conflicts", "--max-updates", "90%", "--max-deletes", "90%")
    applied = penguin("apply", "--env", "dev", "--yes", *options)
    assert applied.code == 3, applied.err
    text = penguin("show", "2", "--env", "dev")
    assert text.code == 0, text.err
    assert "2, done" in text.out
    assert "20 → 50 · done" in text.out
    assert "decided: --prune --skip-conflicts" in text.out
    assert "decide with one of" not in text.out
    data = json.loads(penguin("show", "2", "--env", "dev", "--format", "json").out)
    assert [one.message for one in REVISION.iter_errors(data)] == []
    assert data["revision"]["id"] == 2
    assert data["plan"]["app"] == "shop"
    done = {one["address"] for one in data["steps"] if one["status"] == "done"}
    assert done == {one["address"] for one in data["plan"]["changes"] if one["action"] != "none"}
    page = text_of(penguin("show", "2", "--env", "dev", "--format", "html").out)
    assert page.startswith("Revision 2: shop · dev")
    assert "What was planned" in page
    markdown = penguin("show", "2", "--env", "dev", "--format", "markdown").out
    assert markdown.startswith("### Revision 2: 4 to create, ")
    assert "<code>done</code>" in markdown


def test_a_change_that_failed_says_why(penguin: Run, shop: Path, sandbox: Sandbox) -> None:
    sandbox.faults.add("POST /services:500:x1")
    assert penguin("apply", "--env", "dev", "--yes").code == 7
    text = penguin("show", "1", "--env", "dev").out
    assert "1, partial" in text
    assert "failed: " in text
    assert "skipped: " in text
    assert text.count("· done") == 2
    page = penguin("show", "1", "--env", "dev", "--format", "html").out
    assert 'class="step step-failed"' in page


def test_what_apply_had_to_leave_out_is_told(penguin: Run, shop: Path) -> None:
    """The secret is known at apply alone, and nobody has set it by then."""
    text = shop.read_text().replace("  dev:\n", "  dev:\n    sensitive: plaintext\n")
    shop.write_text(text)
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    assert penguin("apply", "plan.json").code == 0
    shown = penguin("show", "1", "--env", "dev").out
    assert shown.count("not written") == 1
    assert shown.count("· done") == 4


def test_revisions_of_drift_and_rollback_are_shown_with_what_they_were(
    penguin: Run, applied: Path
) -> None:
    with closing(sqlite3.connect("dev.db")) as database, database:
        database.execute("UPDATE config SET config_value = 'dark' WHERE config_key = 'theme'")
    assert penguin("drift", "--env", "dev", "--acknowledge", "config/theme").code == 0
    applied.write_text(applied.read_text().replace("default: 20", "default: 50"))
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    back = penguin("rollback", "1", "--env", "dev", "--yes")
    assert back.code == 0, back.err
    for number in range(1, 5):
        shown = penguin("show", number, "--env", "dev", "--format", "json")
        assert (shown.code, shown.err) == (0, ""), number
        data = json.loads(shown.out)
        assert [one.message for one in REVISION.iter_errors(data)] == [], number
        assert data["plan"] is not None
    assert f"4 ({data['revision']['note']}), done" in penguin("show", "4", "--env", "dev").out


def test_a_revision_or_file_that_is_not_there(penguin: Run, shop: Path) -> None:
    missing = penguin("show", "3", "--env", "dev")
    assert (missing.code, "no revision 3" in missing.err) == (64, True)
    assert "penguin-compile history --env dev" in missing.err
    assert penguin("show", "3").code == 64
    absent = penguin("show", "absent.json")
    assert (absent.code, "absent.json" in absent.err) == (1, True)


@pytest.mark.parametrize(
    "plan", [None, "{}", "no JSON", '{"format": 0, "changes": [], "spec_digest": ""}']
)
def test_a_plan_that_can_not_be_read_any_more_hides_nothing_else(
    penguin: Run, shop: Path, plan: str | None
) -> None:
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    with closing(sqlite3.connect("dev.db")) as database, database:
        database.execute("UPDATE penguin_revision SET plan = ?", (plan,))
    refused = penguin("show", "1", "--env", "dev")
    assert refused.code == 1
    assert "--format json" in refused.err
    shown = penguin("show", "1", "--env", "dev", "--format", "json")
    data = json.loads(shown.out)
    assert shown.code == 0
    assert "the rest is shown" in shown.err
    assert (data["plan"], data["revision"]["status"]) == (None, "done")
    assert len(data["steps"]) == 4
    assert [one.message for one in REVISION.iter_errors(data)] == []


def test_the_width_of_the_terminal_is_used(
    penguin: Run, eventful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widest = {}
    for columns in ("40", "80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        lines = penguin("plan", "--env", "dev").out.splitlines()
        head = lines[: next(at for at, one in enumerate(lines) if one.startswith("Plan:"))]
        widest[columns] = max(map(len, head))
    assert widest["40"] <= 80
    assert widest["80"] <= 80
    assert 100 < widest["200"] <= 140
