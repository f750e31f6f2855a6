"""Codes that `init` tells of an app's own files: there is no spec yet, and no rule checks them.

PC501 to PC549 are contradictions between today's files, PC551 and on what keeps them from being
read. The stages that find them are in `intake/`; `explain` and SARIF tell of them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.registry import Registry
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
_FOLDER = "penguin_compile.intake.findings"
_FILES = (
    "pc501_several_values",
    "pc502_declared_never_used",
    "pc503_used_never_declared",
    "pc504_two_names",
    "pc505_host_port_twice",
    "pc506_gateway_port",
    "pc507_template_placeholder",
    "pc508_default_secret",
    "pc509_image_without_digest",
    "pc510_health_check_missing",
)
# By name, as they stand in a layer above: whoever asks for a code loads its file.
FINDING_FILES = {name[:5].upper(): f"{_FOLDER}.{name}:FINDING" for name in _FILES}


class _Codes(Mapping[str, Code]):
    """Those of reading stand here, those of contradictions with what looks for them."""

    def __init__(self) -> None:
        self._own = {one.code: one for one in _CODES}
        self._findings: Registry[Code] = Registry("finding", FINDING_FILES)

    def __getitem__(self, code: str) -> Code:
        return self._own[code] if code in self._own else self._findings.load(code)

    def __contains__(self, code: object) -> bool:
        return code in self._own or code in FINDING_FILES

    def __iter__(self) -> Iterator[str]:
        return iter((*FINDING_FILES, *self._own))

    def __len__(self) -> int:
        return len(self._own) + len(FINDING_FILES)


INTAKE_CODES: Mapping[str, Code] = _Codes()
