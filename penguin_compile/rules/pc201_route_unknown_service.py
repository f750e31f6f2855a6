"""PC201: a route from or to a service that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.service import EXTERNAL
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Sources may be `external` or of another app ("app/service"); targets may not."""
    names = Names(app.services, "services of this app")
    own = f"{app.name}/"
    for name, route in app.routes.items():
        for index, target in enumerate(route.targets):
            pointer = ("routes", name, "to", index)
            yield from _end(app, names, pointer, f'route "{name}" sends to', target)
        for index, source in enumerate(route.sources):
            service = source.removeprefix(own)
            if service != EXTERNAL and (service in app.services or "/" not in service):
                pointer = ("routes", name, "from", index)
                yield from _end(app, names, pointer, f'route "{name}" comes from', service)
    for index, user in enumerate(app.waddleai.used_by if app.waddleai is not None else ()):
        if user not in app.services:
            pointer = ("integrations", "waddleai", "used_by", index)
            yield _finding(names, pointer, "WaddleAI is used by", user)


def _end(app: App, names: Names, pointer: Pointer, verb: str, name: str) -> Iterator[Finding]:
    if name not in app.services:
        yield _finding(names, pointer, verb, name)
    elif not app.services[name].gateway:
        yield _unregistered(pointer, verb, name)


def _finding(names: Names, pointer: Pointer, verb: str, name: str) -> Finding:
    return Finding(
        pointer=pointer,
        message=f'{verb} a service that does not exist: "{name}"',
        label=names.label(name),
        help=names.help,
    )


def _unregistered(pointer: Pointer, verb: str, name: str) -> Finding:
    return Finding(
        pointer=pointer,
        message=f'{verb} a service that the gateway does not know: "{name}"',
        label="it says `gateway: false`",
        related=((f'service "{name}"', ("services", name)),),
    )


RULE = Rule(
    code="PC201",
    severity=Severity.ERROR,
    title="route to or from an unknown service",
    why="The gateway would be given a mapping to a name that nothing answers to.",
    source="integration-standards, Mapping Definition Format: source_services, dest_services",
    check=check,
)
