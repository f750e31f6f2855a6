"""The gateway's import files as a source of a spec: import-config.json, services, mappings.

A source of `init`. They are read as YAML, which JSON is, so that everything has its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source
from penguin_compile.intake.found import Found
from penguin_compile.intake.gateway_rows import Placed, list_collections, read_rows
from penguin_compile.source.text import read_source
from penguin_compile.source.tree import Document, Mapping
from penguin_compile.source.tree import Sequence as Items
from penguin_compile.source.yaml_events import parse_yaml

_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_LISTS = ("services", "mappings")


def read_gateway_file(path: Path, shown: str) -> tuple[Document | None, list[Diagnostic]]:
    """The tree of a file and what is wrong with it. Raises FileFailure for one that isn't there."""
    source, findings = read_source(path, shown)
    if findings:
        return None, findings
    # JSON may be indented by tabs, and spells what is beyond 16 bits as a pair: YAML knows neither.
    text = _PAIR.sub(_join, source.text.replace("\t", " "))
    document, findings = parse_yaml(Source(shown, text))
    if document is None or findings:
        return None, findings
    problem = _find_problem(document)
    return (document, []) if problem is None else (None, [problem])


def read_gateway_files(app: str | None, documents: Sequence[Document]) -> Found:
    """What the files together have of an app; None takes the first that they name.

    Where two have the same resource, as import-config.json and services.json do, the last counts.
    """
    services = [one for document in documents for one in _rows(document, "services")]
    mappings = [one for document in documents for one in _rows(document, "mappings")]
    stated = [_stated_name(document) for document in documents]
    names = [*list_collections(row for row, _ in services), *(one for one in stated if one)]
    name = app if app is not None else next(iter(names), "")
    source = ", ".join(one.span.path for one in documents)
    return read_rows(name, services, mappings, source=source)


def _stated_name(document: Document) -> str | None:
    metadata = document.root.get("metadata")
    name = metadata.get("app_name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else None


def _rows(document: Document, kind: str) -> list[Placed]:
    rows = document.root.get(kind) or ()
    return [(row, document.value_span((kind, index, "name"))) for index, row in enumerate(rows)]


def _find_problem(document: Document) -> Diagnostic | None:
    root = document.root
    if not isinstance(root, Mapping) or not any(one in root for one in _LISTS):
        return _complain(
            document, (), "this is no import file of MarchProxy: it has no services or mappings"
        )
    for kind in _LISTS:
        rows = root.get(kind)
        if rows is None:
            continue
        if not isinstance(rows, Items):
            return _complain(document, (kind,), f"{kind} is a list of objects")
        for index, row in enumerate(rows):
            if not isinstance(row, Mapping) or not isinstance(row.get("name"), str):
                return _complain(document, (kind, index), f"each of {kind} has a name")
    return None


def _complain(document: Document, pointer: tuple[str | int, ...], message: str) -> Diagnostic:
    return Diagnostic(
        code="PC101",
        severity=Severity.ERROR,
        message=message,
        span=document.value_span(pointer),
        pointer=pointer,
        help="write services.json, mappings.json or import-config.json as MarchProxy imports them",
    )


def _join(pair: re.Match[str]) -> str:
    high, low = int(pair[1], 16), int(pair[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"
