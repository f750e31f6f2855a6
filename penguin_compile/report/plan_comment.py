"""A plan as the one comment of its app and environment on a pull request, renewed at each push.

The comment remembers, in an HTML comment at its end, what it showed and for which commit: the next
push says what is new, different or gone since. What is remembered is addresses and digests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from penguin_compile.core.canonical import canonical_json
from penguin_compile.report.markdown_comment import LONGEST, code
from penguin_compile.report.plan_markdown import render_plan_markdown
from penguin_compile.report.plan_view import view_plan
from penguin_compile.report.plan_words import shorten

_MOST_MEMORY: Final = 12_000  # characters; a larger plan is not compared with the next
_MOST_UNPACKED: Final = 1_000_000  # bytes
_MOST_NAMED: Final = 20  # addresses of each sort
_MEMORY: Final = re.compile(r"^<!-- penguin-compile memory ([A-Za-z0-9+/=]+) -->$", re.MULTILINE)
_REVIEWED: Final = ("class", "action", "fields", "writes", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a comment showed: for which commit, and a digest for each address."""

    head: str
    changes: Mapping[str, str]


def comment_marker(data: Mapping[str, Any]) -> str:
    """The first line of the comment of a plan's app and environment."""
    return f"<!-- penguin-compile plan {data['app']}/{data['environment']} -->"


def render_plan_comment(data: Mapping[str, Any], head: str, previous: str | None) -> str:
    """The comment's text, at most LONGEST characters.

    `data` is a plan's JSON, `head` the commit that was planned, `previous` the text of the comment
    as it stands. Planned again for the same commit, it is still compared with the push before.
    """
    shown = Seen(head=head, changes=_digests(data))
    known = _recall(previous or "")
    before = next((one for one in known if one.head != head), None)
    first, last = comment_marker(data), _remember(shown, before)
    since = "" if before is None else "".join(_tell(before, shown))
    room = LONGEST - len(first) - len(last) - 4
    plan = render_plan_markdown(view_plan(data), longest=room, since=since)
    return f"{first}\n{plan}\n{last}\n"


def _digests(data: Mapping[str, Any]) -> dict[str, str]:
    shown = {one.address for one in view_plan(data).changes}
    return {
        one["address"]: hashlib.sha256(
            canonical_json([one[key] for key in _REVIEWED]).encode()
        ).hexdigest()[:8]
        for one in data["changes"]
        if one["address"] in shown
    }


def _tell(before: Seen, now: Seen) -> Iterator[str]:
    """What a reviewer who read the last one has to read again."""
    sorts = {
        "new": [one for one in now.changes if one not in before.changes],
        "different": [
            one for one, digest in now.changes.items() if before.changes.get(one, digest) != digest
        ],
        "gone": [one for one in before.changes if one not in now.changes],
    }
    since = f"Since {code(before.head[:7])}"
    if not any(sorts.values()):
        yield f"\n{since}: the same plan.\n"
        return
    counts = ", ".join(f"{len(found)} {sort}" for sort, found in sorts.items() if found)
    yield f"\n<details><summary>{since}: {counts}</summary>\n\n"
    for sort, found in sorts.items():
        yield from (f"- {sort}: {code(shorten(one, 100))}\n" for one in found[:_MOST_NAMED])
        if found[_MOST_NAMED:]:
            yield f"- {sort}: {len(found) - _MOST_NAMED} more\n"
    yield "\n</details>\n"


def _remember(*seen: Seen | None) -> str:
    told = [[one.head, dict(one.changes)] for one in seen if one is not None]
    while told:
        packed = base64.b64encode(zlib.compress(canonical_json(told).encode(), 9)).decode()
        if len(packed) <= _MOST_MEMORY:
            return f"<!-- penguin-compile memory {packed} -->"
        told.pop()
    return "<!-- penguin-compile: too large to be compared with the next -->"


def _recall(comment: str) -> list[Seen]:
    """What a comment remembers, the last first; nothing where a person changed it."""
    found = _MEMORY.search(comment)
    if found is None:
        return []
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(found[1], validate=True), _MOST_UNPACKED)
        return [
            Seen(
                head=str(head),
                changes={str(address): str(digest) for address, digest in changes.items()},
            )
            for head, changes in json.loads(text)
        ]
    except (ValueError, TypeError, AttributeError, RecursionError, zlib.error):
        return []
