"""Places in what is no file: a line for each name, in a text that stands for a list of a server."""

from __future__ import annotations

from collections.abc import Sequence

from penguin_compile.core.span import Source, Span


def listed_places(shown: str, names: Sequence[str]) -> list[Span]:
    """The places of names, in their order; `shown` is what a person knows the list by."""
    lines = [" ".join(name.split()) for name in names]
    source = Source(shown, "\n".join(lines))
    starts = [source.line_start(number) for number in range(1, len(lines) + 1)]
    return [Span(source, at, at + len(line)) for at, line in zip(starts, lines, strict=True)]
