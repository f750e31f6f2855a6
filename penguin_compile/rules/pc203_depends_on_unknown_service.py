"""PC203: a container that depends on a service that no container runs."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.allowance import ALLOW
from penguin_compile.rules.containers import Container, containers
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """`depends_on` in Compose's two forms; it names Compose services, which need a container."""
    every = containers(app)
    names = Names(frozenset(one.name for one in every), "services with a container")
    for container in every:
        if "depends_on" not in container.keys:
            continue
        for name, pointer in _dependencies(container):
            if name in names.known:
                continue
            exists = name in app.services
            what = "has no container" if exists else "does not exist"
            yield Finding(
                pointer=pointer,
                message=f'container "{container.name}" depends on a service that {what}: "{name}"',
                label='add a "container" to it' if exists else names.label(name),
                help=names.help,
                at_key=isinstance(pointer[-1], str),
            )


def _dependencies(container: Container) -> Iterator[tuple[str, Pointer]]:
    stated = container.keys.get("depends_on")
    pointer = (*container.pointer, "depends_on")
    if isinstance(stated, dict):
        yield from ((name, (*pointer, name)) for name in stated if name != ALLOW)
    elif isinstance(stated, list):
        for index, name in enumerate(stated):
            if isinstance(name, str):
                yield name, (*pointer, index)


RULE = Rule(
    code="PC203",
    severity=Severity.ERROR,
    title="container depends on an unknown service",
    why="Compose refuses the whole file: no container of the app starts.",
    source="Compose specification, depends_on",
    check=check,
)
