"""An app as a graph: services, what reaches them, what they need, and what gates them.

One view, in the order of the spec; `graph_mermaid`, `graph_dot` and `graph_svg` draw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_routes, deployed_services, has_feature
from penguin_compile.model.service import EXTERNAL, Route, Service

WADDLEAI: Final = "waddleai"


class NodeKind(StrEnum):
    """What a node stands for."""

    EXTERNAL = "external"
    SERVICE = "service"
    INTERNAL = "internal"  # not registered with the gateway
    OTHER_APP = "other"
    AI = "ai"
    FEATURE = "feature"


class EdgeKind(StrEnum):
    """What an edge stands for."""

    ROUTE = "route"
    DEPENDS = "depends"
    USES_AI = "uses"
    GATES = "gates"


# What an edge says where it is read aloud, and beside its line in the legend.
MEANINGS: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.ROUTE: "route",
    EdgeKind.DEPENDS: "depends on",
    EdgeKind.USES_AI: "uses AI",
    EdgeKind.GATES: "gates",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box: `key` is unique in the graph, `detail` a line below the title or empty."""

    key: str
    kind: NodeKind
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One arrow between two nodes, by their keys; the lines of its label."""

    source: str
    target: str
    kind: EdgeKind
    label: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everything that is drawn."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def describe(self) -> str:
        """The graph in sentences, for who can't see it."""
        titles = {one.key: one.title for one in self.nodes}
        sentences = [
            f"{titles[one.source]} {_verb(one)} {titles[one.target]}." for one in self.edges
        ]
        joined = {end for one in self.edges for end in (one.source, one.target)}
        alone = [one.title for one in self.nodes if one.key not in joined]
        if alone:
            sentences.append(f"Alone: {', '.join(alone)}.")
        return " ".join(sentences) or "Nothing is described."


def _verb(edge: Edge) -> str:
    if edge.kind is not EdgeKind.ROUTE:
        return MEANINGS[edge.kind]
    return f"reaches by {', '.join(edge.label)}:" if edge.label else "reaches"


def build_graph(app: App) -> Graph:
    """The graph of what an environment deploys."""
    services = deployed_services(app)
    routes = list(deployed_routes(app).values())
    edges = [*_routes(routes), *_dependencies(services), *_ai_uses(app, services)]
    gates = list(_gates(app, services))
    tier = app.environment.tier
    parts = (app.name, app.environment.name, *(() if tier is None else (f"tier {tier}",)))
    return Graph(
        title=" · ".join(parts),
        nodes=(*_outside(routes), *map(_service, services.values()), *_extras(app, gates)),
        edges=(*edges, *gates),
    )


def _outside(routes: list[Route]) -> Iterator[Node]:
    """The world, and services of other apps, as far as routes name them."""
    ends = dict.fromkeys(end for one in routes for end in (*one.sources, *one.targets))
    if EXTERNAL in ends:
        yield Node(key=_key(EXTERNAL), kind=NodeKind.EXTERNAL, title=EXTERNAL)
    for end in ends:
        if "/" in end:
            app, _, service = end.partition("/")
            yield Node(key=_key(end), kind=NodeKind.OTHER_APP, title=service, detail=f"of {app}")


def _key(end: str) -> str:
    """Of an end of a route; services of this app may have any name, also that of a feature."""
    return end if end == EXTERNAL or "/" in end else f"service:{end}"


def _service(service: Service) -> Node:
    if not service.gateway:
        return Node(
            key=_key(service.name),
            kind=NodeKind.INTERNAL,
            title=service.name,
            detail="not on the gateway",
        )
    parts = [service.protocol if service.port is None else f"{service.protocol} {service.port}"]
    if service.auth != "none":
        parts.append(service.auth)
    return Node(
        key=_key(service.name),
        kind=NodeKind.SERVICE,
        title=service.name,
        detail=" · ".join(parts),
    )


def _extras(app: App, gates: list[Edge]) -> Iterator[Node]:
    if app.waddleai is not None and app.waddleai.enabled and not _is_service(app):
        yield Node(key=WADDLEAI, kind=NodeKind.AI, title="WaddleAI", detail="optional AI")
    gating = {one.source for one in gates}
    for feature in () if app.license is None else app.license.features:
        if (key := f"feature:{feature.name}") in gating:
            detail = f"from {feature.tier}"
            yield Node(key=key, kind=NodeKind.FEATURE, title=feature.name, detail=detail)


def _is_service(app: App) -> bool:
    return WADDLEAI in deployed_services(app)


def _ai_key(app: App) -> str:
    return _key(WADDLEAI) if _is_service(app) else WADDLEAI


def _routes(routes: list[Route]) -> Iterator[Edge]:
    """One arrow between each two ends, however many routes there are between them."""
    labels: dict[tuple[str, str], list[str]] = {}
    for route in routes:
        for source in dict.fromkeys(route.sources):
            for target in dict.fromkeys(route.targets):
                ends = (_key(source), _key(target))
                labels.setdefault(ends, []).extend(
                    one for one in (route.name, route.listens) if one
                )
    for (source, target), lines in labels.items():
        yield Edge(source=source, target=target, kind=EdgeKind.ROUTE, label=tuple(lines))


def _dependencies(services: Mapping[str, Service]) -> Iterator[Edge]:
    for name, service in services.items():
        for needed in service.depends_on:
            if needed in services:
                yield Edge(source=_key(name), target=_key(needed), kind=EdgeKind.DEPENDS)


def _ai_uses(app: App, services: Mapping[str, Service]) -> Iterator[Edge]:
    if app.waddleai is not None and app.waddleai.enabled:
        for name in app.waddleai.used_by:
            if name in services:
                yield Edge(source=_key(name), target=_ai_key(app), kind=EdgeKind.USES_AI)


def _gates(app: App, services: Mapping[str, Service]) -> Iterator[Edge]:
    """The features that decide whether a service, or WaddleAI, is there."""
    known = {one.name for one in app.license.features} if app.license is not None else set()
    for name, service in services.items():
        if service.requires_feature in known:
            source = f"feature:{service.requires_feature}"
            yield Edge(source=source, target=_key(name), kind=EdgeKind.GATES)
    if app.waddleai is not None and app.waddleai.enabled:
        for feature in app.waddleai.features:
            if feature in known and has_feature(app, feature):
                source = f"feature:{feature}"
                yield Edge(source=source, target=_ai_key(app), kind=EdgeKind.GATES)
