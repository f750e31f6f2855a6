"""What an app of the house imports: its settings, license, telemetry and AI, while it runs.

Needs none of the compiler's dependencies. Names are imported when they are used, each with what
its module needs.
"""

from __future__ import annotations

TYPE_CHECKING = False  # true for type checkers; importing `typing` takes longer than this module
if TYPE_CHECKING:
    from penguin_compile.runtime.ai import open_ai, open_async_ai
    from penguin_compile.runtime.ai_errors import AIError
    from penguin_compile.runtime.license import LicenseClient
    from penguin_compile.runtime.license_errors import (
        FeatureNotEntitled,
        LicenseError,
        LicenseInvalid,
    )
    from penguin_compile.runtime.license_gate import answer_denials, requires_feature
    from penguin_compile.runtime.license_opening import current_license, open_license
    from penguin_compile.runtime.resolution import SettingMissing, Source, UnknownSetting
    from penguin_compile.runtime.settings import Changed, Settings, TypedSettings, open_settings
    from penguin_compile.runtime.snapshot import Snapshot, TypedSnapshot
    from penguin_compile.runtime.telemetry import Telemetry, open_telemetry
    from penguin_compile.runtime.telemetry_catalogue import UndeclaredMetric
    from penguin_compile.runtime.telemetry_trace import continue_trace

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
    "AIError": "ai_errors",
    "FeatureNotEntitled": "license_errors",
    "LicenseClient": "license",
    "LicenseError": "license_errors",
    "LicenseInvalid": "license_errors",
    "Telemetry": "telemetry",
    "UndeclaredMetric": "telemetry_catalogue",
    "answer_denials": "license_gate",
    "continue_trace": "telemetry_trace",
    "current_license": "license_opening",
    "open_ai": "ai",
    "open_async_ai": "ai",
    "open_license": "license_opening",
    "open_telemetry": "telemetry",
    "requires_feature": "license_gate",
}
__all__ = [
    "AIError",
    "Changed",
    "FeatureNotEntitled",
    "LicenseClient",
    "LicenseError",
    "LicenseInvalid",
    "SettingMissing",
    "Settings",
    "Snapshot",
    "Source",
    "Telemetry",
    "TypedSettings",
    "TypedSnapshot",
    "UndeclaredMetric",
    "UnknownSetting",
    "answer_denials",
    "continue_trace",
    "current_license",
    "open_ai",
    "open_async_ai",
    "open_license",
    "open_settings",
    "open_telemetry",
    "requires_feature",
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
