"""What a finding about today's files is: a code, and a function from evidence to places."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Span
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.rules.rule import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Something that was seen, without its code; `severity` is the finding's where None."""

    message: str
    span: Span
    label: str | None = None
    help: str | None = None
    related: tuple[tuple[str, Span], ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Code):
    """A code that is looked for in an app's own files."""

    look: Callable[[Evidence], Iterable[Sight]]

    def find(self, evidence: Evidence) -> Iterable[Diagnostic]:
        """What is seen, as complaints."""
        for sight in self.look(evidence):
            yield Diagnostic(
                code=self.code,
                severity=sight.severity or self.severity,
                message=sight.message,
                span=sight.span,
                label=sight.label,
                help=sight.help,
                related=tuple(Related(message=text, span=span) for text, span in sight.related),
            )
