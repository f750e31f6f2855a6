"""A plan as its revision keeps it: JSON without indentation, compressed where it is long.

Between `application.py` and the state. Written piece by piece: the plan of a first apply of a
hundred thousand keys is some 60 MB of text, and nothing needs all of it at once.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from typing import Final

from penguin_compile.model.plan import Plan
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.plan_file import change_data, plan_head, write_compact

_LONG: Final = 1_000_000  # MySQL takes no statement over 16 MB by default
_PACKED: Final = "zlib+base64:"
_AT_ONCE: Final = 1000  # changes


def keep_plan(plan: Plan, spec: str, decisions: Decisions) -> str:
    """The text for the revision; secrets as fingerprints."""
    pieces, size = list[bytes](), 0
    waiting = _write(plan, spec, decisions)
    for piece in waiting:
        pieces.append(piece)
        size += len(piece)
        if size >= _LONG:
            break
    else:
        return b"".join(pieces).decode()
    packer = zlib.compressobj(level=1)
    packed = [packer.compress(piece) for piece in pieces]
    packed += [packer.compress(piece) for piece in waiting]
    return _PACKED + base64.b64encode(b"".join((*packed, packer.flush()))).decode()


def unpack_plan(text: str) -> str:
    """The plan's JSON from what a revision keeps."""
    if not text.startswith(_PACKED):
        return text
    return zlib.decompress(base64.b64decode(text.removeprefix(_PACKED))).decode()


def _write(plan: Plan, spec: str, decisions: Decisions) -> Iterator[bytes]:
    yield write_compact(plan_head(plan, spec, decisions))[:-1] + b',"changes":['
    for start in range(0, len(plan.changes), _AT_ONCE):
        some = [change_data(one) for one in plan.changes[start : start + _AT_ONCE]]
        yield (b"," if start else b"") + write_compact(some)[1:-1]
    yield b"]}"
