"""Fleets: how one run over many specs scales, and what a run costs where nothing has changed.

Seconds are of whole processes, as a user waits for them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.measurement import Measurement, Scale

SPEED_UP = 1.8  # of two processes, at least
PROGRAM = str(Path(sys.executable).parent / "penguin-compile")
# As `python -c` with the files on standard input: finding them is not even part of it.
HASHING = (
    "import hashlib, sys\n"
    "for line in sys.stdin:\n"
    "    with open(line[:-1], 'rb') as file:\n"
    "        hashlib.sha256(file.read()).hexdigest()\n"
)


def make_fleet(folder: Path, specs: int) -> Path:
    """So many specs of 300 lines, none in the way of another, that share an import of 60 more."""
    root = folder / "apps"
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    root.mkdir(exist_ok=True)
    shared = ["categories: [reporting]", "config:"]
    for number in range(14):
        shared += [
            f"  shared_{number}:",
            "    type: integer",
            f"    description: Key {number} that all apps have",
            f"    default: {number}",
        ]
    (folder / "shared.yaml").write_text("\n".join(shared) + "\n", encoding="utf-8")
    for number in range(specs):
        text = make_member(f"app-{number}")
        (root / f"app-{number}.yaml").write_text(text, encoding="utf-8")
    return root


def make_member(name: str) -> str:
    """One spec of 300 lines: 9 services, 9 routes, 17 keys, two environments."""
    lines = ["penguin: 1", "imports: [../shared.yaml]", f'app: {{name: {name}, version: "1.0.0"}}']
    lines.append("services:")
    for number in range(9):
        lines += [
            f"  service-{number}:",
            f"    host: backend-{number}",
            f"    port: {8000 + number}",
            "    protocol: http",
            "    auth: jwt",
            f"    health_check: {{path: /healthz/{number}, interval: 30s}}",
            f"    config: {'none' if number else 'all'}",
            "    container:",
            f"      image: registry.example.com/{name}/service-{number}:1.{number}",
            "      restart: unless-stopped",
            "    environment:",
            "      MODE: production",
            f'      NUMBER: "{number}"',
        ]
    lines.append("routes:")
    for number in range(9):
        lines += [
            f"  route-{number}:",
            f"    description: Route number {number}",
            "    from: [external]",
            f"    to: [service-{number}]",
            "    listen:",
            "      port: 443",
            "      protocol: https",
            f"    path_prefix: /{name}/{number}",
        ]
    lines.append("config:")
    for number in range(17):
        lines += [
            f"  key_{number}:",
            "    type: integer",
            "    category: system",
            f"    description: Key number {number} of {name}",
            f"    default: {number}",
        ]
    lines += ["environments:", "  dev: {}", "  prod:", "    extends: dev", "    overrides:"]
    lines += ["      services:", "        service-0: {port: 9000}"]
    return "\n".join(lines) + "\n"


def run_fleet(folder: Path, *arguments: str) -> float:
    """Seconds of one run of `penguin-compile fleet`."""
    start = time.perf_counter()
    subprocess.run(
        [PROGRAM, "fleet", *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return time.perf_counter() - start


def forget(folder: Path) -> None:
    """As before the first run."""
    for name in (".penguin_cache", "generated"):
        shutil.rmtree(folder / name, ignore_errors=True)


def time_cold(folder: Path, command: str, jobs: int, runs: int = 3) -> float:
    """Median seconds of a first run with so many processes."""
    times = []
    for _ in range(runs):
        forget(folder)
        times.append(run_fleet(folder, command, "apps", "--jobs", str(jobs)))
    return median(times)


def time_unchanged(folder: Path, command: str, runs: int = 11) -> float:
    """Median seconds of a run that finds nothing changed."""
    run_fleet(folder, command, "apps")
    return median(run_fleet(folder, command, "apps") for _ in range(runs))


def time_hashing(folder: Path, command: str, runs: int = 11) -> float:
    """Median seconds of a Python process that reads and hashes the same files."""
    files = [folder / "shared.yaml", *sorted((folder / "apps").glob("*.yaml"))]
    if command == "compile":
        files += sorted(one for one in (folder / "generated").rglob("*") if one.is_file())
    names = "".join(f"{one}\n" for one in files)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", HASHING], input=names, text=True, check=True)
        times.append(time.perf_counter() - start)
    return median(times)


@contextmanager
def dask_cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """A scheduler and workers with one thread each, as processes of this machine; its address."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    own = ["--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    started = [subprocess.Popen([*command, *own], cwd=folder, **quiet)]
    try:
        address = _wait_for(file)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        own = [
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--local-directory",
            str(folder / "dask"),
        ]
        started += [
            subprocess.Popen([*command, *own, "--memory-limit", "0"], cwd=folder, **quiet)
            for _ in range(workers)
        ]
        _wait_for_workers(address, workers)
        yield address
    finally:
        for one in started:
            one.kill()
            one.wait()


def _wait_for(file: Path) -> str:
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError, KeyError):
            time.sleep(0.05)


def _wait_for_workers(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def time_on_cluster(folder: Path, command: str, address: str, runs: int = 3) -> float:
    """Median seconds of a first run on a cluster."""
    times = []
    for _ in range(runs):
        forget(folder)
        times.append(run_fleet(folder, command, "apps", "--scheduler", address))
    return median(times)


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    """Two processes beside one, nothing changed beside hashing, a cluster beside processes."""
    many = folder / "many"
    many.mkdir()
    make_fleet(many, scale.fleet_specs)
    size = f"{scale.fleet_specs:,} specs"
    for command in ("validate", "compile"):
        yield Measurement(
            size=size,
            stage=f"fleet {command}, two processes",
            value=time_cold(many, command, 2, scale.runs),
            beside="one process",
            beside_value=time_cold(many, command, 1, scale.runs),
            target=round(1 / SPEED_UP, 3),
        )
        yield Measurement(
            size=size,
            stage=f"fleet {command}, nothing changed",
            value=time_unchanged(many, command),
            beside="reading and hashing the same files",
            beside_value=time_hashing(many, command),
            target=1.5,
        )
    more = folder / "more"
    more.mkdir()
    make_fleet(more, scale.cluster_specs)
    with dask_cluster(more) as address:
        yield Measurement(
            size=f"{scale.cluster_specs:,} specs",
            stage="fleet validate, two workers of a Dask cluster",
            value=time_on_cluster(more, "validate", address, 1),
            beside="two processes",
            beside_value=time_cold(more, "validate", 2, 1),
            target=1.25,
        )
