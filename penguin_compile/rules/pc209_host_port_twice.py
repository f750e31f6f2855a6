"""PC209: two containers that publish the same host port."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.container_ports import Clash, find_clashes
from penguin_compile.rules.containers import containers
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Ranges and variables with a default included; containers of other profiles left apart."""
    for clash in find_clashes(containers(app), lambda name: _default(app, name)):
        yield _finding(clash)


def _default(app: App, name: str) -> str | None:
    variable = app.deployment.variables.get(name)
    return None if variable is None else variable.default


def _finding(clash: Clash) -> Finding:
    first, second = clash.containers
    protocol = "" if clash.second.protocol == "tcp" else f"/{clash.second.protocol}"
    return Finding(
        pointer=clash.second.pointer,
        message=f'containers "{first.name}" and "{second.name}" publish the'
        f" same host port {clash.port}{protocol}",
        label="publish it on another port of the host",
        related=((f'container "{first.name}"', clash.first.pointer),),
    )


RULE = Rule(
    code="PC209",
    severity=Severity.ERROR,
    title="host port published twice",
    why="The second container does not start: the port is already allocated.",
    source="real apps: Compose files whose host ports clash between services",
    check=check,
)
