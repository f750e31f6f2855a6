"""Compose's `${…}`: a text taken apart, evaluated, and written again (under `intake/project.py`).

Source: the Compose specification, "Interpolation", and how its reference implementation was seen
to find the end of a `${…}`: it counts braces, but overlooks one directly behind an opening brace;
a line break ends the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self, TypeAlias

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALONE = re.compile(r"\$(?![A-Za-z_{$])")  # which older versions of Compose refuse
_OPERATOR = re.compile(r":?[-+?]")
_DEEPEST = 50  # references inside references

Lookup: TypeAlias = Callable[[str], str | None]


class BadInterpolation(ValueError):
    """Compose refuses the text; `offset` is that of the dollar sign."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class MissingVariable(ValueError):
    """A `${NAME:?…}` without a value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Reference:
    """One `$NAME` or `${NAME…}`; `operator` is empty, or one of `:- - :? ? :+ +`.

    `bare` tells that it was written without braces, which others may be counted by.
    """

    name: str
    operator: str = ""
    argument: tuple[Part, ...] = ()
    bare: bool = field(default=False, compare=False)

    @property
    def has_default(self) -> bool:
        """Whether it falls back to a text."""
        return self.operator in {":-", "-"}

    @property
    def default(self) -> str | None:
        """The text that it falls back to, where that refers to nothing itself."""
        if not self.has_default or any(isinstance(one, Reference) for one in self.argument):
            return None
        return "".join(str(one) for one in self.argument)


Part: TypeAlias = str | Reference


class Resolved(str):
    """A text after interpolation, which remembers what is written: `raw` has dollars and braces."""

    __slots__ = ("raw",)

    raw: str

    def __new__(cls, text: str, raw: str) -> Self:
        """The value, and the text that it came from."""
        made = super().__new__(cls, text)
        made.raw = raw
        return made


def raw_text(text: str) -> str:
    """What is written where a text stands: the same, with its dollars as Compose needs them."""
    return text.raw if isinstance(text, Resolved) else text.replace("$", "$$")


@lru_cache(maxsize=8192)
def parse(text: str) -> tuple[Part, ...]:
    """The literal stretches of a text and its references. Raises BadInterpolation."""
    return tuple(_parse(text, 0)) if "$" in text else ((text,) if text else ())


def _parse(text: str, depth: int) -> Iterator[Part]:
    position, plain = 0, ""
    while (dollar := text.find("$", position)) >= 0:
        plain += text[position:dollar]
        if text.startswith("$$", dollar):
            plain, position = plain + "$", dollar + 2
            continue
        if _ALONE.match(text, dollar):
            plain, position = plain + "$", dollar + 1
            continue
        reference, position = _reference(text, dollar, depth)
        if plain:
            yield plain
        plain = ""
        yield reference
    if plain := plain + text[position:]:
        yield plain


def _reference(text: str, dollar: int, depth: int) -> tuple[Reference, int]:
    """The reference at a dollar sign, and where the text goes on behind it."""
    braced = text.startswith("{", dollar + 1)
    name = _NAME.match(text, dollar + 1 + braced)
    if name is None or depth > _DEEPEST:
        raise BadInterpolation("a dollar sign that is neither ${NAME} nor $$", dollar)
    if not braced:
        return Reference(name[0], bare=True), name.end()
    if text.startswith("}", name.end()):
        return Reference(name[0]), name.end() + 1
    operator = _OPERATOR.match(text, name.end())
    line_end = text.find("\n", dollar)
    last = text.rfind("}", name.end(), len(text) if line_end < 0 else line_end)
    if operator is None or last < operator.end():
        raise BadInterpolation("a ${ that Compose finds no end of", dollar)
    end = _closing(text, dollar + 1, last)
    argument = tuple(_parse(text[operator.end() : end], depth + 1))
    return Reference(name[0], operator[0], argument), end + 1


def _closing(text: str, start: int, last: int) -> int:
    """The brace that closes the one at `start`; the last of the line where none is found."""
    opened, position = 0, start
    while position <= last:
        if text[position] == "}":
            opened -= 1
            if opened == 0:
                return position
        elif text[position] == "{":
            opened += 1
            position += 1  # what stands directly behind it is not looked at
        position += 1
    return last


def evaluate(
    parts: tuple[Part, ...], lookup: Lookup, missing: Callable[[str], str] | None = None
) -> str:
    """The text that Compose makes of it.

    A `${NAME:?…}` without a value is what `missing` makes of the name; without that it raises
    MissingVariable.
    """
    return "".join(one if isinstance(one, str) else _value(one, lookup, missing) for one in parts)


def _value(reference: Reference, lookup: Lookup, missing: Callable[[str], str] | None) -> str:
    value = lookup(reference.name)
    operator = reference.operator
    present = value is not None and not (operator.startswith(":") and value == "")
    if operator.endswith("?") and not present:
        if missing is None:
            raise MissingVariable(reference.name)
        return missing(reference.name)
    if operator.endswith("+"):
        return evaluate(reference.argument, lookup, missing) if present else ""
    if operator.endswith("-") and not present:
        return evaluate(reference.argument, lookup, missing)
    return value or ""


def write(parts: tuple[Part, ...]) -> str:
    """A text for Compose that means these parts."""
    return "".join(
        one.replace("$", "$$") if isinstance(one, str) else write_reference(one) for one in parts
    )


def write_reference(reference: Reference) -> str:
    """One reference as Compose reads it."""
    if reference.bare and not reference.operator:
        return f"${reference.name}"
    return f"${{{reference.name}{reference.operator}{write(reference.argument)}}}"


def references(parts: tuple[Part, ...]) -> Iterator[Reference]:
    """All references of a text, those inside of others behind them."""
    for one in parts:
        if isinstance(one, Reference):
            yield one
            yield from references(one.argument)


def map_references(
    parts: tuple[Part, ...], change: Callable[[Reference], Part]
) -> tuple[Part, ...]:
    """The same text with each reference changed, the inner ones first."""
    changed: list[Part] = []
    for one in parts:
        if isinstance(one, Reference):
            argument = map_references(one.argument, change)
            changed.append(change(replace(one, argument=argument)))
        else:
            changed.append(one)
    return tuple(changed)
