"""Data to YAML text for targets `compose` and `kubernetes`: block style, plain where it is safe.

A string stays bare only if it begins with a letter or `/` and holds nothing that has a meaning in
YAML 1.1 or 1.2; every other one is quoted. Emitters that know all of YAML take 20 times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring
from math import isfinite, isnan
from typing import Any

_BARE = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*\Z")
# What some reader takes for null, a boolean, or a number, once its case is folded.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# Not printable in YAML 1.1, or a line break there.
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Text that a literal block (`|`) holds as it stands, whoever reads it.
_BLOCK = re.compile(
    r"(?:[!-~\u00a1-\u2027\u2030-\ud7ff][ -~\u00a1-\u2027\u2030-\ud7ff]*\n)"
    r"(?:[ -~\u00a1-\u2027\u2030-\ud7ff]*\n)*"
    r"(?:[ -~\u00a1-\u2027\u2030-\ud7ff]*[!-~\u00a1-\u2027\u2030-\ud7ff]\n?)\Z"
)
_LONGEST_KEY = 1000  # a simple key may have 1024 characters, its quotes included


def yaml_text(value: dict[str, Any] | list[Any]) -> str:
    """A document of mappings, sequences, strings, numbers, booleans and nulls."""
    lines: list[str] = []
    _Emitter(lines.append).node("", value, "")
    return "".join(lines)


class _Emitter:
    """Writes nodes; strings that came before are looked up, because most of them come often."""

    __slots__ = ("_scalars", "_write")

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._scalars: dict[str, str] = {}

    def node(self, lead: str, value: Any, indent: str) -> None:
        """One value after `lead`, such as `  key:`; what belongs to it stands at `indent`."""
        if isinstance(value, str):
            self._string(lead, value, indent)
        elif isinstance(value, dict):
            self._mapping(lead, value, indent)
        elif isinstance(value, list | tuple):
            self._sequence(lead, value, indent)
        else:
            self._write(f"{_after(lead)}{_plain(value)}\n")

    def _mapping(self, lead: str, value: dict[str, Any], indent: str) -> None:
        if not value:
            self._write(f"{_after(lead)}{{}}\n")
            return
        start = indent
        if lead.endswith("-"):
            start = f"{lead} "  # the first key stands beside the dash
        elif lead:
            self._write(f"{lead}\n")
        deeper = f"{indent}  "
        for key, item in value.items():
            name = self.scalar(str(key))
            if len(name) > _LONGEST_KEY:
                self._write(f"{start}? {name}\n")
                start, name = indent, ""
            self.node(f"{start}{name}:", item, deeper)
            start = indent

    def _sequence(self, lead: str, value: list[Any] | tuple[Any, ...], indent: str) -> None:
        if not value:
            self._write(f"{_after(lead)}[]\n")
            return
        start = indent
        if lead.endswith("-"):
            start = f"{lead} "
        elif lead:
            self._write(f"{lead}\n")
        deeper = f"{indent}  "
        for item in value:
            self.node(f"{start}-", item, deeper)
            start = indent

    def _string(self, lead: str, text: str, indent: str) -> None:
        if "\n" in text and _BLOCK.match(text):
            chomp = "|" if text.endswith("\n") else "|-"
            body = text.removesuffix("\n").replace("\n", f"\n{indent}")
            self._write(f"{_after(lead)}{chomp}\n{indent}{body}\n")
        else:
            self._write(f"{_after(lead)}{self.scalar(text)}\n")

    def scalar(self, text: str) -> str:
        """A string on one line, quoted where it has to be."""
        known = self._scalars.get(text)
        if known is None:
            known = self._scalars[text] = _quote(text)
        return known


def _after(lead: str) -> str:
    return f"{lead} " if lead else ""


def _quote(text: str) -> str:
    if _BARE.match(text) and text.lower() not in _WORDS:
        return text
    quoted = encode_basestring(text)  # JSON's escapes are YAML's, but for the characters below
    return _UNPRINTABLE.sub(_escape, quoted)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"YAML has no form for {type(value).__name__}")


def _float(value: float) -> str:
    if isnan(value):
        return ".nan"
    if not isfinite(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    # YAML 1.1 takes an exponent for one only after a dot, and with a sign
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{exponent}{power}"
