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
    for clash in find_clashes(containers(app), lambda name, own: default_in(app, name, own)):
        yield _finding(clash)


def default_in(app: App, name: str, own: str | None) -> str | None:
    """What a deployment that sets nothing has: the reference's own default, or the variable's."""
    variable = app.deployment.variables.get(name)
    return variable.default if own is None and variable is not None else own


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
