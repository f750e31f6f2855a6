"""What a short run of the program does without, because it would cost more than the work itself."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_LOADER = "pydantic.plugin._loader"


class _NoPlugins(ModuleType):
    """Stands in for pydantic's search for plugins, which reads the metadata of every package.

    That imports the standard library's e-mail parser and more: a tenth of `validate`. This
    program has no such plugins; whatever else is asked of the module comes from the real one.
    """

    @staticmethod
    def get_plugins() -> tuple[()]:
        """None."""
        return ()

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # asked by every `from … import`: it is no package
            raise AttributeError(name)
        del sys.modules[_LOADER]
        return getattr(import_module(_LOADER), name)


def skip_plugins() -> None:
    """To be called before pydantic builds its first validator, by the program alone."""
    sys.modules.setdefault(_LOADER, _NoPlugins(_LOADER))
