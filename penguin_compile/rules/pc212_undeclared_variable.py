"""PC212: a variable or config key that is used and not declared."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from fnmatch import fnmatchcase

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.service import FromSetting, FromVariable, Literal, Service, Template
from penguin_compile.rules.container_text import read_text
from penguin_compile.rules.containers import container_texts
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule

_SET_BY_COMPOSE = frozenset(("COMPOSE_PROJECT_NAME",))
_GLOB = re.compile(r"[*?\[]")
_OF_TEMPLATES = re.compile(r"\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def check(app: App) -> Iterator[Finding]:
    """Compose text, templates, `environment`, and the globs of `config`."""
    variables = Names(app.deployment.variables, "variables of this app")
    keys = Names(app.settings, "config keys of this app")
    for pointer, text, _ in container_texts(app).interpolated():
        yield from _text_findings(text, pointer, variables)
    ordered = sorted(app.settings)
    matches: dict[str, bool] = {}
    for name, service in app.services.items():
        yield from _environment_findings(service, variables, keys)
        if service.all_config:
            continue
        for index, glob in enumerate(service.config_globs):
            if glob not in matches:
                matches[glob] = glob in app.settings or _matches_any(glob, ordered)
            if not matches[glob]:
                yield Finding(
                    pointer=("services", name, "config", index),
                    message=f'service "{name}" is given a config key that does not exist: "{glob}"',
                    label=None if _GLOB.search(glob) else keys.label(glob),
                    help=keys.help,
                )


def _environment_findings(service: Service, variables: Names, keys: Names) -> Iterator[Finding]:
    for name, value in service.environment.items():
        if isinstance(value, Literal):
            continue
        pointer = ("services", service.name, "environment", name)
        if isinstance(value, FromSetting) and value.key not in keys.known:
            yield Finding(
                pointer=(*pointer, "config"),
                message=f'"{name}" of service "{service.name}" is filled from a config key that'
                f' does not exist: "{value.key}"',
                label=keys.label(value.key),
                help=keys.help,
            )
        elif isinstance(value, FromVariable) and value.name not in variables.known:
            yield Finding(
                pointer=(*pointer, "variable"),
                message=f'"{name}" of service "{service.name}" is filled from a variable that is'
                f' not declared: "{value.name}"',
                label=variables.label(value.name),
                help=variables.help,
            )
        elif isinstance(value, Template):
            yield from _template_findings(value.text, (*pointer, "template"), variables)


def _template_findings(text: str, pointer: Pointer, variables: Names) -> Iterator[Finding]:
    """A template is less than Compose text: a variable's default stands where it is declared."""
    references = [one for one in _OF_TEMPLATES.findall(text) if one != "$$"]
    yield from _text_findings("".join(references), pointer, variables)
    if "$" in _OF_TEMPLATES.sub("", text):
        yield Finding(
            pointer=pointer,
            message="a dollar sign that is neither ${NAME} nor $$",
            label="write ${NAME} for a variable, $$ for a dollar sign",
            help="a default is written where the variable is declared, or as `variable:` with"
            " `default:`",
        )


def _text_findings(text: str, pointer: Pointer, variables: Names) -> Iterator[Finding]:
    read = read_text(text)
    if read.broken:
        yield Finding(
            pointer=pointer,
            message="a dollar sign that is neither ${NAME} nor $$",
            label="write $$ for a dollar sign",
            help="Compose refuses the file otherwise",
        )
    unknown = [one.name for one in read.references if one.name not in variables.known]
    for name in dict.fromkeys(unknown):
        if name not in _SET_BY_COMPOSE:
            yield Finding(
                pointer=pointer,
                message=f'a variable is used that is not declared: "{name}"',
                label=variables.label(name),
                help="declare it under `variables`, or as the variable of a config key",
            )


def _matches_any(glob: str, ordered: list[str]) -> bool:
    """Whether some key matches, looking only at those that begin as the glob does."""
    prefix = _GLOB.split(glob, maxsplit=1)[0]
    for key in ordered[bisect_left(ordered, prefix) :]:
        if not key.startswith(prefix):
            return False
        if fnmatchcase(key, glob):
            return True
    return False


RULE = Rule(
    code="PC212",
    severity=Severity.ERROR,
    title="undeclared variable or config key",
    why="Compose puts an empty text in its place and says so only in a warning.",
    source="Compose specification, Interpolation; real apps: passwords that were empty for a typo",
    check=check,
)
