"""PC405: WaddleAI published on a port of the host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.containers import WADDLEAI, Container, containers
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """By any entry of `ports`: one without a host port takes a random one. `expose` is fine."""
    for container in containers(app):
        if not _is_waddleai(container):
            continue
        for key, published in (
            ("ports", bool(container.keys.get("ports"))),
            ("network_mode", container.keys.get("network_mode") == "host"),
        ):
            if published:
                yield Finding(
                    pointer=(*container.pointer, key),
                    message=f'"{container.name}" publishes WaddleAI on a port of the host',
                    label="remove it: services of the app reach it by name",
                    at_key=True,
                )


def _is_waddleai(container: Container) -> bool:
    image = container.keys.get("image")
    text = f"{container.name}/{image}".lower()
    return WADDLEAI in text and WADDLEAI in re.split(r"[/:@]", text)


RULE = Rule(
    code="PC405",
    severity=Severity.ERROR,
    title="WaddleAI published on a host port",
    why="It has no users of its own: whoever reaches the host spends the app's inference budget.",
    source="integration-standards, WaddleAI: not exposed to host, internal network only",
    check=check,
)
