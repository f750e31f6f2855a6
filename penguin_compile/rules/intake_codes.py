"""Codes that `init` tells of an app's own files: there is no spec yet, and no rule checks them.

PC501 to PC549 are contradictions between today's files, PC551 and on what keeps them from being
read. The stages that find them are in `intake/`; `explain` and SARIF tell of them here.
"""

from __future__ import annotations

from penguin_compile.core.diagnostic import Severity
from penguin_compile.rules.rule import Code


def _code(code: str, severity: Severity, title: str, why: str, source: str) -> Code:
    return Code(code=code, severity=severity, title=title, why=why, source=source)


_CODES = (
    _code(
        "PC551",
        Severity.ERROR,
        "not a Compose file that Compose would take",
        "Compose refuses it, so that nobody knows what it was meant to say.",
        "Compose specification: `services` is required since version 2 of the format",
    ),
    _code(
        "PC552",
        Severity.ERROR,
        "`include`, `extends` or `env_file` leads nowhere",
        "Part of the app is described in a file that is not there, not in the repository, or that "
        "leads back to itself.",
        "Compose specification, include, extends and env_file",
    ),
    _code(
        "PC553",
        Severity.WARNING,
        "line of an env file that is no assignment",
        "Compose refuses the file, or takes shell code for the text of a value; nothing in an env "
        "file is ever run.",
        "the grammar of env files as Compose's own reader has it",
    ),
    _code(
        "PC554",
        Severity.ERROR,
        "interpolation that Compose refuses",
        "Compose stops at the first dollar sign that it can't read, or where a required variable "
        "has no value.",
        "Compose specification, Interpolation",
    ),
    _code(
        "PC561",
        Severity.WARNING,
        "row of a config table that can be no config key",
        "The row stays as it is, but nothing checks it, and nobody sees it in the spec.",
        "the spec language, version 1: names of config keys",
    ),
    _code(
        "PC562",
        Severity.WARNING,
        "service or mapping of a gateway that a spec can't say",
        "It stays on the gateway as it is, and whoever reads the spec doesn't know that it is "
        "there.",
        "the spec language, version 1: services and routes of one app",
    ),
    _code(
        "PC563",
        Severity.INFO,
        "live system that holds more, or other words, than a spec",
        "The first plan shows it, and a person should know beforehand why.",
        "real apps: config tables with columns and types of their own",
    ),
)
INTAKE_CODES = {one.code: one for one in _CODES}
