"""Runs all rules over one model and places their findings in the text."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Diagnostic, Related
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules import RULES
from penguin_compile.rules.allowance import Allowances
from penguin_compile.rules.rule import Finding, Rule
from penguin_compile.source.tree import Document, Mapping, Sequence


def check_app(app: App, document: Document) -> Iterator[Diagnostic]:
    """Every finding of every rule that no `x-allow` silences, and every idle `x-allow` (PC313).

    An `x-allow` that is idle in one environment may be needed in another: who checks several drops
    a PC313 that they don't all share.
    """
    allowances = Allowances(document)
    for code in RULES:
        rule = RULES.load(code)
        for finding in rule.check(app):
            placed = _place(rule, finding, document)
            if not allowances.silences(placed):
                yield placed
    yield from allowances.complaints()


def _place(rule: Rule, finding: Finding, document: Document) -> Diagnostic:
    pointer = _existing(finding.pointer, document)
    missing = len(pointer) < len(finding.pointer)
    at_key = finding.at_key or missing
    locate = document.key_span if at_key else document.value_span
    overridden = () if at_key else document.earlier_spans(pointer)
    return Diagnostic(
        code=rule.code,
        severity=finding.severity or rule.severity,
        message=finding.message,
        span=locate(pointer),
        pointer=pointer,
        label=finding.label,
        help=finding.help,
        related=(
            *(Related(message="overrides this", span=span) for span in overridden),
            *(
                Related(message=message, span=document.key_span(other))
                for message, other in finding.related
            ),
        ),
    )


def _existing(pointer: Pointer, document: Document) -> Pointer:
    """As much of a pointer as the text has."""
    node = document.root
    for depth, part in enumerate(pointer):
        if isinstance(part, int):
            inside = isinstance(node, Sequence) and part < len(node)
        else:
            inside = isinstance(node, Mapping) and part in node
        if not inside:
            return pointer[:depth]
        node = node[part]
    return pointer
