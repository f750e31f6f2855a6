"""An app's own files, as far as findings look at them: what is stated where, and what refers to it.

Files are taken as they are written, one by one: what Compose would make of several together is
another stage's (`intake/`). Nothing is run, and nothing is read from the surroundings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.span import Span
from penguin_compile.intake.env_file import EnvEntry, EnvFile
from penguin_compile.intake.findings.source_code import SourceCode
from penguin_compile.intake.interpolation import BadInterpolation, Reference, parse, references
from penguin_compile.model.setting import value_text
from penguin_compile.source.tree import Document, Mapping
from penguin_compile.source.tree import Sequence as Items

_BRACED = "${"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeService:
    """One service of one Compose file, as it is written there."""

    name: str
    document: Document
    keys: Mapping

    @property
    def pointer(self) -> Pointer:
        """Where it stands in its file."""
        return ("services", self.name)

    def span(self, *below: str | int) -> Span:
        """Where a value of it is written."""
        return self.document.value_span((*self.pointer, *below))

    @property
    def key_span(self) -> Span:
        """Where its name is written."""
        return self.document.key_span(self.pointer)

    @property
    def is_whole(self) -> bool:
        """Whether it says what is run; overlays mostly don't."""
        return "image" in self.keys or ("build" in self.keys and "extends" not in self.keys)

    def variables(self) -> Iterator[Assignment]:
        """What `environment` sets, in either of its two forms."""
        stated = self.keys.get("environment")
        if isinstance(stated, Mapping):
            for name, value in stated.items():
                text = None if value is None else value_text(value)
                yield Assignment(name=name, text=text, span=self.span("environment", name))
        elif isinstance(stated, Items):
            for index, item in enumerate(stated):
                if isinstance(item, str):
                    name, equals, value = item.partition("=")
                    span = self.span("environment", index)
                    yield Assignment(name=name, text=value if equals else None, span=span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A variable that a container is given; without a text it comes from the surroundings."""

    name: str
    text: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A place of a Compose file that refers to a variable; `service` is None outside of them."""

    reference: Reference
    span: Span
    document: Document
    service: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """A service or mapping of one of the gateway's import files."""

    kind: str
    keys: Mapping
    document: Document
    pointer: Pointer

    def span(self, *below: str | int) -> Span:
        """Where a value of it is written."""
        return self.document.value_span((*self.pointer, *below))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that there is to look at; `code` is None where no folder was looked into."""

    compose: Sequence[Document] = ()
    env: Sequence[EnvFile] = ()
    gateway: Sequence[Document] = ()
    code: SourceCode | None = None

    @cached_property
    def services(self) -> list[ComposeService]:
        """Of all Compose files, file by file."""
        return [one for document in self.compose for one in _services(document)]

    @cached_property
    def uses(self) -> list[Use]:
        """All references of all Compose files, in their order."""
        return [one for document in self.compose for one in _uses(document)]

    @cached_property
    def entries(self) -> list[EnvEntry]:
        """What the env files set, file by file."""
        return [one for file in self.env for one in file.active]

    @cached_property
    def gateway_rows(self) -> list[GatewayRow]:
        """Services and mappings of the gateway's files; import-config.json has both once more."""
        return [one for document in self.gateway for one in _gateway_rows(document)]

    @cached_property
    def loaded_whole(self) -> frozenset[str]:
        """The names of env files that a container is given whole, by `env_file`."""
        stated = [one.keys.get("env_file") for one in self.services]
        return frozenset(name for one in stated for name in _paths(one))

    def value_of(self, name: str) -> str | None:
        """What an env file sets a variable to; the first file that does."""
        for file in self.env:
            if name in file.values:
                return file.values[name]
        return None


def _services(document: Document) -> Iterator[ComposeService]:
    services = document.root.get("services") if isinstance(document.root, Mapping) else None
    for name, keys in services.items() if isinstance(services, Mapping) else ():
        if isinstance(keys, Mapping):
            yield ComposeService(name=name, document=document, keys=keys)


def _uses(document: Document) -> Iterator[Use]:
    for pointer, text in compose_texts(document):
        if "$" not in text:
            continue
        try:
            parts = parse(text)
        except BadInterpolation:
            continue
        inside = len(pointer) > 1 and pointer[0] == "services"
        for one in dict.fromkeys(references(parts)):
            span = _find_reference(document.value_span(pointer), one)
            service = str(pointer[1]) if inside else None
            yield Use(reference=one, span=span, document=document, service=service)


def compose_texts(document: Document) -> Iterator[tuple[Pointer, str]]:
    """All texts of a file, with where they stand; keys apart."""
    return _texts(document.root, ())


def _texts(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*pointer, key))
    elif isinstance(value, Items):
        for index, one in enumerate(value):
            yield from _texts(one, (*pointer, index))


def _find_reference(span: Span, reference: Reference) -> Span:
    """The stretch of a text that refers to a variable; the whole where it can't be told."""
    text = span.source.text
    for form in (f"{_BRACED}{reference.name}{reference.operator}", f"${reference.name}"):
        at = text.find(form, span.start, span.end)
        if at >= 0:
            name = at + form.index(reference.name)
            return Span(span.source, name, name + len(reference.name))
    return span


def _gateway_rows(document: Document) -> Iterator[GatewayRow]:
    for kind in ("services", "mappings"):
        rows = document.root.get(kind) if isinstance(document.root, Mapping) else None
        for index, row in enumerate(rows if isinstance(rows, Items) else ()):
            if isinstance(row, Mapping):
                yield GatewayRow(kind=kind, keys=row, document=document, pointer=(kind, index))


def _paths(stated: Any) -> Iterator[str]:
    for one in stated if isinstance(stated, list) else [stated]:
        path = one.get("path") if isinstance(one, dict) else one
        if isinstance(path, str):
            yield path.rpartition("/")[2]
