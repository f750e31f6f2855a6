"""A whole `init` of an app as large as the largest that was seen, in processor seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.compose_app import make_compose_app
from bench.measurement import Measurement, Scale
from bench.processes import BARE, PROGRAM, used

SECONDS = 2


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    compose, env = make_compose_app()
    (folder / "docker-compose.yml").write_text(compose)
    (folder / ".env.example").write_text(env)
    taken = ("--from-compose", "docker-compose.yml", "--from-env", ".env.example")
    command = (PROGRAM, "init", *taken, "--force")
    seconds = median(used(command, cwd=folder).cpu for _ in range(scale.runs))
    yield Measurement(
        size="44 services",
        stage="init, 343 variables, processor seconds",
        value=seconds,
        target=SECONDS,
    )
    yield Measurement(
        size="44 services",
        stage="the same beside a bare Python",
        value=seconds,
        beside="python -c pass",
        beside_value=median(used(BARE).cpu for _ in range(scale.runs)),
    )
