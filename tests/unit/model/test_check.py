"""Values against types and checks: nothing raises, and nothing echoes a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.model.check import flaws, violations
from penguin_compile.model.setting import UNSET, Check, Manage, Setting, SettingType

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def setting(kind: str = "string", *, sensitive: bool = False, **check: Any) -> Setting:
    return Setting(
        key="key",
        type=SettingType(kind),
        category="system",
        description=None,
        variable="KEY",
        default=UNSET,
        check=Check(**check) if check else None,
        manage=Manage.MERGE,
        protected=False,
        sensitive=sensitive,
        secret=None,
        required=False,
    )


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["", "5", "true"], [5, True, None, ["a"], 1.5]),
        ("integer", [0, -5, 10**40], [True, 5.0, "5", None]),
        ("number", [0, 1.5, -2], [True, "1", float("nan"), float("inf"), None]),
        ("boolean", [True, False], [0, 1, "true", None]),
        ("json", [None, {}, [1, "a", None], {"a": {"b": False}}], [{1: 2}, {"a": float("nan")}]),
    ],
)
def test_types_are_strict(kind: str, good: list[Any], bad: list[Any]) -> None:
    assert [one for one in good if violations(setting(kind), one)] == []
    assert [one for one in bad if not violations(setting(kind), one)] == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "hostname",
            ["a", "smtp.example.com", "10.0.0.1", "a-1.b", "x" * 63],
            ["", "-a", "a-", "a..b", "a_b", "a b", "ü.de", "a.", "x" * 64, "a." * 127 + "a", "a\n"],
        ),
        (
            "url",
            [
                "http://a",
                "https://u@a.b:80/c?d#e",
                "mysql://u:p@h/db",
                "sqlite:///a.db",
                "http://[::1]",
            ],
            [
                "",
                "a",
                "http://",
                "http:///a",
                "//a/b",
                "http://a:99999",
                "http://a b",
                "http://[::1",
            ],
        ),
        (
            "email",
            ["a@b", "a.b+c@d.example"],
            ["", "a", "@b", "a@", "a@b@c", "a b@c", ".a@b", "a@-"],
        ),
        ("port", ["1", "65535"], ["0", "65536", "", "-1", "8o", "1.0", "999999"]),
        ("ipv4", ["10.0.0.1"], ["", "10.0.0", "256.0.0.1", "10.0.0.01", "::1"]),
        ("ipv6", ["::1", "fe80::1%eth0"], ["", "10.0.0.1", ":::1", "[::1]"]),
        ("duration", ["30s", "5m", "0h"], ["", "30", "5 m", "1d", "-1s", "1.5h", "s"]),
    ],
)
def test_formats_of_texts(name: str, good: list[str], bad: list[str]) -> None:
    checked = setting(format=name)
    assert [one for one in good if violations(checked, one)] == []
    assert [one for one in bad if not violations(checked, one)] == []


def test_ports_and_durations_may_be_integers() -> None:
    assert violations(setting("integer", format="port"), 443) == []
    assert violations(setting("integer", format="port"), 0) == ["must be a port from 1 to 65535"]
    assert violations(setting("integer", format="duration"), 30) == []
    assert flaws(setting("integer", format="port")) == []
    assert flaws(setting("integer", format="hostname"))
    assert flaws(setting("boolean", format="port"))


def test_bounds_lengths_patterns_and_choices_are_all_told_at_once() -> None:
    checked = setting(min_length=2, max_length=3, pattern="^[a-z]+$", enum=("ab", "abc"))
    assert violations(checked, "ab") == []
    assert violations(checked, "X") == [
        'must be one of "ab", "abc"',
        "must have at least 2 characters",
        "must match ^[a-z]+$",
    ]
    assert violations(checked, "abcd") == [
        'must be one of "ab", "abc"',
        "must have at most 3 characters",
    ]
    bounded = setting("number", minimum=0, maximum=1.5)
    assert violations(bounded, -1) == ["must be at least 0"]
    assert violations(bounded, 2) == ["must be at most 1.5"]
    assert violations(bounded, 1.5) == []


def test_choices_are_equal_as_json_has_it() -> None:
    assert violations(setting("number", enum=(1, 2.5)), 1.0) == []
    assert violations(setting("json", enum=(1, [True])), True) != []
    assert violations(setting("json", enum=(1, [True])), [1]) != []
    assert violations(setting("json", enum=({"a": 1, "b": 2},)), {"b": 2, "a": 1}) == []


def test_json_schemas_tell_where_and_keep_values_to_themselves() -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}}}}
    assert violations(setting("json", schema=schema), {"a": [1, "hunter2"]}) == [
        'does not fit its JSON Schema at /a/1: the value is not of type "integer"'
    ]
    secret = setting("json", schema={"additionalProperties": False}, sensitive=True)
    assert violations(secret, {"hunter2": 1}) == ["does not fit its JSON Schema"]


def test_half_a_surrogate_pair_is_a_finding() -> None:
    (found,) = violations(setting("json", schema={"type": "string"}), "\ud800")
    assert "no Unicode" in found


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "a{99999999999999999999}"}, "no regular expression"),
        ({"minimum": 3}, "checks numbers"),
        ({"enum": ()}, "no value at all"),
        ({"enum": ("a", 1)}, "which is not a text"),
        ({"min_length": 3, "max_length": 2}, "is above"),
    ],
)
def test_flaws_of_checks(check: dict[str, Any], problem: str) -> None:
    (found,) = flaws(setting(**check))
    assert problem in found
    assert isinstance(violations(setting(**check), "text"), list)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objct"},
        {"minimum": "x"},
        {"pattern": "("},
        {"$ref": "#/nowhere"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"$schema": "https://example.com/own"},
    ],
)
def test_broken_schemas_are_flaws_and_fetch_nothing(schema: dict[str, Any]) -> None:
    (found,) = flaws(setting("json", schema=schema))
    assert found.startswith("`check` is no JSON Schema: ")
    assert violations(setting("json", schema=schema), {}) == [
        "can't be checked: its JSON Schema is broken"
    ]


@given(JSON, st.sampled_from(list(SettingType)))
def test_nothing_raises_and_no_text_is_echoed(value: Any, kind: SettingType) -> None:
    checked = setting(
        kind,
        sensitive=True,
        minimum=1,
        max_length=2,
        pattern="^x$",
        enum=("x",),
        format="url",
        schema={"type": "array", "items": {"const": 7}},
    )
    found = violations(checked, value)
    assert found or value == "x"
    if isinstance(value, str) and len(value) > 20:
        assert value not in " ".join(found)
