"""PC403: a literal that looks like a real credential."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.literals import HeldText, literals, marked_literals
from penguin_compile.rules.rule import Finding, Rule
from penguin_compile.rules.secrets import (
    SHORTEST_KEY,
    recognise_credential,
    recognise_key,
)


def check(app: App) -> Iterator[Finding]:
    """By its form, whatever its name, or by a form that no person writes."""
    told: set[HeldText] = set()
    for held in marked_literals(app):
        found = recognise_credential(held.text)
        if found is not None:
            told.add(held)
            yield _finding(held, found)
    for held in literals(app):
        if len(held.text) >= SHORTEST_KEY and held.name and held not in told:
            found = recognise_key(held.name, held.text)
            if found is not None:
                yield _finding(held, found)


def _finding(held: HeldText, found: str) -> Finding:
    """It says what the literal looks like and never shows it."""
    holder = f'"{held.name}" holds' if held.name else "this text holds"
    return Finding(
        pointer=held.pointer,
        message=f"{holder} what looks like {found}",
        label="name it as a secret, and revoke this one",
        help="if it is no credential, say so beside it: x-allow: {PC403: the reason}",
    )


RULE = Rule(
    code="PC403",
    severity=Severity.ERROR,
    title="literal that looks like a real credential",
    why="What is committed once stays in the history; somebody finds it there and uses it.",
    source="the published formats of providers' keys; integration-standards, LICENSE_KEY",
    check=check,
)
