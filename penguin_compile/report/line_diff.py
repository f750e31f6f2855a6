"""The lines in which two texts differ, as unified hunks, in a time that does not explode.

difflib's own way is quadratic in the number of changes: a minute for 10,000 of them. So lines that
stand exactly once in each text are matched first (the idea of patience diff), and difflib only sees
the short pieces between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

NO_NEWLINE: Final = "\\ No newline at end of file"
_CONTEXT: Final = 3
_MOST_WORK: Final = 1_000_000  # lines times lines of a piece that difflib is still given
_Block = tuple[int, int, int]  # where equal lines begin in both texts, and how many they are


def diff_lines(old: str, new: str) -> Iterator[str]:
    """Lines of unified hunks without their line ends; nothing where the texts are equal."""
    before, after = _split(old), _split(new)
    matcher = _Matcher(before, after)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@"
        for tag, from_old, to_old, from_new, to_new in group:
            if tag == "equal":
                yield from _signed(" ", before[from_old:to_old])
            else:
                yield from _signed("-", before[from_old:to_old])
                yield from _signed("+", after[from_new:to_new])


def _split(text: str) -> list[str]:
    """Lines with their ends, as git and patch see them: splitlines knows ten other ends."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _signed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield sign + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield NO_NEWLINE


class _Matcher(SequenceMatcher[str]):
    """difflib's opcodes and groups, from blocks that were found otherwise."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        super().__init__(None, (), ())
        self._blocks = [*_join(_match(old, new)), (len(old), len(new), 0)]

    def get_matching_blocks(self) -> list[_Block]:  # type: ignore[override]  # tuples do
        return self._blocks


def _join(blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Blocks that touch are one: else the context of a change would have no end."""
    start, other, size = 0, 0, 0
    for one in blocks:
        if one[:2] == (start + size, other + size):
            size += one[2]
        else:
            yield from [(start, other, size)] if size else []
            start, other, size = one
    yield from [(start, other, size)] if size else []


def _match(old: Sequence[str], new: Sequence[str]) -> Iterator[_Block]:
    """Blocks of equal lines in order: at the start, between anchors and at the end."""
    head, tail = _common_ends(old, new)
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    yield from [(0, 0, head)] if head else []
    start = (head, head)
    for anchor in [*_anchors(old_middle, new_middle), (len(old_middle), len(new_middle))]:
        end = (head + anchor[0], head + anchor[1])
        for at, other, size in _match_piece(old[start[0] : end[0]], new[start[1] : end[1]]):
            yield (start[0] + at, start[1] + other, size)
        if anchor[0] < len(old_middle):
            yield (*end, 1)
        start = (end[0] + 1, end[1] + 1)
    yield from [(len(old) - tail, len(new) - tail, tail)] if tail else []


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are equal at the start and, those apart, at the end."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    most -= head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    return head, tail


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Where lines stand that each text has once, as many as keep their order in both."""
    counts = Counter(new)
    places = {line: at for at, line in enumerate(new) if counts[line] == 1}
    counts = Counter(old)
    pairs = [(at, places[one]) for at, one in enumerate(old) if counts[one] == 1 and one in places]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest selection of pairs whose second numbers rise; the first ones do already."""
    lowest_ends: list[int] = []  # by length: the lowest number that a selection ends with
    ending: list[int] = []  # the pair that number is of
    before: list[int] = []  # for each pair, the one that comes before it
    for index, (_, number) in enumerate(pairs):
        length = bisect_left(lowest_ends, number)
        before.append(ending[length - 1] if length else -1)
        lowest_ends[length : length + 1] = [number]
        ending[length : length + 1] = [index]
    chosen = []
    index = ending[-1] if ending else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _match_piece(old: Sequence[str], new: Sequence[str]) -> Iterator[_Block]:
    """A piece between anchors; one that is too large for difflib counts as replaced."""
    head, tail = _common_ends(old, new)
    yield from [(0, 0, head)] if head else []
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if all(middle) and len(middle[0]) * len(middle[1]) <= _MOST_WORK:
        for at, other, size in SequenceMatcher(None, *middle, False).get_matching_blocks()[:-1]:
            yield (head + at, head + other, size)
    yield from [(len(old) - tail, len(new) - tail, tail)] if tail else []
