"""PC303: a `grpc` service that is reachable from outside."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.model.service import EXTERNAL
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """By a route whose source is `external`."""
    for name, route in app.routes.items():
        if EXTERNAL not in route.sources:
            continue
        for index, target in enumerate(route.targets):
            service = app.services.get(target)
            if service is not None and service.protocol == "grpc":
                yield Finding(
                    pointer=("routes", name, "to", index),
                    message=f'route "{name}" makes the grpc service "{target}" reachable from'
                    " outside",
                    label="put a service that speaks https before it",
                    related=((f'service "{target}"', ("services", target)),),
                )


RULE = Rule(
    code="PC303",
    severity=Severity.WARNING,
    title="grpc service reachable from outside",
    why="gRPC is for calls inside the network: its services have no auth of their own.",
    source="integration-standards, Protocol and Auth Type: grpc internal, none for internal gRPC",
    check=check,
)
