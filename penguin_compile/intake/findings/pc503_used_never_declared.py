"""PC503: a variable that Compose or the code reads and that no env file names."""

# ruff: noqa: SIM905 (a list of words, one to a line, would bury the code)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.intake.findings.evidence import Evidence, Use
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.source_code import Asked
from penguin_compile.intake.findings.words import file_name, in_order

_OF_THE_MACHINE = frozenset(
    "COMPOSE_PROJECT_NAME CI DISPLAY EDITOR GID HOME HOSTNAME LANG LOGNAME NODE_ENV PATH PORT PWD "
    "PYTHONPATH SHELL TERM TMPDIR TZ UID USER NO_COLOR DEBUG MODE DEV PROD BASE_URL SSR".split()
)
_OF_PLATFORMS = ("GITHUB_", "GITLAB_", "CI_", "KUBERNETES_", "AWS_", "GOOGLE_", "XDG_", "PYTEST_")


def look(evidence: Evidence) -> Iterator[Sight]:
    """Without a default Compose fills in nothing; with one, it is only hard to find."""
    declared = {one.name for file in evidence.env for one in file.entries} | _OF_THE_MACHINE
    yield from _without_value(evidence, declared)
    if evidence.env:
        yield from _unlisted(evidence, declared)
    yield from _asked_by_code(evidence, declared)


def _without_value(evidence: Evidence, declared: set[str] | frozenset[str]) -> Iterator[Sight]:
    places: dict[str, list[Use]] = defaultdict(list)
    for use in evidence.uses:
        bare = not use.reference.operator or use.reference.operator.endswith("?")
        if bare and use.reference.name not in declared:
            places[use.reference.name].append(use)
    with_default = {one.reference.name for one in evidence.uses if one.reference.has_default}
    for name, uses in places.items():
        required = all(one.reference.operator.endswith("?") for one in uses)
        elsewhere = f"; elsewhere {name} has a default" if name in with_default else ""
        yield Sight(
            severity=Severity.INFO if required else None,
            message=f"{name} is required, and no env file names it"
            if required
            else f"{name} has no default, and no env file names it: Compose fills in an empty text"
            f"{elsewhere}",
            span=uses[0].span,
            related=tuple(("and here", one.span) for one in uses[1:4]),
            help=f"add {name}= to .env.example, or write ${{{name}:?}} so that Compose stops",
        )


def _unlisted(evidence: Evidence, declared: set[str] | frozenset[str]) -> Iterator[Sight]:
    example = file_name(evidence.env[0].source.path)
    bare = {one.reference.name for one in evidence.uses if not one.reference.has_default}
    told: set[str] = set()
    for document in evidence.compose:
        uses = [
            one
            for one in evidence.uses
            if one.document is document
            and one.reference.has_default
            and one.reference.name not in declared | told | bare
        ]
        names = list(dict.fromkeys(one.reference.name for one in uses))
        told.update(names)
        if names:
            verb = "has a default" if len(names) == 1 else "have defaults"
            yield Sight(
                severity=Severity.INFO,
                message=f"{in_order(names)} {verb} here, and {example} doesn't name"
                f" {'it' if len(names) == 1 else 'them'}",
                span=uses[0].span,
                help="whoever deploys learns of them from this file alone",
            )


def _asked_by_code(evidence: Evidence, declared: set[str] | frozenset[str]) -> Iterator[Sight]:
    if evidence.code is None or not (evidence.env or evidence.compose):
        return
    known = set(declared)
    known |= {one.name for service in evidence.services for one in service.variables()}
    known |= {one.reference.name for one in evidence.uses}
    by_file: dict[str, list[Asked]] = defaultdict(list)
    for one in evidence.code.asked:
        if one.name not in known and not one.name.startswith(_OF_PLATFORMS):
            by_file[one.span.path].append(one)
    for asked in by_file.values():
        names = list(dict.fromkeys(one.name for one in asked))
        verb = "is" if len(names) == 1 else "are"
        yield Sight(
            severity=Severity.INFO,
            message=f"{in_order(names)} {verb} read here, and no env file or container names"
            f" {'it' if len(names) == 1 else 'them'}",
            span=asked[0].span,
            help="whoever deploys can't know of what no file names",
        )


FINDING = Finding(
    code="PC503",
    severity=Severity.WARNING,
    title="variable that is used and never declared",
    why="Compose puts an empty text in its place and starts; what is missing shows later, and "
    "elsewhere.",
    source="real apps: up to 76 variables that the code reads are declared nowhere; Compose "
    "specification, Interpolation",
    look=look,
)
