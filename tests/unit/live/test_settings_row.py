import pytest

from penguin_compile.live.config.row import Interpreter, Row
from penguin_compile.model.record import SecretState
from penguin_compile.model.setting import Unparsed, canonical_value
from tests.live.settings_app import make_app

STANDARD = {
    "config_key": "smtp_port",
    "config_value": "25",
    "config_type": "integer",
    "category": "email",
    "description": None,
    "is_sensitive": 0,
    "updated_by": "penguin-compile",
    "last_updated": "2026-01-01 00:00:00",
}


def row(**columns):
    values = STANDARD | columns
    return Row(key=values["config_key"], columns=values)


def read(one, *, secret_keys=(), salt=b"salt"):
    settings = make_app().settings
    keys = frozenset(secret_keys)
    return Interpreter(settings=settings, secret_keys=keys, keyring=None, salt=salt).read(one)


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("integer", " 8080", 8080),
        ("integer", "many", "many"),
        ("boolean", "True", True),
        ("boolean", "maybe", "maybe"),
        ("json", '{"a": 1}', {"a": 1}),
        ("json", "NaN", "NaN"),
        ("json", "[1e400]", "[1e400]"),
        ("json", '"\\ud800"', '"\\ud800"'),
        ("boolean", " true", " true"),
        ("json", "[" * 100_000, "[" * 100_000),
        ("string", "8080", "8080"),
        ("string", None, None),
    ],
)
def test_a_text_is_read_as_its_type_or_stays_a_text(declared, text, value):
    assert canonical_value(declared, text) == value


def test_a_text_that_does_not_parse_is_told_from_a_value_of_its_letters():
    assert isinstance(canonical_value("json", "dark"), Unparsed)
    assert not isinstance(canonical_value("json", '"dark"'), Unparsed)


def test_the_type_that_the_spec_declares_counts_more_than_the_rows():
    assert read(row(config_type="string")).fields["value"] == 25
    assert read(row(config_key="unknown", config_type="string")).fields["value"] == "25"


@pytest.mark.parametrize("flag", [True, 1, "1", "T", "t", "true", "TRUE"])
def test_every_spelling_of_true_is_sensitive(flag):
    live = read(row(config_key="unknown", is_sensitive=flag))
    assert live.fields["sensitive"] is True
    assert isinstance(live.fields["value"], SecretState)


@pytest.mark.parametrize("flag", [False, 0, "0", "F", "false", None, ""])
def test_every_spelling_of_false_is_not(flag):
    assert read(row(is_sensitive=flag)).fields["sensitive"] is False


def test_whatever_marks_a_row_as_secret_keeps_its_value_out():
    for one, known in (
        (row(config_key="smtp_pass", config_value="hunter2"), ()),
        (row(config_key="gone", config_value="hunter2", is_sensitive=1), ()),
        (row(config_key="gone", config_value="hunter2"), ("gone",)),
        (row(config_key="gone", config_value="enc:v1:k:hunter2"), ()),
    ):
        live = read(one, secret_keys=known)
        assert isinstance(live.fields["value"], SecretState)
        assert live.fields["value"].stored is not None
        assert "hunter2" not in repr((one, live))


def test_the_digest_is_of_what_plan_compares():
    same = row(updated_by="admin", last_updated="2027-01-01", is_sensitive=False)
    assert row().digest == same.digest
    for change in ({"config_value": "26"}, {"category": "x"}, {"is_sensitive": 1}):
        assert row(**change).digest != row().digest


def test_an_edit_names_who_made_it_and_our_own_write_nobody():
    edited = read(row(updated_by="admin@example.com"))
    assert (edited.edited_by, edited.edited_at) == ("admin@example.com", "2026-01-01 00:00:00")
    assert (read(row()).edited_by, read(row()).edited_at) == (None, None)
