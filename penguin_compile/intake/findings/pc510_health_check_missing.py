"""PC510: a service that says nothing of its health."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.intake.findings.evidence import ComposeService, Evidence
from penguin_compile.intake.findings.finding import Finding, Sight


def look(evidence: Evidence) -> Iterator[Sight]:
    """A warning where another service waits for it to be healthy; its image may know a check."""
    checked = {one.name for one in evidence.services if "healthcheck" in one.keys}
    waited = _waited_for(evidence)
    told: set[str] = set()
    for service in evidence.services:
        name = service.name
        if name in checked | told or not service.is_whole:
            continue
        told.add(name)
        waiting = waited.get(name)
        if waiting is not None:
            yield Sight(
                message=f'"{waiting.name}" waits until "{name}" is healthy, and it has no health'
                " check here",
                span=service.key_span,
                related=(("it waits", waiting.span("depends_on", name)),),
                help="add healthcheck, unless its image has one",
            )
        else:
            yield Sight(
                severity=Severity.INFO,
                message=f'"{name}" has no health check',
                span=service.key_span,
                help="one that hangs then counts as running; add healthcheck, unless its image has"
                " one",
            )


def _waited_for(evidence: Evidence) -> dict[str, ComposeService]:
    found: dict[str, ComposeService] = {}
    for service in evidence.services:
        stated = service.keys.get("depends_on")
        for name, how in stated.items() if isinstance(stated, dict) else ():
            if isinstance(how, dict) and how.get("condition") == "service_healthy":
                found.setdefault(name, service)
    return found


FINDING = Finding(
    code="PC510",
    severity=Severity.WARNING,
    title="health check missing",
    why="A container that hangs counts as running, and what waits for it to be healthy never "
    "starts.",
    source="Compose specification, healthcheck and depends_on; integration-standards, health",
    look=look,
)
