"""PC209: two containers that publish the same host port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.container_ports import HostPort, host_ports, overlaps
from penguin_compile.rules.containers import Container, containers
from penguin_compile.rules.rule import Finding, Rule


class _Claim(NamedTuple):
    port: HostPort
    container: Container


def check(app: App) -> Iterator[Finding]:
    """Ranges and variables with a default included; containers of other profiles left apart."""
    claims = [
        _Claim(port, container)
        for container in containers(app)
        for port in host_ports(container, lambda name: _default(app, name))
    ]
    taken: dict[tuple[str, int], list[_Claim]] = {}
    for claim in claims:
        clash = next(_clashes(claim, taken), None)
        if clash is not None:
            yield _finding(clash[0], claim, clash[1])
            continue
        for port in range(claim.port.first, claim.port.last + 1):
            taken.setdefault((claim.port.protocol, port), []).append(claim)


def _clashes(
    claim: _Claim, taken: dict[tuple[str, int], list[_Claim]]
) -> Iterator[tuple[_Claim, int]]:
    for port in range(claim.port.first, claim.port.last + 1):
        for other in taken.get((claim.port.protocol, port), ()):
            if overlaps(claim.port, other.port) and _together(claim.container, other.container):
                yield other, port


def _together(one: Container, other: Container) -> bool:
    """Whether some choice of Compose profiles starts both."""
    first, second = _profiles(one), _profiles(other)
    return one is other or not first or not second or not first.isdisjoint(second)


def _profiles(container: Container) -> set[str]:
    stated = container.keys.get("profiles")
    return {str(name) for name in stated} if isinstance(stated, list) else set()


def _default(app: App, name: str) -> str | None:
    variable = app.deployment.variables.get(name)
    return None if variable is None else variable.default


def _finding(first: _Claim, second: _Claim, port: int) -> Finding:
    protocol = "" if second.port.protocol == "tcp" else f"/{second.port.protocol}"
    return Finding(
        pointer=second.port.pointer,
        message=f'containers "{first.container.name}" and "{second.container.name}" publish the'
        f" same host port {port}{protocol}",
        label="publish it on another port of the host",
        related=((f'container "{first.container.name}"', first.port.pointer),),
    )


RULE = Rule(
    code="PC209",
    severity=Severity.ERROR,
    title="host port published twice",
    why="The second container does not start: the port is already allocated.",
    source="real apps: Compose files whose host ports clash between services",
    check=check,
)
