"""The change of the spec that would promote a live value: shown, never written.

Over `promotion.py`. The spec is read anew: it may have changed since the console began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguin_compile.core.errors import PenguinError, Refused
from penguin_compile.pipeline import check_file
from penguin_compile.promotion import Edit, Place, Promotion, Question, Wish
from penguin_compile.report.line_diff import diff_lines
from penguin_compile.report.printable import printable, printable_line
from penguin_compile.sync.live_settings import read_live_settings
from penguin_compile.sync.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """One file's lines, each with its sign: `+`, `-`, `@` or a space."""

    path: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What promoting would do. `question` asks for one of `places` where it isn't plain.

    `flags` choose the same place on the command line; `others` are environments that change too.
    """

    diffs: Sequence[Diff] = ()
    others: Sequence[str] = ()
    flags: str = ""
    settled: bool = False
    question: str = ""
    places: Sequence[Place] = ()


def propose(session: Session, spec: Path, key: str, chosen: int | None) -> Proposal:
    """The change for one key, at the place that was chosen, if one was.

    Raises PenguinError, with the reason, where the value can't be promoted.
    """
    name = session.app.environment.name
    live = read_live_settings(session, [f"config/{key}"])
    if not live.values:
        return Proposal(settled=True)
    checked = check_file(spec, [name])
    if checked.has_errors:
        raise PenguinError(f"{spec} has errors now", hint="penguin-compile validate tells them")
    promotion = Promotion(checked, checked.environments[name])
    place = promotion.place(key, Wish())
    if isinstance(place, Question):
        if chosen is None or not 0 <= chosen < len(place.places):
            return Proposal(question=place.reason, places=place.places)
        place = place.places[chosen]
    promotion.set(key, live.values[key], place)
    others, errors = promotion.prove()
    if errors:
        raise Refused(f"the spec would have an error with it: {errors[0].message}")
    return Proposal(
        diffs=[_diff(one) for one in promotion.edits.values()],
        others=others,
        flags="" if chosen is None else place.flags,
    )


def _diff(edit: Edit) -> Diff:
    lines = diff_lines(_plain_breaks(edit.old.text), _plain_breaks(edit.new.text))
    return Diff(
        path=printable(edit.old.path),
        lines=[(one[:1], printable_line(one)) for one in lines],
    )


def _plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
