"""Target `marchproxy`: the gateway's import files, and the script that imports them.

Formats: integration-standards, "MarchProxy API Gateway Integration".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from penguin_compile.model.app import App
from penguin_compile.model.gateway_fields import (
    gateway_routes,
    gateway_services,
    route_fields,
    service_fields,
)
from penguin_compile.targets.heading import heading
from penguin_compile.targets.target import Artifact, Placement, Target

_DEFAULT_API = "http://localhost:8000"


def render(app: App, placement: Placement) -> Iterable[Artifact]:
    """Three JSON files and the script."""
    services = [service_fields(app, one) for one in gateway_services(app).values()]
    mappings = [route_fields(app, one) for one in gateway_routes(app).values()]
    metadata = {
        "app_name": app.name,
        "generated_by": "penguin-compile",
        "version": app.identity.version,
    }
    texts = (_json_text(services), _json_text(mappings), _json_text(metadata))
    names = ("services", "mappings", "metadata")
    return (
        Artifact(path="marchproxy/services.json", text=_document(names[:1], texts[:1])),
        Artifact(path="marchproxy/mappings.json", text=_document(names[1:2], texts[1:2])),
        Artifact(path="marchproxy/import-config.json", text=_document(names, texts)),
        Artifact(
            path="scripts/marchproxy-import.sh", text=_script(app, placement), executable=True
        ),
    )


def _json_text(value: Any) -> str:
    """JSON with two spaces, as deep as a member of the document stands."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return text.replace("\n", "\n  ")


def _document(names: Iterable[str], texts: Iterable[str]) -> str:
    """One JSON object of members that are text already, because two files share the large one."""
    members = ",\n".join(f'  "{name}": {text}' for name, text in zip(names, texts, strict=True))
    return f"{{\n{members}\n}}\n"


def _script(app: App, placement: Placement) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(  # noqa: S701  # the output is a shell script, not HTML
        loader=PackageLoader("penguin_compile.targets"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    template = templates.get_template("marchproxy-import.sh.j2")
    return template.render(heading=heading(placement), app=app.name, api=_DEFAULT_API)


TARGET = Target(
    name="marchproxy",
    render=render,
    renders=frozenset(("service", "route")),
    ignores={
        "setting": "the gateway holds no settings of an app",
        "variable": "the script reads its two from the environment",
        "tier": "decides which services are there, and is no resource of the gateway",
        "feature": "decides which services are there, and is no resource of the gateway",
        "metric": "metrics go to KillKrill",
        "waddleai": "reached inside the network only, never through the gateway",
    },
    owns=("marchproxy/", "scripts/marchproxy-import.sh"),
)
