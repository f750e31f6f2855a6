"""PC105: a service that is to be registered with the gateway, and has no port."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """The one key that is required under a condition; shapes tell the others."""
    for name, service in app.services.items():
        if service.gateway and service.port is None:
            yield Finding(
                pointer=("services", name),
                message=f'the key "port" is missing in "services.{name}"',
                label='add "port" here, or `gateway: false`',
                help="every service is registered with MarchProxy unless it says `gateway: false`",
                at_key=True,
            )


RULE = Rule(
    code="PC105",
    severity=Severity.ERROR,
    title="required key missing",
    why="Nothing sensible can be assumed: the gateway, for one, registers no service without a "
    "port.",
    source="MarchProxy's api-server: port is required, 1 to 65535",
    check=check,
)
