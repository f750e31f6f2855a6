"""PC312: a variable or config key that no service is given."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.model.service import FromVariable, Template
from penguin_compile.rules.container_text import read_text
from penguin_compile.rules.containers import container_texts, containers
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """An info where the spec has no containers: what runs the app is not its business then."""
    used = _used_variables(app)
    severity = None if containers(app) else Severity.INFO
    for name in app.variables:
        if name not in used:
            yield Finding(
                pointer=("variables", name),
                message=f'no service is given the variable "{name}"',
                label="name it in some `environment`, or remove it",
                at_key=True,
                severity=severity,
            )
    for key, setting in app.settings.items():
        if setting.variable not in used:
            yield Finding(
                pointer=("config", key),
                message=f'no service is given the config key "{key}"',
                label=f"give it to one with `config: [{key}]`",
                at_key=True,
                severity=severity,
            )


def _used_variables(app: App) -> set[str]:
    used: set[str] = set()
    texts = [text for _, text, _ in container_texts(app).interpolated()]
    for given in app.deployment.containers.values():
        for value in given.values():
            if isinstance(value, FromVariable):
                used.add(value.name)
            elif isinstance(value, Template):
                texts.append(value.text)
    references = chain.from_iterable(read_text(text).references for text in texts)
    used.update(reference.name for reference in references)
    return used


RULE = Rule(
    code="PC312",
    severity=Severity.WARNING,
    title="variable or config key that no service is given",
    why="Setting it changes nothing; more often a service lacks what it was declared for.",
    source="real apps: variables in env files that no container of the Compose file reads",
    check=check,
)
