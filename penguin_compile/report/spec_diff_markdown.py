"""What a change of the spec changes, as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from penguin_compile.model.spec_change import Kind, SpecChange, SpecDifference
from penguin_compile.report.markdown_comment import LONGEST, code
from penguin_compile.report.spec_diff_view import (
    SIGNS,
    Group,
    Sides,
    details,
    group,
    heading,
    sentence,
    texts,
)

_RESERVE: Final = 400  # for the closing lines of a text that was cut


def render_spec_diff_markdown(differences: Sequence[SpecDifference], sides: Sides) -> str:
    """A table for each group of environments, folded; cut with a count where it grows too long."""
    differing = [one for one in differences if one.differs]
    text = _Limited(f"### What the spec changes: {code(sides.title)}\n\n{sentence(differences)}\n")
    for difference in differing:
        if not text.add(f"\n#### {code(heading(difference))}\n"):
            break
        for note in difference.notes:
            text.add(f"\n- {code(note)}\n")
        for one in group(difference):
            _add_group(text, one)
    left = sum(len(one.changes) for one in differing) - text.told
    if left:
        text.close(
            f"\n**… and {left} more**, left out for length. All of it: {code(_again(sides))}\n"
        )
    return text.text


def _again(sides: Sides) -> str:
    head = "" if sides.head_commit is None else f" --head {sides.head_commit[:12]}"
    return f"penguin-compile diff --base {sides.base_commit[:12]}{head}"


class _Limited:
    """A text that refuses what would make it too long."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.told = 0
        self._full = False

    def add(self, part: str, *, told: int = 0) -> bool:
        """Whether there was room for it; once there was none, there is none."""
        self._full = self._full or len(self.text) + len(part) > LONGEST - _RESERVE
        if not self._full:
            self.text += part
            self.told += told
        return not self._full

    def close(self, part: str) -> None:
        """The end, for which room was kept."""
        self.text += part[: LONGEST - len(self.text)]


_TAIL: Final = "\n</details>\n"


def _add_group(text: _Limited, one: Group) -> None:
    counts = ", ".join(
        f"{number} {kind.value}"
        for kind in Kind
        if (number := sum(change.kind is kind for change in one.changes))
    )
    head = (
        f"\n<details><summary>{code(one.title)}: {counts}</summary>\n\n"
        "| | resource | field | before | after |\n| --- | --- | --- | --- | --- |\n"
    )
    if not text.add(head):
        return
    for change in one.changes:
        if not text.add("".join(f"{row}\n" for row in _rows(change)), told=1):
            break
    text.text += _TAIL


def _rows(change: SpecChange) -> Iterator[str]:
    """A row for each field that changed, and one for what came or went."""
    first = f"| {code(SIGNS[change.kind])} | {code(change.address)} |"
    if change.kind is not Kind.CHANGED:
        summary = " ".join(details(change))
        cell = code(summary) if summary else ""
        cells = f" | {cell} | |" if change.kind is Kind.REMOVED else f" | | {cell} |"
        yield first + cells
        return
    for one in change.fields:
        old, new = texts(change, one)
        yield f"{first} {code(one.path)} | {code(old)} | {code(new)} |"
        first = "| | |"
