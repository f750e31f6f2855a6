"""Names and labels of Kubernetes objects (target `kubernetes`).

A name is an RFC 1035 label: what a Service must have in every release, and any other object may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 63
_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_NOT_IN_LABEL = re.compile(r"[^a-z0-9-]+")
_NOT_IN_VALUE = re.compile(r"[^A-Za-z0-9._-]+")
_PREFIX = "app.kubernetes.io"


def is_label(text: str) -> bool:
    """Whether a Service can be called so."""
    return _LABEL.match(text) is not None


def object_names(names: Iterable[str]) -> dict[str, str]:
    """A name for each: itself where it is one, else the nearest that no other has."""
    stated = list(names)
    given = {name: name for name in stated if is_label(name)}
    taken = set(given)
    for name in stated:
        if name not in given:
            given[name] = free_name(_nearest(name), taken)
            taken.add(given[name])
    return given


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or with a number behind it where it is taken."""
    free, number = name, 1
    while free in taken:
        number += 1
        tail = f"-{number}"
        free = f"{name[: LONGEST - len(tail)]}{tail}"
    return free


def _nearest(name: str) -> str:
    label = _NOT_IN_LABEL.sub("-", name.lower()).strip("-")
    if not label[:1].isalpha():
        label = f"x-{label}"
    return label[:LONGEST].strip("-")


def label_value(text: str) -> str:
    """A text as the value of a label: 63 characters of a few kinds."""
    return _NOT_IN_VALUE.sub("-", text)[:LONGEST].strip("-._")


def workload_labels(app: str, name: str) -> dict[str, str]:
    """What selects the pods of one workload; it can never change, so that no version is in it."""
    return {f"{_PREFIX}/name": name, f"{_PREFIX}/part-of": app}


def app_labels(app: str, version: str) -> dict[str, str]:
    """What Kustomize adds to every object."""
    return {
        f"{_PREFIX}/part-of": app,
        f"{_PREFIX}/version": label_value(version),
        f"{_PREFIX}/managed-by": "penguin-compile",
    }
