"""Codes that only several specs together can break: `neighbours.py` tells them, no rule does.

PC211 is told there, too: its meaning stands with its rule.
"""

from __future__ import annotations

from penguin_compile.core.diagnostic import Severity
from penguin_compile.rules.rule import Code


def _error(code: str, title: str, why: str, source: str) -> Code:
    return Code(code=code, severity=Severity.ERROR, title=title, why=why, source=source)


_CODES = (
    _error(
        "PC213",
        "two apps listen on one port and path of the gateway",
        "A request matches the routes of both, and which app gets it depends on who was applied "
        "last.",
        "integration-standards, Mapping Definition Format: listen_port, protocol, path_prefix; one "
        "gateway and cluster, or environments of one name where no gateway is named",
    ),
    _error(
        "PC214",
        "route from another app's service that is not there",
        "The gateway would be given a mapping from a name that nothing answers to, and the caller "
        "that was meant gets no way in.",
        "integration-standards, Mapping Definition Format: source_services",
    ),
    _error(
        "PC215",
        "two apps keep their settings in one table",
        "A key of the same name is one row: each apply takes the value of the other app for a live "
        "edit, and both apps read it.",
        "integration-standards, Database Storage: keys are unique in their table; "
        "references to variables (`env:`) are not compared, each deployment has others",
    ),
)
NEIGHBOUR_CODES = {one.code: one for one in _CODES}
