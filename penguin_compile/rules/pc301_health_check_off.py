"""PC301: health checks that are off in a protected environment."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Of services that the gateway knows."""
    if not app.environment.protected:
        return
    for name, service in app.services.items():
        if service.gateway and service.health_check is None:
            yield Finding(
                pointer=("services", name, "health_check"),
                message=f'health checks of service "{name}" are off in a protected environment',
                label="remove this, or override it where it is needed",
            )


RULE = Rule(
    code="PC301",
    severity=Severity.WARNING,
    title="health checks off in a protected environment",
    why="The gateway goes on sending requests to a service that has died.",
    source="integration-standards, MarchProxy: always enable health checks for production",
    check=check,
)
