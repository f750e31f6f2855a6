"""A draft as YAML: whatever it holds is read back as itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.core.span import Source
from penguin_compile.intake.draft import Draft, DraftEntry, DraftService
from penguin_compile.intake.spec_text import write_spec
from penguin_compile.source.formatting import format_text
from penguin_compile.source.yaml_events import parse_yaml

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.text(
    "ab -:#{}[],&*!|>'\"%@`$\n\\~?.0", max_size=8
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def spec_of(container, comment=""):
    draft = Draft(name="app", sources=("docker-compose.yml",))
    draft.services["web"] = DraftService(
        name="web", gateway={"gateway": False}, container=container, comments=[comment]
    )
    draft.variables["V"] = DraftEntry(name="V", keys={"default": "x"}, comments=[comment])
    return write_spec(draft)


@given(container=st.dictionaries(TEXTS, VALUES, max_size=5), comment=TEXTS)
def test_any_value_is_read_back_as_itself(container, comment):
    text = spec_of(container, comment)
    document, findings = parse_yaml(Source("spec.yaml", text))
    assert findings == []
    assert document.root["services"]["web"]["container"] == container
    assert document.root["variables"] == {"V": {"default": "x"}}


@pytest.mark.slow
@given(container=st.dictionaries(st.from_regex(r"[a-z_]{1,9}\Z"), VALUES, max_size=5))
def test_it_is_laid_out_the_canonical_way(container):
    text = spec_of(container)
    assert format_text(Source("spec.yaml", text)) == text
