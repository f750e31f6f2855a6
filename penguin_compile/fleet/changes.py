"""Which specs a change touches: `--since REV`, through imports and the files that specs name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from penguin_compile.fleet.task import Answer
from penguin_compile.source.load import find_root
from penguin_compile.source.revision import Revision


def changed_specs(answers: Iterable[Answer], since: str) -> set[str]:
    """Specs that differ from a revision, or that read or name a file which does.

    Each is compared with the revision of that name in its own repository. What couldn't be read
    counts as changed. Raises what `Revision` raises.
    """
    changed: dict[str, set[str]] = {}
    found = set()
    for answer in answers:
        spec = answer["spec"]
        root = answer.get("root") or str(find_root(Path(spec)))
        if root not in changed:
            changed[root] = {str(one) for one in Revision(Path(root), since).changed_since()}
        touched = {os.path.realpath(spec), *answer.get("names", ())}
        for path in answer.get("files", ()):
            touched |= {path, os.path.realpath(path)}
        touched.update(answer.get("links", ()))
        if "failure" in answer or not touched.isdisjoint(changed[root]):
            found.add(spec)
    return found
