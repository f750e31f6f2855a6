"""PC501: one variable with several values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.env_file import EnvFile
from penguin_compile.intake.findings.evidence import ComposeService, Evidence, Use
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.words import file_name, is_example, shown_value
from penguin_compile.rules.secrets import says_secret
from penguin_compile.source.tree import Document


@dataclass(frozen=True, slots=True)
class _Stated:
    """A value and where it stands."""

    text: str
    span: Span


def look(evidence: Evidence) -> Iterator[Sight]:
    """In one file a contradiction; between files, or containers, something to know."""
    for file in evidence.env:
        yield from _twice_in(file)
    for document in evidence.compose:
        yield from _several_defaults(document, evidence.uses)
    yield from _between_compose_files(evidence.compose, evidence.uses)
    for file in evidence.env:
        if is_example(file.source.path):
            yield from _other_than_compose(file, evidence.uses)
    for document in evidence.compose:
        yield from _of_containers([one for one in evidence.services if one.document is document])


def _twice_in(file: EnvFile) -> Iterator[Sight]:
    stated: dict[str, list[_Stated]] = defaultdict(list)
    for entry in file.active:
        if entry.value is not None:
            stated[entry.name].append(_Stated(entry.value, entry.place))
    for name, values in stated.items():
        if len({one.text for one in values}) > 1:
            yield Sight(
                message=f"{name} is set {len(values)} times here, to different values",
                span=values[-1].span,
                label="this one counts",
                related=tuple(("overridden", one.span) for one in values[:-1]),
                help="leave one of them",
            )


def _defaults(uses: Iterable[Use]) -> dict[str, list[_Stated]]:
    """Each default of each variable once, where it comes first."""
    found: dict[str, dict[str, _Stated]] = defaultdict(dict)
    for use in uses:
        default = use.reference.default
        if default is not None:
            found[use.reference.name].setdefault(default, _Stated(default, use.span))
    return {name: list(one.values()) for name, one in found.items()}


def _several_defaults(document: Document, uses: Sequence[Use]) -> Iterator[Sight]:
    for name, values in _defaults(one for one in uses if one.document is document).items():
        if len(values) > 1:
            first = shown_value(name, values[0].text)
            other = shown_value(name, values[1].text)
            seen = "" if first is None or other is None else f": {first} and {other}"
            yield Sight(
                message=f"{name} falls back to {len(values)} different values in this file{seen}",
                span=values[1].span,
                related=tuple(("another default", one.span) for one in (values[0], *values[2:])),
                help="where nothing sets it, two containers disagree",
            )


def _between_compose_files(documents: Sequence[Document], uses: Sequence[Use]) -> Iterator[Sight]:
    by_file = [_defaults(one for one in uses if one.document is document) for document in documents]
    told: set[str] = set()
    for index, defaults in enumerate(by_file):
        for name, values in defaults.items():
            before = [one[name] for one in by_file[:index] if name in one]
            if name in told or len(values) > 1 or not before or len(before[0]) > 1:
                continue
            if before[0][0].text != values[0].text:
                told.add(name)
                seen = shown_value(name, values[0].text)
                yield Sight(
                    severity=Severity.INFO,
                    message=f"{name} falls back to another value"
                    f"{'' if seen is None else f', {seen},'} than in "
                    f"{file_name(before[0][0].span.path)}",
                    span=values[0].span,
                    related=(("there", before[0][0].span),),
                )


def _other_than_compose(file: EnvFile, uses: Sequence[Use]) -> Iterator[Sight]:
    defaults = _defaults(uses)
    for entry in file.active:
        values = defaults.get(entry.name, [])
        if not entry.value or len(values) != 1 or values[0].text in {"", entry.value}:
            continue
        here, there = (shown_value(entry.name, one) for one in (entry.value, values[0].text))
        if here is None or there is None:  # an example of a secret is meant to be another
            continue
        yield Sight(
            severity=Severity.INFO,
            message=f"{entry.name} is {here} in this example, and {there} in "
            f"{file_name(values[0].span.path)} where nothing sets it",
            span=entry.place,
            related=(("the default", values[0].span),),
        )


def _of_containers(services: Sequence[ComposeService]) -> Iterator[Sight]:
    """Secrets and addresses that containers of one file are given with different texts."""
    stated: dict[str, dict[str, tuple[str, Span]]] = defaultdict(dict)
    for service in services:
        if "build" not in service.keys:  # the names of other people's images are theirs
            continue
        for one in service.variables():
            if one.text and "$" not in one.text and (says_secret(one.name) or "://" in one.text):
                stated[one.name].setdefault(one.text, (service.name, one.span))
    for name, values in stated.items():
        if len(values) > 1:
            (first, place), (second, span) = list(values.values())[:2]
            yield Sight(
                severity=Severity.INFO,
                message=f"{name} is not the same in the containers {first} and {second}",
                span=span,
                related=((f"in {first}", place),),
                help="two things by one name, or one of them is out of date",
            )


FINDING = Finding(
    code="PC501",
    severity=Severity.WARNING,
    title="one variable with several values",
    why="Which of them counts depends on the file, or on the container, that one happens to look "
    "at; after the next change of one of them the app disagrees with itself.",
    source="real apps: DATABASE_URL with three different values, DB_PASS with seven",
    look=look,
)
