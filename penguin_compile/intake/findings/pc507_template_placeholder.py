"""PC507: the name of the template that a repository was made from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.findings.evidence import Evidence, compose_texts
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.source.tree import Document

_PLACEHOLDER = re.compile(
    r"(?<![A-Za-z0-9$}{])(?:project-?name|project[-_]template|your-?project(?:-?name)?"
    r"|your-?app(?:-?name)?|__(?:PROJECT|APP)_NAME__|cookiecutter\.[a-z_]+)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_MOST_PLACES = 3


def look(evidence: Evidence) -> Iterator[Sight]:
    """Each once in a file, with how often it stands there; the gateway's files are as one."""
    for documents in (evidence.gateway, *([one] for one in evidence.compose)):
        yield from _tell(_of_documents(documents))
    for file in evidence.env:
        places: dict[str, list[Span]] = defaultdict(list)
        for entry in file.active:
            for match in _PLACEHOLDER.finditer(entry.raw):
                places[match[0].lower()].append(entry.value_place)
        yield from _tell(places)


def _of_documents(documents: Sequence[Document]) -> dict[str, list[Span]]:
    places: dict[str, list[Span]] = defaultdict(list)
    for document in documents:
        for pointer, text in compose_texts(document):
            if pointer[-1:] == ("generated_by",):
                continue
            for match in _PLACEHOLDER.finditer(text):
                places[match[0].lower()].append(document.value_span(pointer))
    return places


def _tell(places: dict[str, list[Span]]) -> Iterator[Sight]:
    for word, spans in places.items():
        files = len({one.path for one in spans})
        where = "this file" if files == 1 else f"{files} files"
        often = f", {len(spans)} times in {where}" if len(spans) > 1 else ""
        yield Sight(
            message=f'"{word}" is the name of a template, not of an app{often}',
            span=spans[0],
            related=tuple(("and here", one) for one in spans[1 : 1 + _MOST_PLACES]),
            help="write the app's own name; two apps of one template get in each other's way",
        )


FINDING = Finding(
    code="PC507",
    severity=Severity.WARNING,
    title="name of a template left in place",
    why="Containers, databases and gateway services of several apps are called alike, and what was "
    "never filled in is mostly wrong elsewhere, too.",
    source="real apps: four ship a config/marchproxy that is still the template's, projectname",
    look=look,
)
