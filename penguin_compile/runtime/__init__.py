"""What an app of the house imports: settings that follow their table, beside the running app.

Needs none of the compiler's dependencies. Names are imported when they are used, each with what
its module needs.
"""

from __future__ import annotations

TYPE_CHECKING = False  # true for type checkers; importing `typing` takes longer than this module
if TYPE_CHECKING:
    from penguin_compile.runtime.resolution import SettingMissing, Source, UnknownSetting
    from penguin_compile.runtime.settings import Changed, Settings, TypedSettings, open_settings
    from penguin_compile.runtime.snapshot import Snapshot, TypedSnapshot

# A name, and the module below this package that has it.
_MODULES = {
    "Changed": "settings",
    "SettingMissing": "resolution",
    "Settings": "settings",
    "Snapshot": "snapshot",
    "Source": "resolution",
    "TypedSettings": "settings",
    "TypedSnapshot": "snapshot",
    "UnknownSetting": "resolution",
    "open_settings": "settings",
}
__all__ = [
    "Changed",
    "SettingMissing",
    "Settings",
    "Snapshot",
    "Source",
    "TypedSettings",
    "TypedSnapshot",
    "UnknownSetting",
    "open_settings",
]


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
