"""The MarchProxy backend: its table of dialects, each imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penguin_compile.core.registry import Registry

if TYPE_CHECKING:
    from penguin_compile.live.marchproxy.dialect import Dialect

DIALECTS: Registry[type[Dialect]] = Registry(
    "MarchProxy dialect",
    {
        "standard": "penguin_compile.live.marchproxy.standard:Standard",
        "api-server": "penguin_compile.live.marchproxy.api_server:ApiServer",
    },
)
