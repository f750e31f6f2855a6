"""The laws of plan and apply on real databases: `config_laws.py` says which.

`PENGUIN_TEST_EXAMPLES=2000` looks at that many histories, and at others in every run.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.databases import KINDS, fresh_database
from tests.properties.config_laws import ConfigLaws
from tests.properties.config_oracle import KEYRING

_EXAMPLES = os.environ.get("PENGUIN_TEST_EXAMPLES")
_FEW = {"sqlite": 60, "postgresql": 12, "mysql": 6}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_any_history_of_edits_specs_applies_and_deaths(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYRING)
    for name in ("ALPHA", "BETA", "GAMMA"):
        monkeypatch.setenv(f"LAWS_{name}", "")
    with fresh_database(kind, tmp_path) as url:
        address = "sqlite" if kind == "sqlite" else url.render_as_string(hide_password=False)
        machine = type("Laws", (ConfigLaws,), {"url": address})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=int(_EXAMPLES or _FEW[kind]),
                derandomize=_EXAMPLES is None,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=_EXAMPLES is not None,
                report_multiple_bugs=False,
                phases=set(Phase) - {Phase.explain},
            ),
        )
