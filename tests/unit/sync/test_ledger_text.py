import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.model.record import SecretState
from penguin_compile.sync.ledger_text import read_fields, write_fields

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
secrets = st.builds(SecretState, fingerprint=st.none() | st.text(), stored=st.none() | st.text())


@pytest.mark.slow
@given(st.dictionaries(st.text(), values | secrets))
def test_what_is_written_is_read_back(fields):
    assert read_fields(write_fields(fields)) == fields


def test_a_value_that_looks_like_a_secrets_state_stays_a_value():
    value = {"fingerprint": "a", "stored": "b"}
    assert read_fields(write_fields({"value": value})) == {"value": value}


def test_a_set_has_one_text():
    assert json.loads(write_fields({"to": frozenset("ba")}))["fields"] == {"to": ["a", "b"]}


def test_half_of_a_surrogate_pair_is_text_that_a_database_takes():
    fields = {"value": "d\udcffk"}
    text = write_fields(fields)
    assert text.isascii()
    assert read_fields(text) == fields
