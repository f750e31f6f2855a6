"""Target `python`: a stub that tells type checkers and editors the app's settings.

It stands beside the app's `settings.py`, which opens them: `settings = open_settings(...)`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.setting import Setting, SettingType, Unset
from penguin_compile.targets.heading import heading
from penguin_compile.targets.target import Artifact, Placement, Target

# What the runtime library's classes have themselves: such a key is read by `settings["source"]`.
METHODS = frozenset(("close", "explain", "on_change", "refresh", "snapshot", "source"))
_TYPES = {
    SettingType.STRING: "str",
    SettingType.INTEGER: "int",
    SettingType.NUMBER: "float",
    SettingType.BOOLEAN: "bool",
    SettingType.JSON: "Any",
}


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """One stub for every app: one without settings has none."""
    lines = [
        f"# {heading(placement)}",
        "# Beside settings.py, which says: settings = open_settings(PATH_OF_THE_MANIFEST)",
        "",
        "from typing import Any, Literal, overload",
        "",
        "from penguin_compile.runtime import TypedSettings, TypedSnapshot",
        "",
        "class _Keys:",
        *_keys(app),
        "",
        "class Snapshot(_Keys, TypedSnapshot): ...",
        "",
        "class Settings(_Keys, TypedSettings):",
        "    def snapshot(self) -> Snapshot: ...",
        "",
        "settings: Settings",
    ]
    yield Artifact(path="python/settings.pyi", text="\n".join([*lines, ""]))


def _keys(app: App) -> Iterator[str]:
    others = [one for one in app.settings.values() if not _is_attribute(one.key)]
    for setting in app.settings.values():
        if _is_attribute(setting.key):
            yield "    @property"
            yield from _method(f"{setting.key}(self) -> {_type(setting)}", setting)
    for setting in others:
        yield "    @overload"
        key = f'Literal["{setting.key}"]'
        yield from _method(f"__getitem__(self, key: {key}) -> {_type(setting)}", setting)
    if others:
        yield "    @overload"
    yield "    def __getitem__(self, key: str) -> Any: ..."


def _method(signature: str, setting: Setting) -> Iterator[str]:
    if setting.description is None:
        yield f"    def {signature}: ..."
    else:
        yield f"    def {signature}:"
        yield f"        {setting.description!r}"


def _is_attribute(key: str) -> bool:
    return key.isidentifier() and not keyword.iskeyword(key) and key not in METHODS


def _type(setting: Setting) -> str:
    name = _TYPES[setting.type]
    sure = setting.required or not isinstance(setting.default, Unset)
    return name if sure or name == "Any" else f"{name} | None"


TARGET = Target(
    name="python",
    render=render,
    renders=frozenset(("setting",)),
    ignores={
        "service": "services are no settings",
        "route": "routes are no settings",
        "variable": "the app reads its variables itself",
        "tier": "the license server holds the tiers",
        "feature": "the license server holds the features",
        "metric": "telemetry/metrics.json holds them",
        "waddleai": "its variables are no settings",
    },
    owns=("python/",),
    default=False,
)
