"""One Compose file as a tree with places, and its texts interpolated (first stage of `init`).

What Compose's YAML has and a spec's has not is taken in here: several documents, `!reset` and
`!override`, and YAML 1.1's octal numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source, Span
from penguin_compile.intake.interpolation import (
    BadInterpolation,
    Lookup,
    Resolved,
    evaluate,
    parse,
)
from penguin_compile.source.tree import Document, Mapping, Place, Sequence
from penguin_compile.source.yaml_events import parse_foreign_yaml

RESET, OVERRIDE = "!reset", "!override"
_TAGS = frozenset((RESET, OVERRIDE))
_OCTAL = re.compile(r"([-+]?)0([0-7]+)\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# Stands for the value of a variable that is required and isn't there: a deployment brings it.
BROUGHT = "\ue000{}\ue001"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value that resets or overrides what earlier files say."""

    tag: str
    value: Any


@dataclass(frozen=True, slots=True)
class ComposeDocument:
    """One document of a Compose file, its texts as they are written."""

    document: Document
    tags: dict[int, str]

    @property
    def root(self) -> Mapping:
        """The mapping of sections."""
        root: Mapping = self.document.root
        return root


def read_compose_file(source: Source) -> tuple[list[ComposeDocument], list[Diagnostic]]:
    """The documents of a file, and what keeps Compose from reading it."""
    foreign = parse_foreign_yaml(source, _TAGS)
    findings = list(foreign.findings)
    documents = [one for one in foreign.documents if one.root is not None]
    for one in documents:
        if not isinstance(one.root, Mapping):
            kind = "a list" if isinstance(one.root, Sequence) else "a single value"
            findings.append(_refuse(f"a Compose file is a mapping, this is {kind}", one.span))
    if not documents and not findings:
        findings.append(_refuse("the file is empty", Span(source, 0, 0)))
    good = [
        ComposeDocument(one, foreign.tags) for one in documents if isinstance(one.root, Mapping)
    ]
    if good and not any(one.root.keys() & {"services", "include"} for one in good):
        findings.append(_refuse_old(good[0]))
    return ([] if any(one.severity is Severity.ERROR for one in findings) else good), findings


def _refuse_old(document: ComposeDocument) -> Diagnostic:
    """A file of Compose's first version, or one that only adds networks and the like."""
    root = document.root
    first = any(
        isinstance(one, Mapping) and {"image", "build"} & one.keys() for one in root.values()
    )
    if first:
        message = "a Compose file of version 1: services stand at the top, without `services:`"
        help_text = "put them below `services:`; Compose itself has read no such file since 2023"
    else:
        message = "there is no `services:` in this file"
        help_text = "name the file that has them first, and what is laid over it behind it"
    return _refuse(message, document.document.span, help_text)


def _refuse(message: str, span: Span, help_text: str | None = None) -> Diagnostic:
    return Diagnostic(
        code="PC551", severity=Severity.ERROR, message=message, span=span, help=help_text
    )


class Interpolator:
    """Fills in the texts of a tree; what Compose would refuse is told with its place."""

    def __init__(self, lookup: Lookup, findings: list[Diagnostic]) -> None:
        self._lookup = lookup
        self._findings = findings

    def fill(self, document: ComposeDocument) -> Mapping:
        """A copy of the tree with texts that know what they were (`Resolved`)."""
        filled: Mapping = self._value(
            document.document.root, document.document.place, document.tags
        )
        return filled

    def _value(self, value: Any, place: Place, tags: dict[int, str]) -> Any:
        done = self._untagged(value, place, tags)
        tag = tags.get(place[3]) if tags else None
        return done if tag is None else Tagged(tag, done)

    def _untagged(self, value: Any, place: Place, tags: dict[int, str]) -> Any:
        if isinstance(value, str):
            if _DATE.match(value) and place[0].text[place[3]] not in "'\"":
                return f"{value} 00:00:00 +0000 UTC"  # YAML 1.1 has dates, and Go prints them so
            return self._text(value, place) if "$" in value else value
        if isinstance(value, Mapping):
            return map_tree(value, lambda item, where: self._value(item, where, tags))
        if isinstance(value, Sequence):
            return map_tree(value, lambda item, where: self._value(item, where, tags))
        if type(value) is int:
            return _octal(value, place)
        return value

    def _text(self, text: str, place: Place) -> str:
        try:
            return Resolved(evaluate(parse(text), self._lookup, BROUGHT.format), text)
        except BadInterpolation as error:
            self._complain(str(error), place, "write $$ for a dollar sign")
        return Resolved(text, text.replace("$", "$$"))

    def _complain(self, message: str, place: Place, help_text: str | None) -> None:
        self._findings.append(
            Diagnostic(
                code="PC554",
                severity=Severity.ERROR,
                message=message,
                span=Span(place[0], place[3], place[4]),
                help=help_text,
            )
        )


def map_tree(value: Mapping | Sequence, change: Callable[[Any, Place], Any]) -> Any:
    """The same container with each item changed, places kept."""
    if isinstance(value, Mapping):
        mapping = Mapping()
        for key, item in value.items():
            place = value.places[key]
            mapping.put(key, change(item, place), place)
        return mapping
    sequence = Sequence()
    for item, place in zip(value, value.places, strict=True):
        sequence.append(change(item, place))
        sequence.places.append(place)
    return sequence


def _octal(value: int, place: Place) -> int:
    """`0440` as YAML 1.1 has it, which is what Compose reads."""
    match = _OCTAL.match(place[0].text[place[3] : place[4]])
    return value if match is None else int(f"{match[1]}{match[2]}", 8)
