"""The page of a plan: text stays text, nothing is fetched or run, and eyes can read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguin_compile.report.plan_html import render_plan_html
from penguin_compile.report.plan_view import view_plan
from penguin_compile.report.plan_words import value_text
from penguin_compile.report.value_diff import diff_values
from tests.unit.report.plans import NO_DECISIONS, change, field, one_of_each, plan

VOID = {"meta", "link", "input", "br"}
TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["<", ">", "&", '"', "'", "</td>", "<script>", "{{", "}}", "{%", "&lt;", "<!--"]
    )
).map("".join)


class Page(HTMLParser):
    """The elements in order, whether they are closed, and the text of the body."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def page(data: dict[str, object]) -> str:
    return render_plan_html(view_plan(data, unmanaged=True))


def hostile(value: object, text: str) -> dict[str, object]:
    return plan(
        one_of_each(value, text),
        app=f"app{text}",
        environment=f"env{text}",
        spec=f"spec{text}",
        tool_version=f"v{text}",
        targets=[text],
        notices=[text],
        refusals=[text],
        decisions={**NO_DECISIONS, "only": [text or "*"]},
    )


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20), TEXTS)
def test_texts_of_others_are_text(value: str, text: str) -> None:
    """The same elements with the same attributes, whatever stands in a value, and it is there."""
    harmless, evil = Page(page(hostile("v", "t" if text else ""))), Page(page(hostile(value, text)))
    assert harmless.tags == evil.tags
    assert evil.open == []
    assert value_text(value) in evil.text


def test_nothing_is_fetched_and_nothing_runs() -> None:
    seen = Page(page(plan(one_of_each())))
    names = {tag for tag, _ in seen.tags}
    assert not names & {"script", "iframe", "img", "object", "form", "base", "video", "audio"}
    addresses = [value for _, name, value in seen.attributes if name in {"src", "href", "action"}]
    assert all(one.startswith(("#", "data:,")) for one in addresses)
    assert not [name for _, name, _ in seen.attributes if name.startswith("on")]
    assert "url(" not in page(plan(one_of_each()))
    (policy,) = [value for _, name, value in seen.attributes if "default-src" in value]
    assert "default-src 'none'" in policy


def test_it_can_be_read_by_those_who_do_not_see_it() -> None:
    seen = Page(page(plan(one_of_each(), refusals=["no"], notices=["note"])))
    assert ("html", "lang", "en") in seen.attributes
    heads = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert heads[0] == 1
    assert heads.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(heads))
    cells = [names for tag, names in seen.tags if tag == "th"]
    assert cells
    assert all("scope" in names for names in cells)
    ids = [value for _, name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labelled = [value for _, name, value in seen.attributes if name == "aria-labelledby"]
    assert set(labelled) <= set(ids)
    assert {
        value[1:] for _, name, value in seen.attributes if name == "href" and value != "data:,"
    } <= {*ids}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_text_stands_out_from_its_ground_in_light_dark_and_print() -> None:
    style = page(plan([])).partition("<style>")[2].partition("</style>")[0]
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", rules))
        for rules in re.findall(r":root \{([^}]*)\}", style)
    ]
    assert len(schemes) == 3
    light = schemes[0]
    for scheme in ({**light, **one} for one in schemes):
        for ground in (scheme["page"], scheme["card"]):
            for name in (
                "text",
                "quiet",
                "create",
                "update",
                "delete",
                "conflict",
                "kept",
                "focus",
            ):
                assert contrast(scheme[name], ground) >= 4.5, (name, scheme)
        for name in ("create", "update", "delete", "conflict", "kept"):
            assert contrast(scheme[name], scheme[f"{name}-back"]) >= 4.5, (name, scheme)


def test_what_differs_within_a_long_value_is_marked() -> None:
    old, new = "word " * 40 + "one " + "word " * 40, "word " * 40 + "two " + "word " * 40
    text = page(plan([change("config/a", "update", field(base=old, live=old, desired=new))]))
    assert "<del>one</del><ins>two</ins>" in text
    deep = {"rules": [{"name": f"rule{number}", "port": number} for number in range(20)]}
    other = {"rules": [*deep["rules"][:-1], {"name": "rule19", "port": 0}]}
    text = page(plan([change("config/a", "update", field(base=deep, live=deep, desired=other))]))
    assert re.search(r'<span class="old">- +&#34;port&#34;: 19</span>', text)
    assert re.search(r'<span class="new">\+ +&#34;port&#34;: 0</span>', text)
    assert "rule3" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 30_000, "b " * 30_000),
        (list(range(20_000)), list(range(20_000, 0, -1))),
        ({"a": "x" * 1_000_000}, {"a": "y" * 1_000_000}),
        ("short", "other"),
    ],
)
def test_values_that_are_too_long_are_shown_in_part(old: object, new: object) -> None:
    diff = diff_values(old, new)
    assert diff is None or sum(len(one.text) for one in diff.pieces) < 30_000
    text = page(plan([change("config/a", "update", field(base=old, live=old, desired=new))]))
    assert len(text) < 80_000
    assert Page(text).open == []


def test_a_conflict_has_its_three_sides_and_commands_to_copy() -> None:
    row = change(
        "config/a",
        "conflict",
        field(base=30, live=45, desired=60),
        edited_by="admin@example.com",
        edited_at="2026-11-20 09:30:00",
    )
    text = " ".join(Page(page(plan([row], protected=True))).text.split())
    assert "last settled 30 live now 45 by admin@example.com, 2026-11-20 in the spec 60" in text
    assert (
        "To keep what is live: penguin-compile plan spec/shop.yaml --env prod --keep-live config/a "
        "--out plan.json"
    ) in text
    assert "spec/shop.yaml:61:7" in text
    assert "protected" in text
