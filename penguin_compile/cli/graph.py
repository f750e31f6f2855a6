"""`graph`: services, routes and features of an app, drawn."""

from __future__ import annotations

import click

from penguin_compile.cli.completing import complete_environment
from penguin_compile.cli.planning import app_option, choose_app
from penguin_compile.cli.specs import show_findings, summarise
from penguin_compile.core.errors import PenguinError
from penguin_compile.model.app import App


@click.command(
    short_help="Draw services, routes and features.",
    epilog="Example: penguin-compile graph --env prod --format svg > myapp.svg",
)
@click.argument("spec", required=False, type=click.Path())
@app_option
@click.option(
    "--env",
    "environment",
    metavar="NAME",
    shell_complete=complete_environment,
    help="Which environment; default the first.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    default="mermaid",
    help="mermaid for GitHub, dot for Graphviz, or a picture.",
)
def command(spec: str | None, app_name: str | None, environment: str | None, form: str) -> None:
    """Draw what an environment deploys: services, routes, dependencies, and the features that gate.

    SPEC is a spec file, or a folder that holds one; default spec/.
    """
    from penguin_compile.report.graph import build_graph

    graph = build_graph(_read_app(spec, app_name, environment))
    if form == "svg":
        from penguin_compile.report.graph_svg import render_graph_svg as render
    elif form == "dot":
        from penguin_compile.report.graph_dot import render_graph_dot as render
    else:
        from penguin_compile.report.graph_mermaid import render_graph_mermaid as render
    click.echo(render(graph), nl=False)


def _read_app(spec: str | None, app_name: str | None, environment: str | None) -> App:
    checked = choose_app(spec, app_name, [] if environment is None else [environment])
    first = next(iter(checked.environments.values()), None)
    if checked.has_errors or first is None or first.app is None:
        show_findings(checked.findings, err=True)
        message = f"{checked.loaded.path} has errors: {summarise(checked.findings)}"
        raise PenguinError(message, hint="nothing was drawn; mend the spec first")
    return first.app
