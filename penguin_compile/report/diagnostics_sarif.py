"""Complaints as SARIF 2.1.0, which code hosts and editors read.

Format: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from penguin_compile import __version__
from penguin_compile.core.canonical import digest_text
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Span
from penguin_compile.rules.codes import find_code, list_codes
from penguin_compile.rules.rule import Code

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_FINGERPRINT = "penguinCompile/v1"
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_WORD = re.compile(r"[A-Za-z0-9]+")


def render_diagnostics_sarif(findings: Sequence[Diagnostic], shown: int | None = None) -> str:
    """One run with the first `shown` results; `properties` of the run counts all of them."""
    codes = list_codes()
    results = [_result(one, codes.index(one.code)) for one in findings[:shown]]
    _add_fingerprints(results, findings)
    counts = Counter(one.severity for one in findings)
    run = {
        "tool": {
            "driver": {
                "name": "penguin-compile",
                "version": __version__,
                "rules": [_rule(find_code(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "infos": counts[Severity.INFO],
            "omitted": len(findings) - len(results),
        },
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    title = code.title.replace("`", "")
    return {
        "id": code.code,
        "name": "".join(word[0].upper() + word[1:] for word in _WORD.findall(title)),
        "shortDescription": {"text": _text(f"{title[0].upper()}{title[1:]}.")},
        "fullDescription": {"text": _text(code.why)},
        "help": {
            "text": _text(
                f"Source: {code.source}.\n"
                f"`penguin-compile explain {code.code}` shows a wrong and a right spec."
            )
        },
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(finding: Diagnostic, index: int) -> dict[str, Any]:
    parts = (finding.message, finding.label, finding.help)
    result = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text("\n".join(part for part in parts if part))},
        "locations": [{"physicalLocation": _place(finding.span)}],
        "properties": {
            "environments": list(finding.environments),
            "pointer": finding.pointer_text,
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(related.span),
                "message": {"text": _text(related.message)},
            }
            for number, related in enumerate(finding.related)
        ]
    return result


def _place(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": _uri(span.path)},
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }


def _uri(path: str) -> str:
    """Relative to the working directory; what lies outside of it has no relative URI in SARIF."""
    relative = Path(os.path.relpath(path)).as_posix()
    if relative.startswith("../"):
        return Path(os.path.normpath(Path(path).absolute())).as_uri()
    return quote(relative)


def _text(text: str) -> str:
    """A message as SARIF has it: `{0}` in it would be taken for an argument (section 3.11.5)."""
    return _PLACEHOLDER.sub(r"{{\1}}", text)


def _add_fingerprints(results: list[dict[str, Any]], findings: Sequence[Diagnostic]) -> None:
    """What a complaint is, without the lines it stands at: it stays the same when they move.

    The marked text is no part of it: it may be a secret, and a digest of one can be guessed.
    """
    seen: Counter[str] = Counter()
    for result, finding in zip(results, findings, strict=False):
        path = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        base = json.dumps([finding.code, path, finding.pointer_text, finding.message])
        seen[base] += 1
        result["partialFingerprints"] = {_FINGERPRINT: digest_text(f"{base}{seen[base]}")}
