"""What a diagnosis says: one check after the other, each with what would mend it.

Under every diagnosis; here is nothing of what they look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from enum import StrEnum

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.resolver import Resolver
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.model.app import App


class Level(StrEnum):
    """How bad it is; a problem would stop apply."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What `doctor --repair` can do about it: `what` in a few words, and how.

    `run` looks again before it writes, and says what it did; it raises PenguinError.
    """

    what: str
    run: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found of one thing, and what to do about it."""

    level: Level
    subject: str
    text: str
    advice: str | None = None
    repair: Repair | None = None


@dataclass(slots=True, kw_only=True)
class Examination:
    """One app in one environment, examined. Secrets are asked for once in all.

    `problems` are the subjects that have one so far: what follows from it isn't told twice.
    """

    app: App
    resolve: Resolver
    manners: Manners
    locate: Callable[[Pointer], str]
    problems: set[str] = field(default_factory=set)

    def note(self, checks: Iterable[Check]) -> Iterator[Check]:
        """Pass checks on, keeping in mind which of them are problems."""
        for check in checks:
            if check.level is Level.PROBLEM:
                self.problems.add(check.subject)
            yield check


def ok(subject: str, text: str, repair: Repair | None = None) -> Check:
    """All is well."""
    return Check(level=Level.OK, subject=subject, text=text, repair=repair)


def warning(
    subject: str, text: str, advice: str | None = None, repair: Repair | None = None
) -> Check:
    """Apply works, and a person should know."""
    return Check(level=Level.WARNING, subject=subject, text=text, advice=advice, repair=repair)


def problem(
    subject: str, text: str, advice: str | None = None, repair: Repair | None = None
) -> Check:
    """Apply wouldn't work."""
    return Check(level=Level.PROBLEM, subject=subject, text=text, advice=advice, repair=repair)


def failed(subject: str, error: PenguinError, prefix: str = "") -> Check:
    """A problem that looking came upon."""
    return problem(subject, f"{prefix}{error.message}", error.hint)
