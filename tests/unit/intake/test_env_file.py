"""Env files: values as the real Compose reads them, comments and places as people see them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.core.span import Source
from penguin_compile.intake.env_file import read_env_file
from tests.compose_program import RefusedError, environment, resolve_text

COMPOSE = "services:\n  web:\n    image: x\n    env_file: test.env\n"
NASTY = r"""
A=1
B = 2
C= "x y" # c
E="a\nb\t\"q\" \\ $A ${A} \$A"
F='raw $A \n'
G=a#b
H=a #b
I=#c
J=
K: yaml
export L=5
M=$A-${Z:-dd}
N="multi
line"
O='sq\'x'
OO="dq\'x\"y"
TAB=x	# no comment
P=a b  c
Q="x$$y"
R=x$$y
S=`date`
T=0 2 * * *
U.V=dot
A=again
W="unt # x"   # comment
X=\n
Y='$$'
"""
LINES = st.lists(
    st.builds(
        "{}={}".format,
        st.sampled_from(["A", "B", "C_1", "export D"]),
        st.text("ab '\"#$\\{}:-=\t", max_size=8),
    ),
    max_size=6,
)


def real(text, folder):
    (folder / "test.env").write_text(text, encoding="utf-8")
    return environment(resolve_text(COMPOSE, folder, may_warn=True), "web")


@pytest.mark.slow
def test_nasty_values_are_what_compose_reads(tmp_path):
    read = read_env_file(Source("test.env", NASTY))
    assert read.values == real(NASTY, tmp_path)
    assert [one.message for one in read.findings] == [
        'the value of "S" holds shell code: it is never run, and stays text'
    ]


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=LINES)
def test_what_is_read_without_a_complaint_is_what_compose_reads(lines, tmp_path_factory):
    text = "\n".join(lines) + "\n"
    read = read_env_file(Source("test.env", text))
    try:
        told = real(text, tmp_path_factory.mktemp("env"))
    except RefusedError:
        return  # a person is told by Compose
    if not read.findings:
        assert read.values == told


def test_comments_headings_and_what_is_commented_out():
    text = """\
# ====
# Mail
# ====
# Where mail goes out
SMTP_HOST=localhost
SMTP_PORT=25 # the port

# Cache Configuration
CACHE_TTL=5
CACHE_SIZE=6
#OLD=1
# NEW="two words" # later
# prose with A=b in it
"""
    entries = {one.name: one for one in read_env_file(Source("x.env", text)).entries}
    assert {name: one.comment for name, one in entries.items()} == {
        "SMTP_HOST": "Where mail goes out",
        "SMTP_PORT": "the port",
        "CACHE_TTL": None,
        "CACHE_SIZE": None,
        "OLD": None,
        "NEW": "later",
    }
    assert entries["SMTP_PORT"].heading == "Mail"
    assert entries["CACHE_SIZE"].heading == "Cache Configuration"
    assert [name for name, one in entries.items() if one.commented_out] == ["OLD", "NEW"]
    assert entries["NEW"].value == "two words"
    assert entries["SMTP_PORT"].place.line == 6


@pytest.mark.parametrize("line", ["not one", "A B=1", "=x", "'A'=1"])
def test_what_is_no_assignment_is_told_and_the_rest_read(line):
    read = read_env_file(Source("x.env", f"{line}\nOK=1\n"))
    assert read.values == {"OK": "1"}
    (finding,) = read.findings
    assert (finding.code, finding.span.line) == ("PC553", 1)


def test_a_quote_that_stays_open_is_told():
    read = read_env_file(Source("x.env", 'A="open\nB=2\n'))
    assert [one.message for one in read.findings] == ["a quote that is not closed"]
    assert read.values == {"B": "2"}


def test_a_name_alone_comes_from_outside_and_the_last_of_two_counts():
    read = read_env_file(Source("x.env", "A\nB\nC=1\nC=2\n"), {"A": "outer"})
    assert read.values == {"A": "outer", "C": "2"}
    assert [one.name for one in read.active] == ["A", "B", "C", "C"]
