"""Target `docs`: one page for people, of everything that an operator or admin looks up."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_routes, deployed_services
from penguin_compile.model.service import FromVariable, Literal, Service, Template
from penguin_compile.targets.docs_tables import license_lines, settings_lines, visible
from penguin_compile.targets.flowchart import flowchart
from penguin_compile.targets.heading import heading
from penguin_compile.targets.markdown_text import block, cell_code, code, paragraph, prose, table
from penguin_compile.targets.target import Artifact, Placement, Target


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """The page."""
    first = heading(placement).replace(">", "?")  # else a file's name could end the comment
    lines = [f"<!-- {first} -->", "", *_identity(app)]
    for section in (_network, settings_lines, license_lines, _containers):
        lines.extend(section(app))
    yield Artifact(path="docs/reference.md", text="\n".join([*lines, ""]))


def _identity(app: App) -> Iterator[str]:
    yield f"# {prose(app.name)} {prose(app.identity.version)}"
    if app.identity.description:
        yield from ("", paragraph(app.identity.description))
    facts = [f"Environment {code(app.environment.name)}"]
    if app.environment.tier is not None:
        facts.append(f"license tier {code(app.environment.tier)}")
    if app.identity.owners:
        facts.append(f"owned by {', '.join(prose(one) for one in app.identity.owners)}")
    yield from ("", f"{', '.join(facts)}.")


def _network(app: App) -> Iterator[str]:
    services, routes = deployed_services(app), deployed_routes(app)
    if not services:
        return
    yield from ("", "## Services and routes", "")
    diagram = flowchart(app)
    if diagram is None:
        yield "There are too many of them for a diagram."
    else:
        yield from block(diagram, "mermaid")
        yield ""
        yield "Dotted: what a container needs. Dashed: what the gateway does not know."
    heads = ("Service", "Address", "Protocol", "Login", "Health check", "License feature")
    shown = len(heads) - (not any(one.requires_feature for one in services.values()))
    rows = (_service_row(one)[:shown] for one in services.values())
    yield from ("", *table(heads[:shown], rows))
    if not routes:
        return
    routed = (
        (
            code(one.name),
            ", ".join(map(code, one.sources)),
            ", ".join(map(code, one.targets)),
            _joined(one.listen_protocol, one.listen_port),
            "" if one.path_prefix is None else code(one.path_prefix),
            prose(one.description or ""),
        )
        for one in routes.values()
    )
    heads = ("Route", "From", "To", "Listens on", "Path", "Description")
    yield from ("", *table(heads, routed))


def _service_row(service: Service) -> tuple[str, ...]:
    if not service.gateway:
        return (code(service.name), "inside only", "", "", "", _feature(service))
    check = service.health_check
    asked = "off" if check is None else f"every {check.interval} s"
    if check is not None and check.path is not None:
        asked = f"{code(check.path)} {asked}"
    address = service.host if service.port is None else f"{service.host}:{service.port}"
    protocol = f"{service.protocol}, TLS" if service.tls_enabled else service.protocol
    return (code(service.name), code(address), protocol, service.auth, asked, _feature(service))


def _feature(service: Service) -> str:
    return "" if service.requires_feature is None else code(service.requires_feature)


def _joined(*parts: object) -> str:
    return " ".join(str(one) for one in parts if one is not None)


def _containers(app: App) -> Iterator[str]:
    for name, service in deployed_services(app).items():
        given = app.deployment.containers[name]
        if service.container is None or not given:
            continue
        yield from ("", f"## Variables of {code(name)}", "")
        rows = (_variable_row(app, variable, value) for variable, value in given.items())
        yield from table(("Variable", "Value", "Description"), rows)


def _variable_row(app: App, name: str, value: Literal | FromVariable | Template) -> tuple[str, ...]:
    if isinstance(value, Template):
        return (code(name), cell_code(visible(value.text)), "")
    if isinstance(value, Literal):
        return (code(name), f"{cell_code(visible(value.text))}, fixed", "")
    declared = app.deployment.variables[value.name]
    default = declared.default if value.default is None else value.default
    if declared.sensitive or default is None:
        marks = (("secret", declared.sensitive), ("required", declared.required))
        shown = ", ".join(mark for mark, holds in marks if holds)
    else:
        shown = cell_code(visible(default))
    other = "" if value.name == name else f"set by {code(value.name)}"
    shown = "<br>".join(one for one in (shown, other) if one)
    return (code(name), shown, prose(declared.description or ""))


TARGET = Target(
    name="docs",
    render=render,
    renders=frozenset(
        ("service", "route", "setting", "variable", "tier", "feature", "waddleai"),
    ),
    ignores={"metric": "telemetry/ holds the catalogue and a dashboard to look at"},
    owns=("docs/",),
)
