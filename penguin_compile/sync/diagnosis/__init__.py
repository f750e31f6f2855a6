"""What plan and apply need of an environment, looked at subject by subject; nothing is written.

For `doctor`: each check says ok, warning or problem, and what to do. One that fails hides only
what can't be known without it. A subject more is a module here and a row in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from penguin_compile.core.registry import Registry
from penguin_compile.sync.diagnosis.check import Check, Examination

# In the order in which apply would come upon them.
DIAGNOSES: Registry[Callable[[Examination], Iterator[Check]]] = Registry(
    "diagnosis",
    {
        "database": "penguin_compile.sync.diagnosis.database:diagnose_database",
        "state": "penguin_compile.sync.diagnosis.state:diagnose_state",
        "keys": "penguin_compile.sync.diagnosis.keys:diagnose_keys",
        "secrets": "penguin_compile.sync.diagnosis.secret_references:diagnose_secrets",
        "marchproxy": "penguin_compile.sync.diagnosis.gateway:diagnose_gateway",
        "license": "penguin_compile.sync.diagnosis.license_server:diagnose_license",
        "killkrill": "penguin_compile.sync.diagnosis.killkrill:diagnose_killkrill",
        "waddleai": "penguin_compile.sync.diagnosis.waddleai:diagnose_waddleai",
    },
)


def diagnose(examination: Examination) -> Iterator[Check]:
    """Every check of every subject."""
    examination.problems.clear()
    for name in DIAGNOSES:
        yield from examination.note(DIAGNOSES.load(name)(examination))
