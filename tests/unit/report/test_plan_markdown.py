"""A plan as a comment: the summary first, nothing breaks out, and never too long."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from penguin_compile.report.markdown_comment import LONGEST
from penguin_compile.report.plan_markdown import render_plan_markdown
from penguin_compile.report.plan_view import view_plan
from penguin_compile.report.plan_words import shorten, value_text
from tests.unit.report.plans import NO_DECISIONS, change, field, one_of_each, plan

READER = MarkdownIt("commonmark").enable("table")
BREAKERS = (
    *("`", "```", "~~~", "|", "\n", "\r", "</details>", "<details>", "</code>", "<!--", "@all"),
    *("![x](http://e)", "[x](y)", "$`", "$$", "**", "_", "\\", "#", "&#124;", "www.e.com", "> "),
    *("<script>", "<br>", "    ", "\u202e", "\x00", "http://e.com", "- ", "1. ", "--"),
)
TEXTS = st.text() | st.lists(st.sampled_from(BREAKERS)).map("".join)


class Tags(HTMLParser):
    """All tags in order, and the text outside of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"br", "hr"}:
            return
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def markdown(data: dict[str, object]) -> str:
    return render_plan_markdown(view_plan(data, unmanaged=True))


def hostile(value: object, text: str) -> dict[str, object]:
    return plan(
        one_of_each(value, text),
        app=text or "shop",
        spec=text or "spec",
        targets=[text],
        notices=[text],
        refusals=[text],
        decisions={**NO_DECISIONS, "only": [text or "*"]},
    )


def test_the_summary_comes_first_and_conflicts_are_in_the_open() -> None:
    text = markdown(plan(one_of_each(), refusals=["too many; --max-updates 9 allows it"]))
    lines = text.splitlines()
    assert lines[0].startswith("### Plan: 4 to create, 3 to update, 1 to delete; 2 conflicts; ")
    in_the_open, _, folded = text.partition("<details>")
    assert "--max-updates 9 allows it" in in_the_open
    assert "--keep-live config/d --out plan.json" in in_the_open
    assert "config/d" not in folded
    assert re.findall(r"<summary>(\w+): ([^<]*)</summary>", text) == [
        (
            "config",
            "1 to delete, 1 held back, 2 to update, 2 to create, 5 left alone",
        ),
        ("service", "1 to update, 1 to create"),
        ("mapping", "1 to create"),
    ]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_no_text_breaks_out_of_its_place(value: str, text: str) -> None:
    """The structure is that of harmless texts: as many rows, cells, fences, tags of each kind."""
    harmless = markdown(hostile("v", "t" if text else ""))
    evil = markdown(hostile(value, text))
    shapes = [[one.type for one in READER.parse(text)] for text in (harmless, evil)]
    assert shapes[0] == shapes[1]
    tags = [Tags(READER.render(one)) for one in (harmless, evil)]
    assert tags[0].tags == tags[1].tags
    assert tags[1].open == []
    inline = [token for one in READER.parse(evil) for token in one.children or ()]
    assert not {one.type for one in inline} & {"link_open", "image", "code_inline"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_a_short_value_is_shown_as_it_is(value: str) -> None:
    data = plan([change("config/a", "create", field(desired=value))])
    assert shorten(value_text(value), 80) in "".join(Tags(READER.render(markdown(data))).words)


def many(count: int, value: str) -> list[dict[str, object]]:
    rows = []
    for number in range(count):
        rows += [
            change(f"config/kept{number}", "override kept", field(base=1, live=2, desired=1)),
            change(f"config/create{number}", "create", field(desired=value)),
            change(f"service/update{number}", "update", field("port", live=1, desired=2)),
            change(f"mapping/delete{number}", "delete", field("port", live=1), action="delete"),
            change(f"config/conflict{number}", "conflict", field(base=1, live=2, desired=value)),
        ]
    return rows


@pytest.mark.parametrize("count", [1, 40, 1_000])
@pytest.mark.parametrize("value", ["v", "`<@|" * 30_000])
def test_it_fits_a_comment_and_tells_what_is_left_out(count: int, value: str) -> None:
    rows = many(count, value)
    text = markdown(plan(rows, notices=[value] * 30, refusals=[value] * 30, spec=value))
    assert len(text) <= LONGEST
    tokens = READER.parse(text)
    assert Tags(READER.render(text)).open == []
    fences = [one for one in tokens if one.type == "fence"]
    assert all(one.content.count("\n") == 6 for one in fences)
    shown = len(fences) + sum(one.type == "tr_open" for one in tokens)
    shown -= sum(one.type == "thead_open" for one in tokens)
    left = [int(one) for one in re.findall(r"\*\*… and (\d+) more\*\*, left out", text)]
    assert shown + sum(left) == len(rows)


def test_the_most_important_come_first_where_there_is_no_room() -> None:
    rows = [one for one in many(400, "v" * 60) if one["class"] != "conflict"]
    text = markdown(plan(rows))
    assert text.count("mapping/delete") > text.count("service/update")
    left = re.findall(r"left out for length: ([^\n]*)\.", text)
    assert left[0] == "400 to create, 400 left alone"
