"""Target `typescript`: the settings as a web page is given them, declared for TypeScript.

Sensitive keys are left out: their values never leave the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.setting import Setting, SettingType, Unset
from penguin_compile.targets.heading import comment_lines, heading
from penguin_compile.targets.target import Artifact, Placement, Target

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")  # of a property that needs no quotes
_TYPES = {
    SettingType.STRING: "string",
    SettingType.INTEGER: "number",
    SettingType.NUMBER: "number",
    SettingType.BOOLEAN: "boolean",
    SettingType.JSON: "JsonValue",
}


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """One declaration for every app: one without settings has an empty interface."""
    lines = [
        f"// {heading(placement)}",
        "",
        "export type JsonValue =",
        "  | null",
        "  | boolean",
        "  | number",
        "  | string",
        "  | readonly JsonValue[]",
        "  | { readonly [name: string]: JsonValue };",
        "",
        "export interface Settings {",
        *_properties(app),
        "}",
        "",
        "export type SettingKey = keyof Settings;",
    ]
    yield Artifact(path="typescript/settings.d.ts", text="\n".join([*lines, ""]))


def _properties(app: App) -> Iterator[str]:
    for setting in app.settings.values():
        if setting.sensitive:
            continue
        if setting.description:
            yield from _comment(setting.description)
        name = setting.key if _NAME.match(setting.key) else json.dumps(setting.key)
        yield f"  readonly {name}: {_type(setting)};"


def _comment(description: str) -> Iterator[str]:
    text = description.replace("*/", "* /")
    yield "  /**"
    yield from (f"  {line}" for line in comment_lines(text, " *"))
    yield "   */"


def _type(setting: Setting) -> str:
    name = _TYPES[setting.type]
    sure = setting.required or not isinstance(setting.default, Unset)
    return name if sure or setting.type is SettingType.JSON else f"{name} | null"


TARGET = Target(
    name="typescript",
    render=render,
    renders=frozenset(("setting",)),
    ignores={
        "service": "services are no settings",
        "route": "routes are no settings",
        "variable": "a page has no variables",
        "tier": "the license server holds the tiers",
        "feature": "the license server holds the features",
        "metric": "telemetry/metrics.json holds them",
        "waddleai": "its variables are no settings",
    },
    owns=("typescript/",),
    default=False,
)
