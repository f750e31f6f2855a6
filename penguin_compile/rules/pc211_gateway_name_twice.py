"""PC211: two services that resolve to one name on MarchProxy."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """`my-app/x` and `my/app-x` are both my-app-x there; own services, and those routes name."""
    named = [(route, one) for route, one in app.routes.items() if "/" in "".join(one.sources)]
    if not named:
        return
    first: dict[str, tuple[str, Pointer]] = {
        app.gateway_name(name): (f"{app.name}/{name}", ("services", name))
        for name, service in app.services.items()
        if service.gateway
    }
    for route, one in named:
        for index, source in enumerate(one.sources):
            if "/" not in source:
                continue
            name = app.gateway_name(source)
            pointer = ("routes", route, "from", index)
            other, place = first.setdefault(name, (source, pointer))
            if other != source:
                yield Finding(
                    pointer=pointer,
                    message=f'services "{other}" and "{source}" have one name on MarchProxy:'
                    f' "{name}"',
                    label="rename one of the services",
                    related=((f'service "{other}"', place),),
                )


RULE = Rule(
    code="PC211",
    severity=Severity.ERROR,
    title="two services resolve to one MarchProxy name",
    why="Names are unique over all clusters: one service would take the place of the other.",
    source="integration-standards, Service Names: {app_name}-{service}",
    check=check,
)
