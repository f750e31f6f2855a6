"""PC402: a key or variable whose name says secret and that holds a literal."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.literals import guarded_literals
from penguin_compile.rules.rule import Finding, Rule
from penguin_compile.rules.secrets import is_secret_text, says_secret


def check(app: App) -> Iterator[Finding]:
    """No number, boolean, path or empty text, and no choice among declared values."""
    for name, text, pointer, choice in guarded_literals(app):
        if not choice and says_secret(name) and is_secret_text(text):
            yield Finding(
                pointer=pointer,
                message=f'"{name}" says that it is a secret, and holds a literal',
                label="name the secret instead: {secret: env:…}",
                help="if it is no secret, say so beside it: x-allow: {PC402: the reason}",
            )


RULE = Rule(
    code="PC402",
    severity=Severity.ERROR,
    title="literal in a key whose name says secret",
    why="The secret is in the repository and in every artifact, and a deployment that sets none "
    "runs with one that everybody can read.",
    source="real apps: passwords as defaults of Compose files and env files",
    check=check,
)
