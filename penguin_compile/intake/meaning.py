"""Two resolved Compose models compared, key by key; each difference with its reason (`init`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str, ...]


class Absent:
    """Says that there is nothing, which is not null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """Something that the draft changes on purpose: all differences below `path` come from it.

    `always`: it is told even where the env file at hand hides it.
    """

    path: Path
    reason: str
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one key was and is; `reason` is None where nobody intended it.

    Neither is there where another env file would show a difference, and this one doesn't.
    """

    path: Path
    before: Any
    after: Any
    reason: str | None = None

    @property
    def is_seen(self) -> bool:
        """Whether it shows with the env file at hand."""
        return self.before is not ABSENT or self.after is not ABSENT


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any], intentions: Sequence[Intention] = ()
) -> list[Difference]:
    """Every key in which two models differ, those of the original first."""
    found = [
        Difference(path=path, before=one, after=other, reason=_reason(path, intentions))
        for path, one, other in _differences((), before, after)
    ]
    reasons = {one.reason for one in found}
    hidden = [
        Difference(path=one.path, before=ABSENT, after=ABSENT, reason=one.reason)
        for one in intentions
        if one.always and one.reason not in reasons
    ]
    return [*found, *hidden]


def _reason(path: Path, intentions: Sequence[Intention]) -> str | None:
    fitting = [one for one in intentions if path[: len(one.path)] == one.path]
    return max(fitting, key=lambda one: len(one.path)).reason if fitting else None


def _differences(path: Path, one: Any, other: Any) -> Iterator[tuple[Path, Any, Any]]:
    if one == other:
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            yield from _differences((*path, str(key)), one.get(key, ABSENT), other.get(key, ABSENT))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _differences((*path, str(index)), first, second)
    else:
        yield path, one, other
