"""Values of `core/records.py` behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from penguin_compile.core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A value."""

    name: str
    tags: tuple[str, ...] = ()
    note: str = dataclasses.field(default="", repr=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """The same, by the standard library."""

    name: str
    tags: tuple[str, ...] = ()
    note: str = dataclasses.field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Empty:
    """No fields."""


@dataclass(slots=True)
class Changing:
    """Not frozen: it has no hash."""

    count: int


@dataclass(frozen=True, slots=True)
class Masked:
    """One that says itself how it is shown."""

    value: str

    def __repr__(self) -> str:
        return "***"


@pytest.mark.parametrize(
    "ask",
    [
        lambda kind: repr(kind(name="a", tags=("b",), note="c")).replace(kind.__name__, "kind"),
        lambda kind: kind(name="a") == kind(name="a", note="other"),
        lambda kind: kind(name="a") == kind(name="b"),
        lambda kind: kind(name="a") == ("a", (), ""),
        lambda kind: hash(kind(name="a")) == hash(kind(name="a", note="other")),
        lambda kind: dataclasses.asdict(dataclasses.replace(kind(name="a"), tags=("b",))),
        lambda kind: [one.name for one in dataclasses.fields(kind)],
        lambda kind: kind.__match_args__,
        lambda kind: hasattr(kind(name="a"), "__dict__"),
        lambda kind: copy.deepcopy(kind(name="a")) == kind(name="a"),
        lambda kind: pickle.loads(pickle.dumps(kind(name="a"))) == kind(name="a"),
    ],
)
def test_what_a_value_answers_is_what_the_standard_library_answers(
    ask: Callable[[type], Any],
) -> None:
    assert ask(Ours) == ask(Theirs)


def test_what_a_class_says_itself_stands() -> None:
    assert repr(Masked("value")) == "***"
    assert Masked("value") == Masked("value")


def test_a_value_without_fields_equals_its_like() -> None:
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert repr(Empty()) == "Empty()"


def test_what_can_change_has_no_hash() -> None:
    changing = Changing(1)
    changing.count = 2
    assert changing == Changing(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(changing)
