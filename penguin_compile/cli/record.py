"""What a run dealt with, as the cache of commands keeps it (compile_cache.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a run that left everything right has read and written, and what it says then.

    `files` are paths with the SHA-256 that they had, and whether they are executable, None where
    that doesn't matter; `listings` are folders whose lists of names count; `present` and `absent`
    what has to be there and what must not.
    """

    files: Sequence[tuple[str, str, bool | None]]
    listings: Sequence[str]
    present: Sequence[str]
    absent: Sequence[str]
    out: Sequence[str]
    err: Sequence[str]
