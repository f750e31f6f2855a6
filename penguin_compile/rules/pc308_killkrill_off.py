"""PC308: KillKrill off in a protected environment."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Switched off, or never mentioned."""
    if not app.environment.protected:
        return
    sink = None if app.telemetry is None else app.telemetry.killkrill
    if sink is not None and sink.enabled:
        return
    pointer: Pointer = ("telemetry", "killkrill", "enabled")
    if app.telemetry is None:  # nothing of it in the text: tell it where protection is asked for
        pointer = ("environments", app.environment.name, "protected")
    yield Finding(
        pointer=pointer,
        message="logs and metrics of a protected environment go nowhere: KillKrill is off",
        label="switch it on under `telemetry.killkrill`",
    )


RULE = Rule(
    code="PC308",
    severity=Severity.WARNING,
    title="KillKrill off in a protected environment",
    why="When production breaks, its logs are on a machine that nobody can reach any more.",
    source="integration-standards, KillKrill: centralized logging and metrics for all services",
    check=check,
)
