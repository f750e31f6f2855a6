"""PC509: an image that is named by a tag, or by none."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.words import in_order
from penguin_compile.rules.container_ports import fill_in

_MOVING = frozenset(("latest", "stable", "edge", "nightly", "main", "master"))


def look(evidence: Evidence) -> Iterator[Sight]:
    """A tag that moves is told by itself, the others of a file together."""
    for document in evidence.compose:
        pinned: list[tuple[str, Span]] = []
        for service in evidence.services:
            image = service.keys.get("image")
            if service.document is not document or not isinstance(image, str) or "@" in image:
                continue
            if "build" in service.keys:  # the name of what is built here
                continue
            name = fill_in(image, lambda _: None)
            if "$" in name:
                continue
            tag = _tag(name)
            if tag is None or tag in _MOVING:
                yield _tell_moving(name, tag, service.span("image"))
            else:
                pinned.append((name, service.span("image")))
        if pinned:
            names = in_order(one for one, _ in pinned)
            yield Sight(
                severity=Severity.INFO,
                message=f"{names}: by tag, without a digest",
                span=pinned[0][1],
                help="image@sha256:… is the same image tomorrow; a tag can be moved",
            )


def _tag(image: str) -> str | None:
    last = image.rpartition("/")[2]
    return last.rpartition(":")[2] if ":" in last else None


def _tell_moving(name: str, tag: str | None, span: Span) -> Sight:
    return Sight(
        message=f"{name} is another image whenever its maker wants it"
        + (": no tag stands for latest" if tag is None else ""),
        span=span,
        label="name a version",
    )


FINDING = Finding(
    code="PC509",
    severity=Severity.WARNING,
    title="image without a digest",
    why="What was tested is not what runs after the next pull, and nobody changed anything.",
    source="real apps: minio/minio:latest, grafana/grafana:latest; Docker, pulling by digest",
    look=look,
)
