"""Where the value of a config key comes from: which environment's overrides, which file, and how.

Read from the tree before overlays are applied, whose nodes know the text that they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source, Span
from penguin_compile.source.load import LoadedSpec
from penguin_compile.source.splicing_nodes import read_nodes, walk
from penguin_compile.source.tree import Document
from penguin_compile.source.tree import Mapping as Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a default is written; where its key is, when it has none and `stated` is false.

    `environment` is the one whose overrides say it, None for the base. `shared` names what stands
    in for its text, or repeats it elsewhere.
    """

    environment: str | None
    path: Path
    span: Span
    stated: bool
    shared: str | None = None


def default_pointer(environment: str | None, key: str) -> Pointer:
    """The node of a key's default: in the overrides of an environment, or in the base."""
    below = ("config", key, "default")
    return below if environment is None else ("environments", environment, "overrides", *below)


def extended_environments(document: Document, environment: str) -> list[str]:
    """The environment and those that it extends, itself first; the spec has no errors."""
    declared = document.root.get("environments") or {}
    chain = [environment]
    while isinstance(settings := declared.get(chain[-1]), Tree) and settings.get("extends"):
        chain.append(settings["extends"])
    return chain


def sources_by_path(loaded: LoadedSpec) -> Mapping[Path, Source]:
    """All files of a spec, links followed."""
    return {loaded.files.real_path(path): one for path, one in loaded.sources.items()}


def find_origin(loaded: LoadedSpec, document: Document, chain: Sequence[str], key: str) -> Origin:
    """The origin of a key's default, as the first environment of a chain sees it."""
    for environment in (*chain, None):
        pointer = default_pointer(environment, key)
        if _is_there(document, pointer):
            return _origin(loaded, document, environment, pointer)
    return _origin(loaded, document, None, ("config", key), stated=False)


def _is_there(document: Document, pointer: Pointer) -> bool:
    try:
        document.value(pointer)
    except (KeyError, TypeError):
        return False
    return True


def _origin(
    loaded: LoadedSpec,
    document: Document,
    environment: str | None,
    pointer: Pointer,
    *,
    stated: bool = True,
) -> Origin:
    source, _, _, start, end, _ = document.place_of(pointer)
    named = sources_by_path(loaded).items()
    return Origin(
        environment=environment,
        path=next(path for path, one in named if one.path == source.path),
        span=Span(source, start, end),
        stated=stated,
        shared=_shared(source, pointer) if stated else None,
    )


def _shared(source: Source, pointer: Pointer) -> str | None:
    root = read_nodes(source)
    steps = [] if root is None else walk(root, pointer)
    if not steps:
        return None
    last = steps[-1].node
    if last.is_alias:
        return f"the alias *{last.event.anchor}"
    if len(steps) <= len(pointer):
        return "a merge key"
    anchors = [one.node.event.anchor for one in steps if one.node.event.anchor]
    used = [name for name in anchors if f"*{name}" in source.text]
    return f"a text that *{used[-1]} repeats elsewhere" if used else None
