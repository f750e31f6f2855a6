"""What an app of the house imports: settings that follow their table, beside the running app.

Needs none of the compiler's dependencies. Names are imported when they are used, each with what
its module needs.
"""

from __future__ import annotations

TYPE_CHECKING = False  # true for type checkers; importing `typing` takes longer than this module
if TYPE_CHECKING:
    from penguin_compile.runtime.settings import Settings, open_settings

# A name, and the module below this package that has it.
_MODULES = {
    "Settings": "settings",
    "open_settings": "settings",
}
__all__ = ["Settings", "open_settings"]


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
