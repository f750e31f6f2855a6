"""What only several specs together can show: apps that take from each other what both need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penguin_compile.claims import Claim, Claims, Kind, claims_of
from penguin_compile.core.diagnostic import Diagnostic, Related, Severity, sort_diagnostics
from penguin_compile.core.suggestion import did_you_mean, list_names

if TYPE_CHECKING:
    from penguin_compile.pipeline import CheckedSpec


@dataclass(frozen=True, slots=True)
class Clash:
    """A complaint about one spec and, where there is one, the other that it is about.

    `spec` and `other` are positions in what was compared.
    """

    spec: int
    other: int | None
    finding: Diagnostic


def check_neighbours(checked: Sequence[CheckedSpec]) -> list[CheckedSpec]:
    """The same specs, the later one of two with the findings about what they share."""
    if len(checked) < 2:
        return list(checked)
    clashes = list(find_clashes([claims_of(one) for one in checked]))
    told = []
    for index, spec in enumerate(checked):
        own = [one.finding for one in clashes if one.spec == index]
        findings = sort_diagnostics([*spec.findings, *own]) if own else spec.findings
        told.append(replace(spec, findings=findings))
    return told


def find_clashes(every: Sequence[Claims], *, whole: bool = False) -> Iterator[Clash]:
    """What specs take from each other, and the services that routes name in vain.

    `whole`: these are all specs there are, so that an app that is none of them is told, too.
    """
    taken: dict[tuple[Kind, str], tuple[int, Claim]] = {}
    services: dict[str, set[str]] = {app: set() for one in every for app in one.apps}
    for one in every:
        for name in one.services:
            services[name.partition("/")[0]].add(name)
    for index, claims in enumerate(every):
        mine: dict[tuple[Kind, str], Claim] = {}
        for claim in claims.claims:
            key = (claim.kind, claim.key)
            if claim.kind is Kind.CALLER:
                finding = _find_caller(claim, services, whole=whole)
                if finding is not None:
                    yield Clash(index, None, finding)
            elif key in taken:
                other, first = taken[key]
                yield Clash(index, other, _complain(claim, first))
            else:
                mine.setdefault(key, claim)
        taken |= {key: (index, claim) for key, claim in mine.items()}


def _find_caller(claim: Claim, services: dict[str, set[str]], *, whole: bool) -> Diagnostic | None:
    app = claim.key.partition("/")[0]
    route = claim.holder.partition("/")[2]
    if app in services and claim.key not in services[app]:
        known = sorted(services[app])
        names = list_names(known) if known else "none"
        return Diagnostic(
            code="PC214",
            severity=Severity.ERROR,
            message=f'route "{route}" comes from a service that the gateway does not know:'
            f' "{claim.key}"',
            span=claim.span,
            pointer=claim.pointer,
            label=did_you_mean(claim.key, known),
            help=f"services of {app} on the gateway: {names}",
        )
    if app in services or not whole:
        return None
    return Diagnostic(
        code="PC214",
        severity=Severity.INFO,
        message=f'route "{route}" comes from "{claim.key}", and no spec of this fleet is that app',
        span=claim.span,
        pointer=claim.pointer,
        label=did_you_mean(app, services),
    )


def _complain(claim: Claim, first: Claim) -> Diagnostic:
    if claim.kind is Kind.NAME:
        code, label, noun = "PC211", "rename one of the services", "service"
        message = (
            f'services "{first.holder}" and "{claim.holder}" have one name on MarchProxy:'
            f' "{claim.what}"'
        )
    elif claim.kind is Kind.LISTEN:
        code, label, noun = "PC213", "give one of them another port or path_prefix", "route"
        message = f'routes "{first.holder}" and "{claim.holder}" both listen on {claim.what}'
    else:
        code, label, noun = "PC215", "give one of them a database or a table of its own", "app"
        message = f'"{first.holder}" and "{claim.holder}" keep their settings in one {claim.what}'
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        message=message,
        span=claim.span,
        pointer=claim.pointer,
        label=label,
        related=(Related(message=f'{noun} "{first.holder}"', span=first.span),),
    )
