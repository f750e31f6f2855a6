"""A value as YAML text: the shortest that reads back as exactly that value, in a given style.

What `splicing.py` writes. Texts that YAML 1.1 would take for something else are quoted, too: a spec
is read by other programs than this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from penguin_compile.source.scalars import resolve_plain

_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`")
_IN_FLOW: Final = frozenset(",[]{}:")  # a colon only confuses older parsers, which is enough
_LOOKALIKE: Final = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|=|<<|\.\.\.|[-+]?\.(?:inf|nan)"
    r"|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?"
    r"|[-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t \t].*)?)\Z"
)
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BREAKS: Final = re.compile(r"\n+")


def scalar_texts(value: Any, *, style: str | None, flow: bool) -> Iterator[str]:
    """Ways to write a scalar on one line, the one that keeps a style first."""
    if not isinstance(value, str):
        yield _word(value)
        return
    if style is None and is_plain(value, flow=flow):
        yield value
    double, single = double_quoted(value), "'" + value.replace("'", "''") + "'"
    if style == "'" or (style != '"' and len(single) < len(double)):
        yield from (single,) if value.isprintable() else ()
    yield double


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether a text needs no quotes, here and for readers of YAML 1.1."""
    return (
        text.isprintable()
        and text == text.strip() != ""
        and text[0] not in _INDICATORS
        and not text.startswith(("--- ", "... "))
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (flow and not _IN_FLOW.isdisjoint(text))
        and resolve_plain(text) is text
        and _LOOKALIKE.match(text) is None
    )


def double_quoted(text: str) -> str:
    """In double quotes, which can say everything; JSON reads it as the same text."""
    return '"' + "".join(_escape(one) for one in text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _word(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def key_text(key: str, *, json: bool) -> str:
    """A key, quoted where it has to be."""
    return key if not json and is_plain(key, flow=True) else double_quoted(key)


def flow_text(value: Any, *, json: bool = False, flow: bool = True) -> str:
    """Any value on one line; `flow` is whether it stands in brackets already."""
    if isinstance(value, dict):
        pairs = (
            f"{key_text(key, json=json)}: {flow_text(item, json=json)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item, json=json) for item in value) + "]"
    return next(scalar_texts(value, style='"' if json else None, flow=flow))


def block_lines(value: Any) -> list[str]:
    """A collection as lines of the canonical layout; anything else as its one line."""
    if not is_full(value):
        return [flow_text(value, flow=False)]
    lines: list[str] = []
    if isinstance(value, list):
        for item in value:
            first, *rest = block_lines(item)
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        return lines
    for key, item in value.items():
        inner, name = block_lines(item), key_text(key, json=False)
        if is_full(item):
            lines += [f"{name}:", *(f"  {line}" for line in inner)]
        else:
            lines.append(f"{name}: {inner[0]}")
    return lines


def is_full(value: Any) -> bool:
    """Whether a value is a collection with something in it."""
    return isinstance(value, dict | list) and bool(value)


def block_scalar(text: str, style: str, step: int) -> tuple[str, list[str]] | None:
    """A text as a literal or folded block: the header, and the lines of the content.

    None where a block can't say it, or not safely.
    """
    if not text.strip() or not all(one.isprintable() or one in "\n\t" for one in text):
        return None
    content = text.rstrip("\n")
    kept = len(text) - len(content)
    if style == ">":
        if any(line[:1] in {" ", "\t"} for line in content.split("\n")):
            return None  # such lines are not folded
        content = _BREAKS.sub(lambda found: found[0] + "\n", content)
    lines = content.split("\n") + [""] * (kept - 1)
    digit = str(step) if text[0] in " \n\t" else ""
    return style + digit + ("-", "", "+")[min(kept, 2)], lines
