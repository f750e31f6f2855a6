"""Paths in Compose's own text, from the repository's root to the folder of the Compose file.

Which keys hold paths is what the reference implementation resolves (compose-go, `paths`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias

Data: TypeAlias = dict[str, Any]
Convert: TypeAlias = Callable[[str], str]

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ELSEWHERE = re.compile(r"[^/]*://|git@|github\.com/|service:|target:|docker-image:|oci-layout:")
_SHORT_VOLUME = re.compile(r"\.\.?(?:[/:]|\Z)")
_FALLS_BACK = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*:?-)(\.\.?(?:/[^${}:]*)?)(\}.*)\Z", re.DOTALL)
_CONTEXTS = ("build", "build/context", "build/additional_contexts/*")
_PATHS_OF_SERVICES = (
    "build/ssh/*",
    "env_file",
    "env_file/*",
    "env_file/*/path",
    "label_file",
    "label_file/*",
    "extends/file",
    "develop/watch/*/path",
)
_SERVICE_KEYS = frozenset(("build", "env_file", "label_file", "extends", "develop", "volumes"))


class ComposePaths:
    """Rewrites paths in place. `prefix` leads from the Compose file's folder to the root."""

    def __init__(self, prefix: str) -> None:
        self._prefix = posixpath.normpath(prefix)
        self.notices: list[str] = []

    def rewrite_service(self, service: Data) -> None:
        """The paths of one service."""
        if _SERVICE_KEYS.isdisjoint(service):
            return
        for pattern in _PATHS_OF_SERVICES:
            self._rewrite(service, pattern, self.path)
        for pattern in _CONTEXTS:
            self._rewrite(service, pattern, self.context)
        self._rewrite(service, "volumes/*", self.short_volume)
        for volume in _mappings(service.get("volumes")):
            if volume.get("type") == "bind":
                self._rewrite(volume, "source", self.path)

    def rewrite_top(self, top: Data) -> None:
        """The paths of Compose's other top-level keys."""
        for pattern in (
            "configs/*/file",
            "secrets/*/file",
            "include",
            "include/*",
            "include/*/path",
            "include/*/path/*",
            "include/*/env_file",
            "include/*/env_file/*",
            "include/*/project_directory",
        ):
            self._rewrite(top, pattern, self.path)
        for volume in _mappings(top.get("volumes")):
            options = volume.get("driver_opts")
            if isinstance(options, dict) and "bind" in str(options.get("o")).split(","):
                self._rewrite(options, "device", self.path)

    def path(self, text: str) -> str:
        """A file or folder: what is relative to the root, relative to the Compose file."""
        if text.startswith("$"):
            falls_back = _FALLS_BACK.match(text)
            if falls_back is not None:  # what a deployment sets itself is for it to say in full
                return f"{falls_back[1]}{self.path(falls_back[2])}{falls_back[3]}"
            self.notices.append(
                f'the path "{text}" begins with a variable: a relative one starts at the folder of'
                " docker-compose.yml"
            )
            return text
        if not text or text[0] in "/~\\" or _DRIVE.match(text):
            return text
        while text.startswith("./"):
            text = text[2:].lstrip("/")
        return self._prefix if text in {"", "."} else f"{self._prefix}/{text}"

    def context(self, text: str) -> str:
        """A build context, which may be an address or an image instead of a folder."""
        return text if _ELSEWHERE.match(text) else self.path(text)

    def short_volume(self, text: str) -> str:
        """`./data:/data`; what does not begin with a dot is the name of a volume."""
        if _FALLS_BACK.match(text):
            return self.path(text)
        if not _SHORT_VOLUME.match(text):
            return text
        source, colon, rest = text.partition(":")
        return f"{self.path(source)}{colon}{rest}"

    def _rewrite(self, data: Data, pattern: str, convert: Convert) -> None:
        steps = pattern.split("/")
        if steps[0] not in data:
            return
        for holder, key in _places(data, steps):
            value = holder[key]
            if not isinstance(value, str):
                continue
            if isinstance(holder, list) and steps[0] == "build":  # lists of NAME=PATH
                name, equals, path = value.partition("=")
                holder[key] = f"{name}={convert(path)}" if equals else value
            else:
                holder[key] = convert(value)


def has_relative_paths(service: Data) -> bool:
    """Whether a service means another thing in a file that stands elsewhere."""
    elsewhere = deepcopy(service)
    ComposePaths("..").rewrite_service(elsewhere)
    return elsewhere != service


def _places(node: Any, steps: list[str]) -> Iterator[tuple[Any, Any]]:
    """The containers and keys that a pattern leads to, `*` being every item."""
    step, rest = steps[0], steps[1:]
    if step == "*":
        keys: list[Any] = list(range(len(node)) if isinstance(node, list) else node)
    else:
        keys = [step] if isinstance(node, dict) and step in node else []
    for key in keys:
        if not rest:
            yield node, key
        elif isinstance(node[key], dict | list):
            yield from _places(node[key], rest)


def _mappings(value: Any) -> Iterator[Data]:
    """The mappings in a list or mapping of things that may be mappings."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (item for item in items if isinstance(item, dict))
