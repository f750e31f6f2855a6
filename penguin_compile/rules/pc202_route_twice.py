"""PC202: two routes with the same listen port, protocol and path prefix."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """No path prefix is the prefix of every path; a route that states no port can't clash."""
    first: dict[tuple[int, str | None, str], str] = {}
    for name, route in app.routes.items():
        if route.listen_port is None:
            continue
        key = (route.listen_port, route.listen_protocol, route.path_prefix or "/")
        other = first.setdefault(key, name)
        if other != name:
            protocol = f" {route.listen_protocol}" if route.listen_protocol else ""
            yield Finding(
                pointer=("routes", name, "listen", "port"),
                message=f'routes "{other}" and "{name}" both listen on port {route.listen_port}'
                f"{protocol} for the path {key[2]}",
                label="give one of them another port or path_prefix",
                related=((f'route "{other}"', ("routes", other)),),
            )


RULE = Rule(
    code="PC202",
    severity=Severity.ERROR,
    title="two routes with the same listen port, protocol and path prefix",
    why="A request matches both, and which service gets it depends on the gateway's order.",
    source="integration-standards, Mapping Definition Format: listen_port, protocol, path_prefix",
    check=check,
)
