"""PC302: an API route from outside to a service without `jwt`."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.model.service import EXTERNAL
from penguin_compile.rules.rule import Finding, Rule

_API = "/api"


def check(app: App) -> Iterator[Finding]:
    """Told at the route's target, because the service may be fine for other routes."""
    for name, route in app.routes.items():
        prefix = route.path_prefix
        if prefix is None or not (prefix == _API or prefix.startswith(f"{_API}/")):
            continue
        if EXTERNAL not in route.sources:
            continue
        for index, target in enumerate(route.targets):
            service = app.services.get(target)
            if service is not None and service.auth != "jwt":
                yield Finding(
                    pointer=("routes", name, "to", index),
                    message=f'API route "{name}" from outside leads to service "{target}",'
                    f" whose auth is {service.auth}",
                    label="set `auth: jwt` on the service",
                    related=((f'service "{target}"', ("services", target)),),
                )


RULE = Rule(
    code="PC302",
    severity=Severity.WARNING,
    title="API route from outside without jwt",
    why="Anybody on the internet can call the API, unless the service checks callers itself.",
    source="integration-standards, Auth Type: use jwt for external-facing APIs",
    check=check,
)
