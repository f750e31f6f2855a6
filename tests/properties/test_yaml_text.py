"""The emitter against readers of both versions of YAML: what is read is what was written."""

from __future__ import annotations

import math
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from penguin_compile.targets.yaml_text import yaml_text

WORDS = """
y n yes no on off true false null ~ Yes NO On OFF TRUE Null .inf -.INF .nan = << - -- --- ... ?
0 01 0o7 0x1F 0b1 1_000 1e3 1.5 +1 -0 .5 1. 1:30 190:20:30.15 2020-01-01 2001-12-14t21:59:43.10Z
: a: :a a:b a:: #a a#b @a `a %a &a *a !a |a >a {a} [a] a,b 'a' "a" ${A-x} $$ key: \\ \\n
"""
SPACED = [
    "",
    " ",
    "a ",
    " a",
    "a b",
    "a: b",
    "a #b",
    "- a",
    "? a",
    "\t",
    "\n",
    "a\n",
    "\na",
    "a\n\n",
]
LINES = [
    " a\nb",
    "a\n b\n",
    "a\n \nb",
    "a\r\nb",
    "a\tb\nc",
    "a\n# b\n--- c\n",
    "é\nß\n",
    "a" * 1200,
]
SPECIAL = ["\x00", "\x85", "\u2028", "\ufeff", "\ud7ff", "\U0001f427", "\xa0"]
AMBIGUOUS = [*WORDS.split(), *SPACED, *LINES, *SPECIAL]

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("ab:-#?{}[],&*!|>'\"%@` \n\t~.0123456789_$", max_size=12),
    st.sampled_from(AMBIGUOUS),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=5) | st.lists(VALUES, max_size=5)


def read(text: str, version: tuple[int, int] | None):
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    return yaml.load(StringIO(text, newline=""))


def typed(value):
    """With types beside values, because 1 == True == 1.0."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return type(value).__name__, value


@pytest.mark.parametrize("version", [None, (1, 1)], ids=["YAML 1.2", "YAML 1.1"])
@given(document=DOCUMENTS)
@example(document={"a": [[], {}, [[1]], [{"b": [{}]}], [["x\ny", "z"]]], "": {"": ""}})
@example(document={text: [text, {text: text}] for text in AMBIGUOUS})
def test_what_is_read_is_what_was_written(document, version):
    assert typed(read(yaml_text(document), version)) == typed(document)


def test_not_a_number():
    assert math.isnan(read(yaml_text({"a": math.nan}), None)["a"])


def test_no_form_for_other_things():
    with pytest.raises(TypeError, match="object"):
        yaml_text({"a": object()})


def test_what_it_looks_like():
    document = {
        "name": "myapp",
        "services": {
            "api": {
                "build": "../services/api",
                "ports": ["8080:80", "db:/var/lib/x"],
                "depends_on": {"db": {"condition": "service_healthy"}},
                "command": "first\nsecond\n",
                "labels": {},
                "mounts": [{"type": "bind", "source": "."}, []],
            }
        },
    }
    assert yaml_text(document) == (
        "name: myapp\n"
        "services:\n"
        "  api:\n"
        '    build: "../services/api"\n'
        "    ports:\n"
        '      - "8080:80"\n'
        "      - db:/var/lib/x\n"
        "    depends_on:\n"
        "      db:\n"
        "        condition: service_healthy\n"
        "    command: |\n"
        "      first\n"
        "      second\n"
        "    labels: {}\n"
        "    mounts:\n"
        "      - type: bind\n"
        '        source: "."\n'
        "      - []\n"
    )
