"""What a rule is: a code, a reason, and a function from the model to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.model.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A complaint by pointer; the engine knows where that stands in the text.

    `at_key` marks the key instead of the value; `related` are other pointers with their messages.
    `severity` is the rule's where it isn't given. What the text lacks is told at the key of the
    mapping that lacks it.
    """

    pointer: Pointer
    message: str
    label: str | None = None
    help: str | None = None
    at_key: bool = False
    related: tuple[tuple[str, Pointer], ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What stands behind the code of a complaint, whichever stage tells it.

    `title` is a short noun phrase, `why` says what goes wrong without it. `source` names the part
    of the standards, or the observation in real apps, that it rests on.
    """

    code: str
    severity: Severity
    title: str
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Code):
    """A code that the engine looks for in the model."""

    check: Callable[[App], Iterable[Finding]]
