"""Kubernetes manifests for tests: read, and a container's variables as a kubelet makes them.

Source of the expansion: the API reference, EnvVar `value` and Container `args`: `$(NAME)` of what
was declared before, `$$` is one dollar, a reference that is not known stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_manifests(text: str) -> list[dict[str, Any]]:
    """The objects of a file, as a reader of YAML 1.1 has them, which those of Go are nearly."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    return [one for one in yaml.load_all(text) if one is not None]


def expand(text: str, known: Mapping[str, str]) -> str:
    """A text with its `$(NAME)` replaced."""
    result, position = [], 0
    while position < len(text):
        if text.startswith("$$", position):
            result.append("$")
            position += 2
        elif text.startswith("$(", position) and ")" in text[position:]:
            end = text.index(")", position)
            result.append(known.get(text[position + 2 : end], text[position : end + 1]))
            position = end + 1
        else:
            result.append(text[position])
            position += 1
    return "".join(result)


def container_environment(
    container: Mapping[str, Any], config: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """What a container's process sees; KeyError where its pod would wait for a key."""
    known: dict[str, str] = {}
    for entry in container.get("env", ()):
        source = entry.get("valueFrom")
        if source is None:
            known[entry["name"]] = expand(entry["value"], known)
            continue
        ((kind, reference),) = source.items()
        values = {"configMapKeyRef": config, "secretKeyRef": secrets}[kind]
        if reference["key"] in values or not reference.get("optional"):
            known[entry["name"]] = values[reference["key"]]
    return known
