"""PC502: a variable that an env file sets and that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.env_file import EnvEntry, EnvFile
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.words import copied_as, file_name, in_order
from penguin_compile.intake.interpolation import BadInterpolation, parse, references

_OF_TOOLS = ("COMPOSE_", "DOCKER_", "BUILDKIT_")


def look(evidence: Evidence) -> Iterator[Sight]:
    """Neighbours that nothing reads are told together, as they are mostly of one feature."""
    if not evidence.compose:
        return
    used = _used(evidence)
    fixed = {one.name for service in evidence.services for one in service.variables()} - used
    searched = evidence.code is not None and evidence.code.files > 0
    readers = "Compose file and no code" if searched else "Compose file"
    for file in evidence.env:
        if {file_name(file.source.path), copied_as(file.source.path)} & evidence.loaded_whole:
            continue
        for group in _groups(file, used):
            names = in_order(one.name for one in group)
            verb = "is" if len(group) == 1 else "are"
            given = in_order(one.name for one in group if one.name in fixed)
            yield Sight(
                message=f"{names} {verb} set here, and read by no {readers}",
                span=Span(file.source, group[0].place.start, group[0].place.end),
                label=f"containers are given another: {given}" if given else None,
                help="remove what nobody needs"
                + ("" if searched else "; no code was looked at, which may read it by itself"),
            )


def _used(evidence: Evidence) -> set[str]:
    used = {one.reference.name for one in evidence.uses}
    used |= {
        variable.name
        for service in evidence.services
        for variable in service.variables()
        if variable.text is None
    }
    for entry in evidence.entries:
        if "$" in entry.raw:
            try:
                used |= {one.name for one in references(parse(entry.raw))}
            except BadInterpolation:
                continue
    return used if evidence.code is None else used | evidence.code.mentioned


def _groups(file: EnvFile, used: set[str]) -> Iterator[list[EnvEntry]]:
    """Runs of entries that nothing reads, with nothing that is read between them.

    They end at an empty line or another heading.
    """
    group: list[EnvEntry] = []
    for entry in file.active:
        idle = entry.name not in used and not entry.name.startswith(_OF_TOOLS)
        near = group and entry.place.line - group[-1].value_place.end_line <= 1
        if group and not (idle and near):
            yield group
            group = []
        if idle:
            group.append(entry)
    if group:
        yield group


FINDING = Finding(
    code="PC502",
    severity=Severity.INFO,
    title="variable that is declared and never used",
    why="Whoever deploys sets it and waits for an effect; whoever reads the file looks for what it "
    "does.",
    source="real apps: 20 to 58 variables of their .env.example are read nowhere",
    look=look,
)
