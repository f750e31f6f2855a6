"""Services and routes of an app as a Mermaid flowchart, a line for each.

Dotted are the services that a container needs, dashed those that the gateway does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_routes, deployed_services
from penguin_compile.model.mermaid import label
from penguin_compile.model.service import EXTERNAL, Service

# What Mermaid draws at most, unless a page configures it: 500 edges, 50,000 characters.
MOST_EDGES, MOST_CHARACTERS = 500, 50_000
_INDENT = "    "


def flowchart(app: App) -> str | None:
    """The text of the diagram; None where it is empty or larger than Mermaid draws."""
    services, routes = deployed_services(app), deployed_routes(app)
    edges = sum(len(one.sources) * len(one.targets) for one in routes.values())
    edges += sum(len(one.depends_on) for one in services.values())
    if not services or edges > MOST_EDGES:
        return None
    text = "\n".join(("flowchart LR", *(f"{_INDENT}{line}" for line in _lines(app))))
    return text if len(text) <= MOST_CHARACTERS else None


def _lines(app: App) -> Iterator[str]:
    services, routes = deployed_services(app), deployed_routes(app)
    waddleai = app.waddleai if app.waddleai is not None and app.waddleai.enabled else None
    outside = dict.fromkeys(
        name
        for route in routes.values()
        for name in (*route.sources, *route.targets)
        if name not in services
    )
    ids = _ids((*outside, *services))
    for name in outside:
        title = "outside" if name == EXTERNAL else name
        yield f'{ids[name]}(["{label((title,))}"])'
    for name, service in services.items():
        yield f'{ids[name]}["{_service_label(service)}"]{"" if service.gateway else ":::inside"}'
    for route in routes.values():
        sources, targets = (
            " & ".join(ids[name] for name in names) for names in (route.sources, route.targets)
        )
        yield f'{sources} -->|"{label((route.name, route.listens))}"| {targets}'
    for name, service in services.items():
        needed = [ids[one] for one in service.depends_on if one in services]
        if needed:
            yield f"{ids[name]} -.-> {' & '.join(needed)}"
    if waddleai is not None and "waddleai" not in services:
        yield f'waddleai{{{{"{label(("WaddleAI", waddleai.url))}"}}}}'
        for name in waddleai.used_by:
            if name in services:
                yield f"{ids[name]} -.-> waddleai"
    if not all(one.gateway for one in services.values()):
        yield "classDef inside stroke-dasharray: 4 4"


def _ids(names: tuple[str, ...]) -> dict[str, str]:
    """Names that Mermaid takes for nodes, none of them a word of its own."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        one = f"n_{re.sub(r'[^A-Za-z0-9]', '_', name)}"
        while one in taken:
            one += "_"
        taken.add(one)
        ids[name] = one
    return ids


def _service_label(service: Service) -> str:
    at = service.protocol if service.port is None else f"{service.protocol} {service.port}"
    shown = [service.name]
    if service.gateway:
        shown.append(at)
    if service.requires_feature is not None:
        shown.append(f"with {service.requires_feature}")
    return label(shown)
