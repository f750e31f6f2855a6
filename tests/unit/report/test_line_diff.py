"""Unified hunks: whatever the texts, they lead from the old one to the new one."""

from __future__ import annotations

import difflib
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.report.line_diff import NO_NEWLINE, diff_lines

LINES = st.sampled_from(["", "a", "b", "c", "{", "}", "x\x0b\x1cy", "- d", "+ e", "\\ f", "@@ g"])
UNIQUE = st.integers(0, 30).map(str)
TEXTS = st.tuples(st.lists(LINES | UNIQUE, max_size=40), st.sampled_from(["", "\n"])).map(
    lambda pair: "\n".join(pair[0]) + pair[1]
)


def patched(old: str, lines: list[str]) -> str:
    """What a reader makes of the old text who follows the hunks."""
    before = old.split("\n")  # the last one is what follows the last line end
    before = [f"{one}\n" for one in before[:-1]] + ([before[-1]] if before[-1] else [])
    after: list[str] = []
    at = 0
    for line, following in pairwise([*lines, ""]):
        text = line[1:] if following == NO_NEWLINE else f"{line[1:]}\n"
        if line.startswith("@@ "):
            start, _, length = line.split()[1].removeprefix("-").partition(",")
            begins = int(start) - (length != "0")
            after += before[at:begins]
            at = begins
        elif line[0] in " -":
            assert before[at] == text
            at += 1
        if line[0] in " +":
            after.append(text)
    return "".join(after + before[at:])


@given(TEXTS, TEXTS)
def test_the_hunks_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    lines = list(diff_lines(old, new))
    assert (lines == []) == (old == new)
    assert patched(old, lines) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a\n"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nc"),
        ("one\ntwo\x0bstill two\x85\u2028x\nthree\n", "one\ntwo\nthree\n"),
        ("\n".join("abcabcab"), "\n".join("cabbacx")),
        ("".join(f"{n}\n{{\n" for n in range(60)), "".join(f"{n}\n{{\n}}\n" for n in range(5, 70))),
    ],
)
def test_git_applies_it(old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(old, newline="")
    body = "".join(f"{one}\n" for one in diff_lines(old, new))
    done = subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"],
        input=f"  a heading\n--- a/file\n+++ b/file\n{body}".encode(),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert (tmp_path / "file").read_bytes().decode() == new


def test_it_is_as_short_as_the_usual_one_where_lines_are_told_apart() -> None:
    old = [f"line {number}" for number in range(200)]
    new = [one for number, one in enumerate(old) if number % 7] + ["more"]
    usual = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    assert list(diff_lines("\n".join([*old, ""]), "\n".join([*new, ""]))) == usual


def test_ten_thousand_changes_of_a_large_file_do_not_explode() -> None:
    """Quadratic, this would be minutes, and the run would be killed."""
    old = "".join(f'{{\n"name": "s{n}",\n"port": 80,\n"auth": "none"\n}},\n' for n in range(10_000))
    lines = list(diff_lines(old, old.replace('"port": 80', '"port": 81')))
    assert sum(one.startswith("+") for one in lines) == 10_000
    assert sum(one.startswith("-") for one in lines) == 10_000
