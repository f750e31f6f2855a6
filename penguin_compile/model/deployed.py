"""What of an app an environment deploys: its license tier decides (language.md, `tier`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from penguin_compile.model.app import App
from penguin_compile.model.service import EXTERNAL, Route, Service


def has_feature(app: App, feature: str) -> bool:
    """Whether the environment's tier grants a feature.

    True where no tier is stated, and where the license doesn't know the feature or a tier: that is
    for a rule to complain about, not for an output to guess.
    """
    if app.environment.tier is None or app.license is None:
        return True
    order = [tier.name for tier in app.license.tiers]
    needed = next((one.tier for one in app.license.features if one.name == feature), None)
    if needed not in order or app.environment.tier not in order:
        return True
    return order.index(needed) <= order.index(app.environment.tier)


def is_deployed(app: App, service: Service) -> bool:
    """Whether the environment deploys a service."""
    return service.requires_feature is None or has_feature(app, service.requires_feature)


def deployed_services(app: App) -> dict[str, Service]:
    """The services that the environment deploys, in the order of the spec."""
    if app.environment.tier is None:
        return dict(app.services)
    return {name: one for name, one in app.services.items() if is_deployed(app, one)}


def deployed_routes(app: App) -> dict[str, Route]:
    """The routes without the services that are left out, and without routes left with no end."""
    absent = app.services.keys() - deployed_services(app).keys()
    if not absent:
        return dict(app.routes)
    routes = {
        name: replace(
            route,
            sources=_without(route.sources, absent),
            targets=_without(route.targets, absent),
        )
        for name, route in app.routes.items()
    }
    return {name: route for name, route in routes.items() if route.sources and route.targets}


def _without(names: Iterable[str], absent: frozenset[str] | set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name == EXTERNAL or name not in absent)
