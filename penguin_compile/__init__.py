"""penguin-compile: one YAML spec per app, compiled, planned and applied.

What stands in `__all__` is the Python API, described in docs/python-api.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # true for type checkers; importing `typing` takes as long as --version
if TYPE_CHECKING:
    from penguin_compile.api import (
        Checked,
        Compiled,
        Finding,
        PenguinError,
        SpecError,
        check,
        compile,  # noqa: A004 - it is called penguin_compile.compile
    )

__version__ = "0.1.0"
__all__ = [
    "Checked",
    "Compiled",
    "Finding",
    "PenguinError",
    "SpecError",
    "__version__",
    "check",
    "compile",
]


def __getattr__(name: str) -> object:
    """The API is imported when it is used: `--version` and `--help` need none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.api"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
