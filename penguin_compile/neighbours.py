"""What only several specs together can show: apps that take each other's names on the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity, sort_diagnostics

if TYPE_CHECKING:
    from penguin_compile.core.span import Span
    from penguin_compile.pipeline import CheckedSpec


def check_neighbours(checked: Sequence[CheckedSpec]) -> list[CheckedSpec]:
    """The same specs, the later one of two with the findings about the names they share (PC211)."""
    taken: dict[str, tuple[str, Span]] = {}
    told = []
    for spec in checked:
        clashes = list(_clashes(spec, taken))
        findings = sort_diagnostics([*spec.findings, *clashes]) if clashes else spec.findings
        told.append(replace(spec, findings=findings))
    return told


def _clashes(spec: CheckedSpec, taken: dict[str, tuple[str, Span]]) -> Iterator[Diagnostic]:
    """Each name once, in whichever environment it is seen first."""
    own: dict[str, tuple[str, Span]] = {}
    for resolved in spec.environments.values():
        if resolved.app is None:
            continue
        for name, service in resolved.app.services.items():
            gateway_name = resolved.app.gateway_name(name)
            if not service.gateway or gateway_name in own:
                continue
            pointer = ("services", name)
            span = resolved.document.key_span(pointer)
            own[gateway_name] = (f"{resolved.app.name}/{name}", span)
            if gateway_name in taken:
                other, place = taken[gateway_name]
                yield Diagnostic(
                    code="PC211",
                    severity=Severity.ERROR,
                    message=f'services "{other}" and "{resolved.app.name}/{name}" have one name '
                    f'on MarchProxy: "{gateway_name}"',
                    span=span,
                    pointer=pointer,
                    label="rename one of the services",
                    related=(Related(message=f'service "{other}"', span=place),),
                )
    for gateway_name, first in own.items():
        taken.setdefault(gateway_name, first)
