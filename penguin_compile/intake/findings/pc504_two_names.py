"""PC504: two names for one thing, such as DB_PASS and DB_PASSWORD."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.words import file_name

_WORDS = {
    "PASS": "PASSWORD",
    "PASSWD": "PASSWORD",
    "PWD": "PASSWORD",
    "USERNAME": "USER",
    "HOSTNAME": "HOST",
    "DATABASE": "DB",
    "URI": "URL",
    "ADDR": "ADDRESS",
    "APIKEY": "API KEY",
    "LVL": "LEVEL",
}
_MAIL = frozenset(("SMTP", "MAIL", "EMAIL"))


@dataclass(slots=True)
class _Name:
    """Where a name is set by an env file, read by Compose, and given to a container."""

    set_at: Span | None = None
    read_at: Span | None = None
    given_at: Span | None = None

    @property
    def place(self) -> Span:
        found = self.set_at or self.read_at or self.given_at
        assert found is not None  # noqa: S101 - a name is there because it was seen somewhere
        return found


def look(evidence: Evidence) -> Iterator[Sight]:
    """A contradiction where an env file sets one of them and Compose reads the other."""
    alike: dict[tuple[str, ...], dict[str, _Name]] = defaultdict(dict)
    for name, seen in _names(evidence).items():
        meaning = _meaning(name)
        if len(meaning) > 1:
            alike[meaning][name] = seen
    for names in alike.values():
        if len(names) > 1:
            yield _tell(names)


def _names(evidence: Evidence) -> dict[str, _Name]:
    found: dict[str, _Name] = defaultdict(_Name)
    for entry in evidence.entries:
        found[entry.name].set_at = found[entry.name].set_at or entry.place
    for use in evidence.uses:
        one = found[use.reference.name]
        one.read_at = one.read_at or use.span
    for service in evidence.services:
        if "build" in service.keys:  # the names of other people's images are theirs
            for variable in service.variables():
                one = found[variable.name]
                one.given_at = one.given_at or variable.span
    return found


def _meaning(name: str) -> tuple[str, ...]:
    words = [part for one in name.upper().split("_") for part in _WORDS.get(one, one).split()]
    if words[-2:] == ["SECRET", "KEY"] and len(words) > 2:  # JWT_SECRET_KEY, and JWT_SECRET
        words.pop()
    if words[-1:] == ["SERVER"] and words[0] in _MAIL:
        words[-1] = "HOST"
    return tuple(words)


def _tell(names: dict[str, _Name]) -> Sight:
    lost = [
        name for name, one in names.items() if one.set_at and not one.read_at and not one.given_at
    ]
    read = [name for name, one in names.items() if one.read_at and not one.set_at]
    if lost and read:
        first, other = lost[0], read[0]
        place, there = names[first].place, names[other].place
        return Sight(
            message=f"{file_name(place.path)} sets {first}, and {file_name(there.path)} reads"
            f" {other}: whoever sets the one changes nothing",
            span=place,
            label=f'did you mean "{other}"?',
            related=((f"{other} is read", there),),
            help="choose one of the names",
        )
    first, *others = names
    return Sight(
        severity=Severity.INFO,
        message=f"{' and '.join((first, *others))} are names for one thing, by the look of them",
        span=names[others[0]].place,
        related=((first, names[first].place),),
        help="one name is easier to search for, and to set",
    )


FINDING = Finding(
    code="PC504",
    severity=Severity.WARNING,
    title="two names for one thing",
    why="One of them is set and the other is read; the app then runs with a default that nobody "
    "chose, and one was down because of that.",
    source="real apps: JWT_SECRET in an env file and JWT_SECRET_KEY in Compose; DB_PASS and "
    "DB_PASSWORD",
    look=look,
)
