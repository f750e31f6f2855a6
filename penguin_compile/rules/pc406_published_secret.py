"""PC406: a secret that everybody knows, in a protected environment."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.literals import guarded_literals, marked_literals
from penguin_compile.rules.rule import Finding, Rule
from penguin_compile.rules.secrets import is_known_secret, wants_change


def check(app: App) -> Iterator[Finding]:
    """Literals and the defaults of variables; elsewhere a known secret is fine for a start."""
    if not app.environment.protected:
        return
    told = [held for held in marked_literals(app) if wants_change(held.text)]
    known = {held.pointer for held in told}
    told.extend(
        held
        for held in guarded_literals(app)
        if not held.choice and held.pointer not in known and is_known_secret(held.name, held.text)
    )
    for held in told:
        holder = f'"{held.name}" holds' if held.name else "this text holds"
        yield Finding(
            pointer=held.pointer,
            message=f"{holder} a published default secret in a protected environment",
            label="name a secret instead: {secret: env:…}",
            help="if it is no secret, say so beside it: x-allow: {PC406: the reason}",
        )


RULE = Rule(
    code="PC406",
    severity=Severity.ERROR,
    title="published default secret in a protected environment",
    why="It stands in public repositories, and is the first thing that an attacker tries.",
    source="real apps: changeme and dev-secret-key-change-in-production in Compose files",
    check=check,
)
