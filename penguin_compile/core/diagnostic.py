"""A complaint about a spec, as a value. Renderers live in `report/`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import IntEnum

from penguin_compile.core.pointer import Pointer, format_pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Span

_SECRET_CODES = frozenset(("PC401", "PC402", "PC403", "PC406"))


class Severity(IntEnum):
    """How bad it is; errors stop a compile, warnings do with `--strict`."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place that a complaint is about."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One complaint: where, what is wrong, and what to do.

    `environments` is empty when it holds for all of them; `label` stands beside the marked text.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    pointer: Pointer = ()
    label: str | None = None
    help: str | None = None
    environments: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()

    @property
    def shows_secret(self) -> bool:
        """Whether the marked text may be a secret, which no excerpt shows."""
        return self.code in _SECRET_CODES or (self.pointer[-1:] == ("secret",))

    @property
    def pointer_text(self) -> str:
        """The RFC 6901 form of the pointer."""
        return format_pointer(self.pointer)


def merge_environments(
    findings: Iterable[tuple[str, Diagnostic]], environments: tuple[str, ...]
) -> list[Diagnostic]:
    """Tell what several environments share once, sorted by position.

    `findings` pairs each complaint with the environment it was found in.
    """
    grouped: dict[tuple[object, ...], tuple[Diagnostic, dict[str, None]]] = {}
    for environment, finding in findings:
        span = finding.span
        place = (span.path, span.start, span.end)
        key = (finding.code, *place, finding.message, finding.label)
        grouped.setdefault(key, (finding, {}))[1][environment] = None
    merged = [
        finding
        if len(names) == len(environments)
        else replace(finding, environments=tuple(name for name in environments if name in names))
        for finding, names in grouped.values()
    ]
    return sort_diagnostics(merged)


def sort_diagnostics(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, place, and then code, so that every run tells them in one order."""
    return sorted(
        findings,
        key=lambda one: (one.span.path, one.span.start, one.span.end, one.code, one.message),
    )
