"""Which files under some folders are specs: the first step of every command on a fleet.

A spec is a YAML file with `penguin` among its top-level keys; what specs import has none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from penguin_compile.core.errors import FileFailure

_SUFFIXES = (".yaml", ".yml")
_NOT_ENTERED = frozenset(("generated", "node_modules", "__pycache__"))
# At the top level of a block mapping, or as the first keys of a flow mapping.
_SPEC = re.compile(
    rb"""^(?:["']?penguin["']?[ \t]*:|(?:---[ \t]*)?\{[^}]*\bpenguin["']?[ \t]*:)""", re.MULTILINE
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Spec files by the names that a user knows them by, in order.

    `hashes` has the SHA-256 of every YAML file that was looked at, by its name, `folders` are
    those whose lists of names were read: whoever knows both knows that no spec has come or gone.
    """

    specs: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


def find_fleet(roots: Sequence[str]) -> Fleet:
    """All specs under the folders, and files that are named, whatever they hold.

    Hidden folders, `generated` and `node_modules` are not entered, links to folders not followed.
    Raises FileFailure for a root that isn't there, and where there is no spec at all.
    """
    fleet = Fleet()
    found: dict[str, None] = {}
    for root in roots:
        if os.path.isdir(root):
            for path in _walk(root, fleet):
                if _look(path, fleet):
                    found[path] = None
        elif os.path.exists(root):
            _look(root, fleet)
            found[root] = None
        else:
            raise FileFailure(
                f"there is no folder {root}", hint="name folders of specs, or spec files"
            )
    if not found:
        raise FileFailure(
            f"there is no spec under {', '.join(roots)}",
            hint="a spec is a YAML file with `penguin: 1` at its top level",
        )
    fleet.specs.extend(sorted(found))
    return fleet


def is_spec(data: bytes) -> bool:
    """Whether a YAML file's bytes are a spec's, however wrong the rest of it is."""
    if data[:2] in _UTF_16:  # refused later, with a place
        data = data.decode("utf-16", "replace").encode()
    return _SPEC.search(data.removeprefix(b"\xef\xbb\xbf")) is not None


def _walk(folder: str, fleet: Fleet) -> Iterator[str]:
    fleet.folders.append(folder)
    inside: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if one.name.endswith(_SUFFIXES) and one.is_file():
                    yield os.path.normpath(one.path)
                elif one.is_dir(follow_symlinks=False) and not _is_left_out(one.name):
                    inside.append(one.path)
    except OSError as error:
        raise FileFailure(
            f"can't read the folder {folder}: {error.strerror}", hint="check its rights"
        ) from None
    for below in sorted(inside):
        yield from _walk(below, fleet)


def _is_left_out(folder: str) -> bool:
    return folder.startswith(".") or folder in _NOT_ENTERED


def _look(path: str, fleet: Fleet) -> bool:
    """Whether it is a spec; so is what can't be read, and whoever checks it says why."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return True
    fleet.hashes[path] = sha256(data).hexdigest()
    return is_spec(data)
