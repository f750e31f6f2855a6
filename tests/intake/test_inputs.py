"""`init` on the files of real apps: what the compiled Compose file means, by Compose itself."""

from __future__ import annotations

import shutil

import pytest

from tests.intake.round_trip import go_round
from tests.requirements import inputs_folder

pytestmark = pytest.mark.slow

# Laid over their base, these two are refused by Compose itself: tests/unit/intake says how.
FILES = {
    "icecharts": [["docker-compose.yml"]],
    "iceshelves": [["docker-compose.yml"], ["docker-compose.yml", "docker-compose.dev.yml"]],
    "killkrill": [["docker-compose.yml"], ["docker-compose.dev.yml"]],
    "penguin": [["docker-compose.yml"], ["docker-compose.yml", "docker-compose.dev.yml"]],
    "waddleperf": [["docker-compose.yml"]],
}
CASES = [
    (app, files, env) for app, each in FILES.items() for files in each for env in (True, False)
]


@pytest.mark.parametrize(("app", "files", "env"), CASES)
def test_a_real_app_means_the_same(app, files, env, tmp_path):
    folder = tmp_path / app
    shutil.copytree(inputs_folder() / app, folder)
    trip = go_round(folder, files, [".env.example"] if env else [])
    assert trip.untold == []
    assert trip.adoption.unexplained == []
    assert trip.before["services"].keys() == trip.after["services"].keys()
