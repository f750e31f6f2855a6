"""Complaints for programs: JSON with the fields of language.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity


def render_diagnostics_json(findings: Sequence[Diagnostic], shown: int | None = None) -> str:
    """`{"findings": […], "summary": {"errors", "warnings", "infos"}}`; all are counted."""
    counts = Counter(one.severity for one in findings)
    document = {
        "findings": [diagnostic_data(one) for one in findings[:shown]],
        "summary": {
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "infos": counts[Severity.INFO],
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def diagnostic_data(finding: Diagnostic) -> dict[str, Any]:
    """One complaint; what stands beside the marked text is part of its help."""
    help_text = "; ".join(part for part in (finding.label, finding.help) if part)
    span = finding.span
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "pointer": finding.pointer_text,
        "environments": list(finding.environments),
        "help": help_text or None,
        "related": [_related_data(one) for one in finding.related],
    }


def _related_data(related: Related) -> dict[str, Any]:
    span = related.span
    return {
        "message": related.message,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
