"""What Compose itself makes of a file, by path in one mapping.

Two files that say the same in Compose's different forms are equal here.
"""

from __future__ import annotations

import re
from pathlib import Path as File
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.compose_program import RefusedError, resolve_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path: TypeAlias = tuple[str, ...]

_REFUSED = re.compile(r"required variable (\w+) is missing a value")


def read_compose(text: str, folder: str, variables: Mapping[str, str]) -> dict[Path, Any]:
    """Everything that a file says, by path: `(service, key, …)`, or `(key, …)` at the top.

    `folder` is the file's own, from the root of the repository. What `${NAME:?…}` refuses reads
    `refused without NAME`.
    """
    with TemporaryDirectory() as root:
        place = File(root, "repository", folder)
        place.mkdir(parents=True)
        resolved = _resolve_all(text, place, dict(variables))
        said: dict[Path, Any] = {}
        for name, service in resolved.pop("services").items():
            said[name,] = "service"
            said.update(_flatten((name,), service))
        said.update(_flatten((), resolved))
        return {
            path: one.replace(f"{root}/repository", ".") if isinstance(one, str) else one
            for path, one in said.items()
        }


def _resolve_all(text: str, folder: File, variables: dict[str, str]) -> dict[str, Any]:
    while True:
        try:
            return resolve_text(text, folder, variables=variables, may_warn=True)
        except RefusedError as error:
            refused = _REFUSED.search(str(error))
            if refused is None:
                raise
            variables[refused[1]] = f"refused without {refused[1]}"


def _flatten(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = {str(index): item for index, item in enumerate(value)}
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flatten((*path, key), item)
    else:
        yield path, value
