"""The local MarchProxy-compatible server: its table of dialects, each imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penguin_compile.core.registry import Registry

if TYPE_CHECKING:
    from penguin_compile.sandbox.routing import Dialect

DIALECTS: Registry[Dialect] = Registry(
    "sandbox dialect",
    {
        "standard": "penguin_compile.sandbox.standard:STANDARD",
        "api-server": "penguin_compile.sandbox.api_server:API_SERVER",
    },
)
