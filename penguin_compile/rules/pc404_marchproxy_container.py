"""PC404: MarchProxy itself in a container of the app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.containers import Container, containers
from penguin_compile.rules.rule import Finding, Rule

_NAME = "marchproxy"
# programs that work with a MarchProxy that runs elsewhere
_BESIDE = frozenset(("cli", "client", "config", "export", "exporter", "import", "importer", "sync"))


def check(app: App) -> Iterator[Finding]:
    """By the name of the service, its image, or the folder that it is built from."""
    for container in containers(app):
        keys = container.keys
        if _NAME in f"{container.name} {keys.get('image')} {keys.get('build')}".lower():
            yield from islice(_findings(container), 1)


def _findings(container: Container) -> Iterator[Finding]:
    for text, pointer in _hints(container):
        if any(_is_marchproxy(part) for part in re.split(r"[/:@]", text.lower())):
            yield Finding(
                pointer=pointer,
                message=f'container "{container.name}" is MarchProxy itself',
                label="remove it",
                help="it runs outside of apps; an environment names it under `marchproxy`",
                at_key=pointer == container.pointer[:-1],
            )


def _hints(container: Container) -> Iterator[tuple[str, Pointer]]:
    yield container.name, container.pointer[:-1]
    image, build = container.keys.get("image"), container.keys.get("build")
    if isinstance(image, str):
        yield image, (*container.pointer, "image")
    if isinstance(build, str):
        yield build, (*container.pointer, "build")
    elif isinstance(build, dict) and isinstance(build.get("context"), str):
        yield build["context"], (*container.pointer, "build", "context")


def _is_marchproxy(part: str) -> bool:
    first, *others = re.split(r"[-_.]", part)
    return first == _NAME and _BESIDE.isdisjoint(others)


RULE = Rule(
    code="PC404",
    severity=Severity.ERROR,
    title="MarchProxy in a container of the app",
    why="Two gateways would fight for the same ports, and the app's own has none of the others' "
    "routes.",
    source="integration-standards, MarchProxy: do not include it in docker-compose.yml",
    check=check,
)
