"""What an extra installs, by the metadata of what is installed here."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_CLASSIFIER = "License :: OSI Approved :: "


def closure(extra: str | None) -> set[str]:
    """Names of all distributions, this one included; `extra` None: with no extra."""
    seen: set[tuple[str, str]] = set()
    todo = [("penguin-compile", ""), *([("penguin-compile", extra)] if extra else [])]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += _needs(*one)
    return {name for name, _ in seen}


@cache
def _needs(name: str, extra: str) -> list[tuple[str, str]]:
    needs = []
    for line in distribution(name).requires or ():
        need = Requirement(line)
        by_extra = need.marker is not None and "extra" in str(need.marker)
        if by_extra != bool(extra):
            continue
        if need.marker is None or need.marker.evaluate({"extra": extra}):
            wanted = canonicalize_name(need.name)
            needs += [(wanted, one) for one in ("", *need.extras)]
    return needs


def licence(name: str) -> str:
    """As the package's metadata tells it: an expression, else its classifiers, else a text."""
    found: Distribution = distribution(name)
    told = found.metadata.get("License-Expression")
    classifiers = [
        one.removeprefix(_CLASSIFIER)
        for one in found.metadata.get_all("Classifier") or ()
        if one.startswith(_CLASSIFIER)
    ]
    text = told or ", ".join(classifiers) or str(found.metadata.get("License") or "")
    return re.sub(r"\s+", " ", text).replace("|", "/") or "unknown"
