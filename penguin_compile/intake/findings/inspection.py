"""All findings over the evidence, in the order of files and places, fit to be shown."""

from __future__ import annotations

from penguin_compile.core.diagnostic import Diagnostic, sort_diagnostics
from penguin_compile.intake.findings import FINDINGS
from penguin_compile.intake.findings.evidence import Evidence
from penguin_compile.intake.hidden_secrets import hide_secrets


def inspect(evidence: Evidence) -> list[Diagnostic]:
    """What today's files contradict; no excerpt of it shows a secret."""
    found = [one for code in FINDINGS for one in FINDINGS.load(code).find(evidence)]
    return sort_diagnostics(hide_secrets(found))
