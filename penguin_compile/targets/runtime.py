"""Target `runtime`: what a library inside the app needs to start with and to check settings.

It holds no environment's name and no secret, so that it can be part of an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penguin_compile.model.app import App
from penguin_compile.model.setting import STANDARD_CATEGORIES, Check, Setting, Unset
from penguin_compile.targets.json_text import json_text
from penguin_compile.targets.target import Artifact, Placement, Target

FORMAT = 1
# A check's parts, and the words of the language for them.
_CHECKS = (
    ("minimum", "min"),
    ("maximum", "max"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("pattern", "pattern"),
    ("enum", "enum"),
    ("format", "format"),
    ("schema", "schema"),
)


def render(app: App, placement: Placement) -> Iterator[Artifact]:  # noqa: ARG001  # JSON
    """One manifest for every app: one without settings has its features."""
    yield Artifact(path="runtime/manifest.json", text=json_text(manifest(app)))


def manifest(app: App) -> dict[str, Any]:
    """The document; what a key has not got is left out, so that a default may be null."""
    table = app.outputs.config_table
    return {
        "format": FORMAT,
        "app": app.name,
        "version": app.identity.version,
        "table": {"name": table.name, "columns": dict(table.columns)},
        "categories": categories(app),
        "keys": {key: _key(setting) for key, setting in app.settings.items()},
        "tiers": [one.name for one in app.license.tiers] if app.license is not None else [],
        "features": {one.name: {"tier": one.tier} for one in app.license.features}
        if app.license is not None
        else {},
    }


def categories(app: App) -> list[str]:
    """The standard's six, those that the spec declares, and those that a key is in anyway."""
    used = (one.category for one in app.settings.values())
    return list(dict.fromkeys((*STANDARD_CATEGORIES, *app.categories, *used)))


def _key(setting: Setting) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type": setting.type.value,
        "category": setting.category,
        "variable": setting.variable,
    }
    if setting.description is not None:
        fields["description"] = setting.description
    if not setting.sensitive and not isinstance(setting.default, Unset):
        fields["default"] = setting.default
    if setting.check is not None and (check := check_fields(setting.check)):
        fields["check"] = check
    return {
        **fields,
        "sensitive": setting.sensitive,
        "required": setting.required,
        "manage": setting.manage.value,
    }


def check_fields(check: Check) -> dict[str, Any]:
    """What a check says, in the words of the language; a JSON Schema under `schema`."""
    stated = ((word, getattr(check, field)) for field, word in _CHECKS)
    return {word: value for word, value in stated if value is not None}


TARGET = Target(
    name="runtime",
    render=render,
    renders=frozenset(("setting", "tier", "feature")),
    ignores={
        "service": "the library runs inside of one",
        "route": "routes are the gateway's",
        "variable": "the app reads its variables itself",
        "metric": "telemetry/metrics.json holds them",
        "waddleai": "the library calls it by its variables",
    },
    owns=("runtime/",),
)
