"""Compose's interpolation: which variables a text uses, and what it falls back to.

Source: the Compose specification, "Interpolation", and the tokens of compose-go's `template`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from penguin_compile.core.records import dataclass

REPLACED = "\0"  # stands in `plain` where a reference stood
_TOKEN = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-?+]|(?=\})))?|\}"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One `$NAME` or `${NAME…}`; `default` is the literal of `${NAME:-literal}`, if it is one."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A text of Compose, taken apart.

    `references` are all of them, nested ones too; `plain` is the rest with `$$` resolved;
    `broken` says that Compose refuses it: a lone dollar, a bad name, a brace that stays open.
    """

    references: tuple[Reference, ...]
    plain: str
    broken: bool


@dataclass(slots=True)
class _Open:
    """A `${NAME:-` whose brace isn't closed yet."""

    name: str
    operator: str
    start: int
    nested: bool = False


@lru_cache(maxsize=4096)
def read_text(text: str) -> Interpolation:
    """Take a text apart, in one pass and without recursion.

    Several rules read the same texts, and many containers have equal ones.
    """
    if "$" not in text:
        return Interpolation((), text, broken=False)
    reader = _Reader(text)
    for token in _TOKEN.finditer(text):
        reader.take(token)
    return reader.finish()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._references: list[Reference] = []
        self._plain: list[str] = []
        self._open: list[_Open] = []
        self._broken = False

    def take(self, token: re.Match[str]) -> None:
        """One dollar sign with what belongs to it, or a closing brace."""
        self._write(self._text[self._position : token.start()])
        self._position = token.end()
        if token["braced"] is not None:
            self._mark_nested()
            self._open.append(_Open(token["braced"], token["operator"], token.end()))
        elif token["named"] is not None:
            self._mark_nested()
            self._references.append(Reference(token["named"]))
            self._write(REPLACED)
        elif token["escaped"] is not None:
            self._write("$")
        elif token[0] == "$":
            self._broken = True
        elif self._open:
            self._references.append(_close(self._open.pop(), self._text, token.start()))
            self._write(REPLACED)
        else:
            self._write("}")

    def finish(self) -> Interpolation:
        """What was read; braces that are still open break it."""
        self._write(self._text[self._position :])
        self._references.extend(Reference(one.name) for one in self._open)
        broken = self._broken or bool(self._open)
        return Interpolation(tuple(self._references), "".join(self._plain), broken=broken)

    def _write(self, text: str) -> None:
        if not self._open:
            self._plain.append(text)

    def _mark_nested(self) -> None:
        if self._open:
            self._open[-1].nested = True


def _close(opened: _Open, text: str, end: int) -> Reference:
    if not opened.operator.endswith("-") or opened.nested:
        return Reference(opened.name)
    return Reference(opened.name, text[opened.start : end].replace("$$", "$"))
