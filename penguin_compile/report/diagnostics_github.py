"""Complaints as annotations of a GitHub workflow run.

Format: docs.github.com, "Workflow commands for GitHub Actions", error, warning and notice.
"""

from __future__ import annotations

from collections.abc import Iterable

from penguin_compile.core.diagnostic import Diagnostic, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_diagnostics_github(findings: Iterable[Diagnostic]) -> str:
    """One workflow command a line."""
    return "".join(f"{_annotation(one)}\n" for one in findings)


def _annotation(finding: Diagnostic) -> str:
    span = finding.span
    text = finding.message
    for more in (finding.label, finding.help):
        text += f"\n{more}" if more else ""
    properties = {
        "file": span.path,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "title": finding.code,
    }
    listed = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
