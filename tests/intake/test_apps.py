"""`init` on apps in the style of real ones, each with what some app does: meaning survives."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.intake.round_trip import go_round

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CASES = {
    "clash": (["docker-compose.yml"], []),
    "dotted": (["docker-compose.yml"], []),
    "envfile": (["docker-compose.yml"], []),
    "galera": (["docker-compose.yml"], []),
    "gatewayed": (["docker-compose.yml"], []),
    "leaky": (["docker-compose.yml"], [".env.example"]),
    "ledger": (["docker-compose.yml"], [".env.example"]),
    "mailer": (["docker-compose.yml"], [".env.example"]),
    "monorepo": (["docker-compose.yml"], []),
    "named": (["docker-compose.yml"], [".env.example"]),
    "overlay": (["compose.yaml", "compose.prod.yaml"], []),
    "relative": (["deploy/docker-compose.yml"], []),
    "required": (["docker-compose.yml"], [".env.example"]),
    "shopfront": (["docker-compose.yml"], [".env.example"]),
}


def taken(name: str, folder: Path):
    shutil.copytree(APPS / name, folder / name)
    return go_round(folder / name, *CASES[name])


@pytest.mark.parametrize("name", sorted(CASES))
def test_meaning_survives(name, tmp_path):
    trip = taken(name, tmp_path)
    assert trip.untold == []
    assert trip.adoption.unexplained == []


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_secret_is_written(name, tmp_path):
    trip = taken(name, tmp_path)
    assert not re.findall(r"[Cc]anary\w*", trip.adoption.text)
