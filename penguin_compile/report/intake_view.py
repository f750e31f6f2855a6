"""What `init` found and did, as data without secrets: one view, which every format shows.

From the parts of an intake; the renderers beside it make text, Markdown and JSON of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.records import dataclass
from penguin_compile.intake.intake import Intake
from penguin_compile.intake.meaning import ABSENT, Difference
from penguin_compile.intake.secrecy import Secrets, names_secret
from penguin_compile.model.setting import value_text

_MASK = "***"
_LONGEST = 60  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedVariable:
    """A variable, the section of the spec that it went to, and why; `place` is the first.

    `services` are given it; `default` is None where it has none, or is a secret.
    """

    name: str
    section: str
    type: str
    sensitive: bool
    required: bool
    optional: bool
    default: str | None
    description: str | None
    services: Sequence[str]
    reason: str
    place: str | None

    @property
    def evidence(self) -> str:
        """What is known of it, in a few words."""
        count = len(self.services)
        parts = [f"{count} service{'s' if count > 1 else ''}" if count else "no service"]
        if self.optional:
            parts.append("commented out")
        if self.default is not None:
            parts.append(f"{self.type} {self.default or 'empty'}")
        if self.required:
            parts.append("required")
        if self.description:
            parts.append("described")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedKey:
    """What one key of the Compose model was and is; `reason` is None where nobody meant it."""

    path: str
    before: str | None
    after: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtValue:
    """A secret that stood in the files: the deployment has to set it from now on."""

    name: str
    reason: str
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeView:
    """Everything there is to tell; nothing of it holds a secret."""

    placed: Sequence[PlacedVariable] = ()
    left_out: Sequence[str] = ()
    brought: Sequence[BroughtValue] = ()
    differences: Sequence[ChangedKey] = ()
    findings: Sequence[Diagnostic] = ()

    @property
    def sections(self) -> dict[str, int]:
        """How many variables went where."""
        return dict(Counter(one.section for one in self.placed))

    def count(self, severity: Severity) -> int:
        """The findings of a severity."""
        return sum(one.severity is severity for one in self.findings)


def view_intake(
    intake: Intake, differences: Sequence[Difference], findings: Sequence[Diagnostic]
) -> IntakeView:
    """The view of an intake, what the round trip changed, and what the files contradict."""
    redact = intake.secrets.redact
    return IntakeView(
        placed=[
            PlacedVariable(
                name=one.name,
                section=one.kind.value,
                type=one.type,
                sensitive=one.sensitive,
                required=one.required,
                optional=one.optional,
                default=_default(one.default, intake.secrets),
                description=None if one.description is None else redact(one.description),
                services=one.services,
                reason=redact(one.reason),
                place=_place(one.places[0]) if one.places else None,
            )
            for one in intake.placements.values()
        ],
        left_out=[redact(one) for one in intake.draft.left_out],
        brought=[
            BroughtValue(
                name=one.name,
                reason=redact(one.reason),
                place=None if one.place is None else _place(one.place),
            )
            for one in intake.draft.brought.values()
        ],
        differences=[
            ChangedKey(
                path=".".join(one.path),
                before=_text(one.before, redact, one.path),
                after=_text(one.after, redact, one.path),
                reason=None if one.reason is None else redact(one.reason),
            )
            for one in differences
        ],
        findings=findings,
    )


def _default(text: str | None, secrets: Secrets) -> str | None:
    """A default for the report; of one that is somebody's password, too, nothing is told."""
    if text is None:
        return None
    return _MASK if text in secrets else _cut(secrets.redact(text))


def _place(span: Any) -> str:
    return f"{span.path}:{span.line}"


def _text(value: Any, redact: Any, path: tuple[str, ...]) -> str | None:
    if value is ABSENT:
        return None
    if names_secret(path[-1]):
        return _MASK
    text: str = redact(value_text(value))
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
