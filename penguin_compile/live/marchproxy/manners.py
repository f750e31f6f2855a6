"""How a run wants its requests to be made: what the command line says, and no spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from penguin_compile.core.records import dataclass

# A real api-server serialises its writes and stalls at 28 requests at once.
DEFAULT_PARALLELISM: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """`parallelism` is the most connections and requests at a time.

    `insecure` takes any certificate. `bulk` sends one import where the server has one. `log` is
    given each request and answer, without secrets, from any thread.
    """

    parallelism: int = DEFAULT_PARALLELISM
    insecure: bool = False
    bulk: bool = False
    log: Callable[[str], None] | None = None
