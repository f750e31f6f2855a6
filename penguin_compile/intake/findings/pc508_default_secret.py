"""PC508: a secret whose default everybody can read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.findings.evidence import Evidence, compose_texts
from penguin_compile.intake.findings.finding import Finding, Sight
from penguin_compile.intake.findings.words import is_example
from penguin_compile.rules.container_text import REPLACED, read_text
from penguin_compile.rules.secrets import (
    is_known_secret,
    is_secret_text,
    recognise_credential,
    recognise_key,
    says_secret,
    wants_change,
)
from penguin_compile.source.tree import Document

_MOST_PLACES = 4
_DEMO = re.compile(r"demo|example|sample|placeholder|X{4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Held:
    name: str
    text: str
    span: Span
    fallback: bool


def look(evidence: Evidence) -> Iterator[Sight]:
    """In Compose, where a deployment that sets nothing runs with it, and in env files."""
    for document in evidence.compose:
        by_name: dict[str, list[tuple[_Held, str]]] = defaultdict(list)
        for held in _of_compose(document, evidence):
            what = _judge(held.name, held.text)
            if what is not None:
                by_name[held.name].append((held, what))
        for name, every in by_name.items():
            yield _tell_compose(name, sorted(every, key=lambda one: one[0].span.start))
    for file in evidence.env:
        for entry in file.active:
            text = entry.value or ""
            real = _recognise(text)
            if is_example(file.source.path):
                if real is not None and "://" not in text:
                    yield Sight(
                        message=f"{entry.name} holds what looks like {real}, in an example",
                        span=entry.value_place,
                        label="leave it empty, and revoke this one",
                    )
            elif is_known_secret(entry.name, text) or (
                says_secret(entry.name) and wants_change(text)
            ):
                yield Sight(
                    message=f"{entry.name} is still a default that everybody knows",
                    span=entry.value_place,
                    label="set one of your own",
                )


def _of_compose(document: Document, evidence: Evidence) -> Iterator[_Held]:
    for service in evidence.services:
        if service.document is document:
            for one in service.variables():
                if one.text and "$" not in one.text:
                    yield _Held(one.name, one.text.strip("\"'"), one.span, fallback=False)
                elif one.text:
                    yield from _fallbacks(one.text, one.span, one.name)
    for pointer, text in compose_texts(document):
        if "$" in text and "environment" not in pointer:
            yield from _fallbacks(text, document.value_span(pointer), "")


def _fallbacks(text: str, span: Span, holder: str) -> Iterator[_Held]:
    read = read_text(text)
    for reference in dict.fromkeys(read.references):
        if reference.default:
            whole = read.plain == REPLACED and says_secret(holder)
            name = reference.name if says_secret(reference.name) or not whole else holder
            yield _Held(name, reference.default, span, fallback=True)


def _judge(name: str, text: str) -> str | None:
    """What makes a text a secret that is published, in words; None where it is none."""
    if is_known_secret(name, text) or (says_secret(name) and wants_change(text)):
        return "a default that everybody knows"
    found = _recognise(text) or recognise_key(name, text)
    if found is not None and not _DEMO.search(text):
        return f"what looks like {found}"
    return "a secret that is written here" if says_secret(name) and is_secret_text(text) else None


def _recognise(text: str) -> str | None:
    """What a credential looks like that may be a real one."""
    return None if wants_change(text) or _DEMO.search(text) else recognise_credential(text)


def _tell_compose(name: str, every: list[tuple[_Held, str]]) -> Sight:
    held, what = every[0]
    verb = "falls back to" if held.fallback else "holds"
    often = f", in {len(every)} places" if len(every) > 1 else ""
    return Sight(
        message=f"{name} {verb} {what}{often}; whoever reads the repository knows it",
        span=held.span,
        label=f"write ${{{name}:?}}: Compose then stops where nobody set it",
        related=tuple(("and here", one.span) for one, _ in every[1 : 1 + _MOST_PLACES]),
    )


FINDING = Finding(
    code="PC508",
    severity=Severity.WARNING,
    title="secret with a published default",
    why="A deployment that sets nothing runs with it, and it is the first thing that an attacker "
    "tries.",
    source="real apps: changeme, minioadmin and dev-secret-key-change-in-production in Compose "
    "files",
    look=look,
)
