"""Target `env`: example env files, one of everything and one per container.

They are read by three programs that disagree about quoting: Compose, python-dotenv and a shell
(`set -a; . file`). What is written here reads the same in all three.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_services
from penguin_compile.model.deployment import DeploymentVariable
from penguin_compile.model.gateway_fields import gateway_services
from penguin_compile.model.service import FromVariable, Template
from penguin_compile.targets.compose_text import can_be_default
from penguin_compile.targets.heading import comment_lines, heading
from penguin_compile.targets.target import Artifact, Placement, Target

_COPIED = "docker-compose.yml holds this value itself: another one is set there"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VARIABLE_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DOLLAR = "${__:-$}"  # the default of a variable that nobody sets: a dollar in all three readers


def quote_env(text: str) -> str | None:
    """A value as all three readers take it; None where no quoting carries it.

    A carriage return becomes a line feed in python-dotenv; a backtick between double quotes runs
    a command in a shell.
    """
    if "\r" in text or "\0" in text:
        return None
    if not text:
        return ""
    if "'" not in text and "\\" not in text and "${" not in text:
        return f"'{text}'"
    if "`" in text:
        return None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", _DOLLAR)
    return f'"{escaped}"'


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """The file of all variables, and one for each container that is given some."""
    first = f"# {heading(placement)}"
    declared = list(app.deployment.variables.values())
    idle = _given_to_nobody(app)
    start = [first, "# Copy it to .env beside docker-compose.yml and fill in what is empty."]
    listed = [one for one in declared if one.name not in idle]
    composed = any(one.container is not None for one in app.services.values())
    text = _text(start, [*listed, *_import_script_variables(app)], composed=composed)
    yield Artifact(path="env/.env.example", text=text + _idle_text(declared, idle))
    order = {one.name: index for index, one in enumerate(declared)}
    for name, service in deployed_services(app).items():
        if service.container is None:
            continue
        names = _given(app, name)
        indexes = sorted(order[one] for one in names if one in order)
        if indexes:
            given = [_with_default(declared[index], names) for index in indexes]
            start = [first, f"# What the container of {name} is given from outside."]
            yield Artifact(path=f"env/{name}.env.example", text=_text(start, given))


def _given_to_nobody(app: App) -> set[str]:
    """Those of config keys and sections that no container is given, while there are containers.

    Setting them does nothing. What `variables` declares stays: PC312 tells it, or was allowed.
    """
    containers = [one for one in deployed_services(app).values() if one.container is not None]
    if not containers:
        return set()
    declared = app.deployment.variables.values()
    idle = {one.name for one in declared if one.pointer[0] != "variables"}
    for service in containers:
        idle -= _given(app, service.name).keys()
    if not idle:
        return idle
    texts: list[object] = [app.compose, *(one.container for one in containers)]
    if app.waddleai is not None and app.waddleai.enabled and app.waddleai.container is not None:
        idle.discard("WADDLEAI_MAX_WORKERS")
        texts.append(app.waddleai.container)
    return idle.difference(*(_WORD.findall(repr(one)) for one in texts))


def _idle_text(declared: Iterable[DeploymentVariable], idle: set[str]) -> str:
    """Comments that show what there is, and how a container gets it."""
    if not idle:
        return ""
    head = "\n## Given to no container: setting them does nothing\n\n"
    return head + "".join(f"# {_idle_line(one)}\n" for one in declared if one.name in idle)


def _idle_line(variable: DeploymentVariable) -> str:
    """One line, whatever the default: a second one would be no comment."""
    quoted = _quoted_default(variable)
    if quoted is None or "\n" in quoted:
        return f"{variable.name}: its default is more than a line holds."
    return f"{variable.name}={quoted}"


def _given(app: App, service: str) -> dict[str, str | None]:
    """The variables that a container's environment is made of, and its own defaults of them."""
    names: dict[str, str | None] = {}
    for value in app.deployment.containers[service].values():
        if isinstance(value, FromVariable):
            names[value.name] = value.default
        elif isinstance(value, Template):
            for name in VARIABLE_REFERENCE.findall(value.text):
                names.setdefault(name, None)
    return names


def _with_default(
    variable: DeploymentVariable, defaults: Mapping[str, str | None]
) -> DeploymentVariable:
    own = defaults[variable.name]
    return variable if own is None else replace(variable, default=own)


def _import_script_variables(app: App) -> Iterator[DeploymentVariable]:
    """What `scripts/marchproxy-import.sh` reads; no container is given them."""
    gateway = app.environment.gateway
    url = gateway.url if gateway is not None else None
    if not gateway_services(app):
        return
    for name, default, description in (
        (
            "MARCHPROXY_API",
            url if isinstance(url, str) else "http://localhost:8000",
            "MarchProxy that scripts/marchproxy-import.sh imports into",
        ),
        ("CLUSTER_API_KEY", None, "API key of its cluster, for scripts/marchproxy-import.sh"),
    ):
        if name not in app.deployment.variables:
            yield DeploymentVariable(
                name=name,
                group="MarchProxy",
                default=default,
                description=description,
                sensitive=default is None,
                required=False,
                type="string",
                pointer=("services",),
            )


def _text(
    start: Iterable[str], variables: Iterable[DeploymentVariable], *, composed: bool = True
) -> str:
    """A file; `composed` tells that there is a Compose file beside it."""
    lines = list(start)
    groups: dict[str, list[DeploymentVariable]] = {}
    for one in variables:
        groups.setdefault(one.group, []).append(one)
    for group, members in groups.items():
        lines += ["", *comment_lines(group, "##")]
        for one in members:
            lines += _lines(one, composed=composed)
    return "\n".join([*lines, ""])


def _lines(variable: DeploymentVariable, *, composed: bool) -> Iterator[str]:
    yield ""
    yield from comment_lines(variable.description or "")
    if marks := _marks(variable):
        yield f"# ({marks})"
    quoted = _quoted_default(variable)
    if quoted is None:
        place = "; the Compose file does" if composed else ""
        yield f"# {variable.name}: no env file can hold its default{place}."
        return
    if composed and _is_copied(variable):
        yield f"# ({_COPIED})"
    yield f"{variable.name}={quoted}"


def _is_copied(variable: DeploymentVariable) -> bool:
    """Whether Compose can't be told the default but as it stands, without the variable."""
    default = None if variable.sensitive else variable.default
    return default is not None and not can_be_default(default, alone=True)


def _quoted_default(variable: DeploymentVariable) -> str | None:
    """Empty where there is none, or it is a secret; None where no quoting carries it."""
    if variable.default is None or variable.sensitive:
        return ""
    return quote_env(variable.default)


def _marks(variable: DeploymentVariable) -> str:
    """What an operator has to know of a variable beside its meaning."""
    marks = []
    if variable.required and (variable.default is None or variable.sensitive):
        marks.append("required")
    if variable.sensitive:
        marks.append("secret")
    return ", ".join(marks)


TARGET = Target(
    name="env",
    render=render,
    renders=frozenset(("service", "setting", "variable")),
    ignores={
        "route": "routes give no container a variable",
        "tier": "the license server holds the tiers",
        "feature": "the license server holds the features",
        "metric": "metrics have no variables",
        "waddleai": "its variables come as variables of the deployment",
    },
    owns=("env/",),
)
