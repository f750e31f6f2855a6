"""The account of an intake for programs: the findings as `validate` has them, and the rest."""

from __future__ import annotations

import json
from dataclasses import asdict

from penguin_compile.core.diagnostic import Severity
from penguin_compile.report.diagnostics_json import diagnostic_data
from penguin_compile.report.intake_view import IntakeView


def render_intake_json(view: IntakeView, shown: int | None = None) -> str:
    """`{"findings", "summary", "variables", "left_out", "brought", "differences"}`.

    Of the findings the first `shown`; all are counted.
    """
    document = {
        "findings": [diagnostic_data(one) for one in view.findings[:shown]],
        "summary": {
            "errors": view.count(Severity.ERROR),
            "warnings": view.count(Severity.WARNING),
            "infos": view.count(Severity.INFO),
        },
        "variables": [asdict(one) for one in view.placed],
        "left_out": list(view.left_out),
        "brought": [asdict(one) for one in view.brought],
        "differences": [asdict(one) for one in view.differences],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
