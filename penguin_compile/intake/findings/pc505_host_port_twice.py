"""PC505: two services of one Compose file that publish the same port of the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.rules.container_ports import Clash, find_clashes
from penguin_compile.rules.containers import Container
from penguin_compile.source.tree import Document


def look(evidence: Evidence) -> Iterator[Sight]:
    """With the defaults of the file alone, and then with what the env files set."""
    for document in evidence.compose:
        containers = [
            Container(name=one.name, pointer=one.pointer, keys=one.keys)
            for one in evidence.services
            if one.document is document
        ]
        told = set()
        for value_of, with_what in _settings(evidence):
            for clash in find_clashes(containers, lambda _: None, value_of):
                pair = (clash.first.pointer, clash.second.pointer)
                if pair not in told and clash.first.pointer != clash.second.pointer:
                    told.add(pair)
                    yield _tell(document, clash, with_what)


def _settings(evidence: Evidence) -> Iterator[tuple[Callable[[str], str | None], str]]:
    yield (lambda _: None), ""
    if evidence.env:
        yield evidence.value_of, f", with the values of {evidence.env[0].source.path}"


def _tell(document: Document, clash: Clash, with_what: str) -> Sight:
    protocol = "" if clash.second.protocol == "tcp" else f"/{clash.second.protocol}"
    first, second = clash.containers
    return Sight(
        message=f'"{first.name}" and "{second.name}" publish the same host port'
        f" {clash.port}{protocol}{with_what}",
        span=document.value_span(clash.second.pointer),
        label="publish it on another port of the host",
        related=((f'"{first.name}" publishes it', document.value_span(clash.first.pointer)),),
    )


FINDING = Finding(
    code="PC505",
    severity=Severity.ERROR,
    title="host port published twice in one Compose file",
    why="The second container does not start: the port is already allocated.",
    source="real apps: webui and grafana both on 3000",
    look=look,
)
