"""`x-allow: {PC310: reason}`: what a spec silences, and what it silences in vain.

It covers the mapping that it stands in and everything below. One that is needed in any environment
is needed: PC313 is to be told only where all environments agree on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.suggestion import did_you_mean
from penguin_compile.rules import RULES
from penguin_compile.rules.pc313_unused_allowance import RULE
from penguin_compile.rules.shape_codes import SHAPE_CODES
from penguin_compile.source.tree import Document, Mapping, Sequence, Value

ALLOW = "x-allow"
GUESSES = frozenset(("PC402", "PC403", "PC406"))  # errors that may be wrong (language.md)


class Allowances:
    """All `x-allow` of one tree. It learns which are used from the findings it is asked about."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._holders = dict(_find(document.root)) if _may_have_any(document) else {}
        self._used: set[tuple[Pointer, str]] = set()

    def silences(self, finding: Diagnostic) -> bool:
        """Whether some mapping around a finding allows it, with a reason."""
        if not self._holders or not _silenceable(finding.code, finding.severity):
            return False
        pointer, silenced = finding.pointer, False
        for length in range(len(pointer) + 1):
            stated = self._holders.get(pointer[:length])
            if isinstance(stated, Mapping) and _is_reason(stated.get(finding.code)):
                self._used.add((pointer[:length], finding.code))
                silenced = True
        return silenced

    def complaints(self) -> Iterator[Diagnostic]:
        """What is to be said of them after the last finding."""
        for holder, stated in self._holders.items():
            pointer = (*holder, ALLOW)
            if not isinstance(stated, Mapping):
                yield self._complain(pointer, "`x-allow` maps codes to reasons", _EXAMPLE)
                continue
            for code, reason in stated.items():
                problem = _problem(code, reason)
                if problem is not None:
                    yield self._complain((*pointer, code), *problem)
                elif (holder, code) not in self._used:
                    message = f"`x-allow` of {code} silences nothing"
                    yield self._complain((*pointer, code), message, "remove it")

    def _complain(self, pointer: Pointer, message: str, label: str | None) -> Diagnostic:
        return Diagnostic(
            code=RULE.code,
            severity=RULE.severity,
            message=message,
            span=self._document.key_span(pointer),
            pointer=pointer,
            label=label,
        )


_EXAMPLE = "write {PC310: the reason}"


def can_be_silenced(code: str, severity: Severity) -> bool:
    """Whether an `x-allow` beside a complaint has any effect; on PC313 it has none."""
    return _silenceable(code, severity) and code != RULE.code


def _silenceable(code: str, severity: Severity) -> bool:
    return severity < Severity.ERROR or code in GUESSES


def _is_reason(value: Value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _problem(code: str, reason: Value) -> tuple[str, str | None] | None:
    """Why an entry can never silence anything, as message and label."""
    if code in SHAPE_CODES or (code in RULES and not _silenceable(code, RULES.load(code).severity)):
        return f"`x-allow` of {code} silences nothing: it is an error", "errors are to be mended"
    if code not in RULES:
        return f'`x-allow` of "{code}": there is no such rule', did_you_mean(code, RULES)
    if not _is_reason(reason):
        return f"`x-allow` of {code} silences nothing: it gives no reason", "say why, as a text"
    return None


def _may_have_any(document: Document) -> bool:
    """By the text of the spec: to walk a large tree takes longer than all rules together.

    What a spec imports is other text, so that one with imports is always walked.
    """
    text = document.place[0].text
    return ALLOW in text or "imports" in text


def _find(root: Value) -> Iterator[tuple[Pointer, Value]]:
    stack: list[tuple[Pointer, Value]] = [((), root)]
    while stack:
        pointer, node = stack.pop()
        if isinstance(node, Mapping):
            for key, item in node.items():
                if key == ALLOW:
                    yield pointer, item
                elif isinstance(item, Mapping | Sequence):
                    stack.append(((*pointer, key), item))
        elif isinstance(node, Sequence):
            for index, item in enumerate(node):
                if isinstance(item, Mapping | Sequence):
                    stack.append(((*pointer, index), item))
