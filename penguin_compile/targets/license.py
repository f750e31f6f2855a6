"""Target `license`: what each tier grants, resolved, for license servers and clients.

Source: integration-standards, "Tiers and Features": each tier has all that the one before it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penguin_compile.model.app import App
from penguin_compile.model.license import Feature, License
from penguin_compile.targets.json_text import json_text
from penguin_compile.targets.target import Artifact, Placement, Target

FORMAT = 1


def render(app: App, placement: Placement) -> Iterator[Artifact]:  # noqa: ARG001  # JSON
    """The entitlements; none for an app without a license."""
    if app.license is not None:
        document = entitlements(app.license)
        yield Artifact(path="license/entitlements.json", text=json_text(document))


def entitlements(license_: License) -> dict[str, Any]:
    """The document: what is asked for, the tiers lowest first, and every feature."""
    return {
        "format": FORMAT,
        "product": license_.product,
        "server_url": license_.server_url,
        "dialect": license_.dialect,
        "release_mode": license_.release_mode,
        "tiers": list(_tiers(license_)),
        "features": {one.name: _feature(one) for one in license_.features},
    }


def _tiers(license_: License) -> Iterator[dict[str, Any]]:
    """Each with what it inherits: a limit that it states itself replaces the lower tier's."""
    granted: set[str] = set()
    limits: dict[str, int | str] = {}
    for tier in license_.tiers:
        granted.add(tier.name)
        limits = {**limits, **tier.limits}
        features = [one.name for one in license_.features if one.tier in granted]
        yield {"name": tier.name, "features": features, "limits": limits}


def _feature(feature: Feature) -> dict[str, Any]:
    """The lowest tier that has it, and what it is; an absent description is left out."""
    fields: dict[str, Any] = {"tier": feature.tier, "ai": feature.ai}
    if feature.description is not None:
        fields["description"] = feature.description
    return fields


TARGET = Target(
    name="license",
    render=render,
    renders=frozenset(("tier", "feature")),
    ignores={
        "service": "what a service requires is the gateway's and the containers' to leave out",
        "route": "routes are not licensed",
        "setting": "settings are not licensed",
        "variable": "the license key and its like are variables of env and Compose",
        "metric": "metrics are not licensed",
        "waddleai": "its features are features of the license, marked as `ai`",
    },
    owns=("license/",),
)
