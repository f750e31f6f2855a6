"""`make bench`: how long each stage takes, beside the floors of the same machine and run.

Prints medians of several runs. The YAML stages are told as multiples of the C parser's events
alone, the commands as multiples of `python -c pass`.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.compose_app import make_compose_app
from bench.console import bench_console
from bench.databases import bench_databases
from bench.gateway import bench_gateway
from bench.specs import lengthen_example, make_spec
from bench.telemetry import bench_telemetry

ROOT = Path(__file__).resolve().parent.parent


def measure(runs: int, work: Callable[[], object]) -> float:
    """Median seconds of some runs."""
    times = []
    for _ in range(runs):
        gc.collect()
        gc.disable()  # as every command does
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
        gc.enable()
    return median(times)


def read_events(text: str) -> None:
    from _ruamel_yaml import CParser

    read = CParser(text).get_event
    while read() is not None:
        pass


def print_rows(title: str, unit: str, floor: float, rows: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, seconds in rows.items():
        print(f"  {name:<44} {seconds:8.3f} s {seconds / floor:7.2f} times {unit}")


def bench_stages(spec: Path, runs: int) -> None:
    from penguin_compile.artifacts.layout import Folder
    from penguin_compile.compilation import render
    from penguin_compile.pipeline import CheckedSpec, check_file
    from penguin_compile.source.load import load_spec
    from penguin_compile.targets import TARGETS

    text = spec.read_text(encoding="utf-8")
    kept: list[CheckedSpec] = []

    def validate() -> None:
        kept[:] = [check_file(spec)]
        assert not kept[0].has_errors, kept[0].findings[:3]

    def compile_to_disk(*targets: str) -> float:
        command = [sys.executable, "-m", "bench.compile_once", str(spec), *targets]
        done = [
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT) for _ in range(runs)
        ]
        return median(float(one.stdout) for one in done)

    floor = measure(runs, lambda: read_events(text))
    rows = {"floor: events of the C parser alone": floor}
    rows["load: tree with places"] = measure(runs, lambda: load_spec(spec))
    rows["validate: load, shapes, model, rules"] = measure(runs, validate)
    broken = spec.with_name("broken.yaml")
    mistakes = "".join(f"mistake-{number}: 1\n" for number in range(10_000))
    broken.write_text(text + mistakes, encoding="utf-8")
    rows["validate, 10,000 mistakes in it"] = measure(runs, lambda: check_file(broken))
    resolved = kept[0].environments["default"]
    loaded = kept[0].loaded
    place = Folder(path=spec.parent, within=spec.parent, app="bench", environment="default")
    for name in TARGETS:
        rows[f"render target {name}"] = measure(
            runs, lambda name=name: render(resolved, loaded, place, name)
        )
    main_targets = ("marchproxy", "sql", "env", "compose")
    rows["compile, cold: the four main targets, on disk"] = compile_to_disk(*main_targets)
    rows["compile, cold: all default targets, on disk"] = compile_to_disk()
    size = len(text.encode())
    print_rows(f"one spec of {size / 1e6:.1f} MB", "events", floor, rows)


def bench_memory(spec: Path) -> None:
    """Before anything large is loaded here: a child is born with its parent's peak."""
    program = str(Path(sys.executable).parent / "penguin-compile")
    size = spec.stat().st_size
    print()
    for name in ("validate", "compile"):
        command = [program, name, str(spec)]
        subprocess.run(command, check=True, capture_output=True, cwd=spec.parent)
        # The largest child so far: the commands are run in the order of their appetite.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(f"peak memory of {name}: {peak / 1e6:.0f} MB, {peak / size:.0f} times the file")


def bench_commands(runs: int, folder: str) -> None:
    def run(*command: str) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True, cwd=ROOT)

    program = str(Path(sys.executable).parent / "penguin-compile")
    place = f"{folder}/short"
    Path(place, "spec").mkdir(parents=True)
    Path(place, "spec", "myapp.yaml").write_text(
        lengthen_example(ROOT / "spec" / "myapp.yaml", 300)
    )
    floor = measure(runs, run(sys.executable, "-c", "pass"))
    rows = {
        "floor: python -c pass": floor,
        "python -c 'import click'": measure(runs, run(sys.executable, "-c", "import click")),
        "penguin-compile --version": measure(runs, run(program, "--version")),
        "penguin-compile --help": measure(runs, run(program, "--help")),
        "penguin-compile validate --no-cache": measure(
            runs, run(program, "-C", place, "validate", "--no-cache")
        ),
        "penguin-compile validate, nothing changed": measure(
            runs, run(program, "-C", place, "validate")
        ),
        "penguin-compile compile spec/myapp.yaml": measure(
            runs, run(program, "compile", "spec/myapp.yaml", "--out", f"{folder}/out")
        ),
    }
    print_rows("whole commands, validate of 300 lines", "python -c pass", floor, rows)


def bench_unchanged(spec: Path, runs: int) -> None:
    """A compile that changes nothing beside reading and hashing its files, both whole processes."""
    program = str(Path(sys.executable).parent / "penguin-compile")
    command = [program, "compile", str(spec)]
    subprocess.run(command, check=True, capture_output=True, cwd=spec.parent)
    files = [spec, *(one for one in (spec.parent / "generated").rglob("*") if one.is_file())]
    hashing = (
        "import hashlib, sys\n"
        "for path in sys.argv[1:]:\n"
        "    with open(path, 'rb') as file:\n"
        "        hashlib.file_digest(file, 'sha256').hexdigest()\n"
    )
    floor_command = [sys.executable, "-c", hashing, *map(str, files)]

    def run(command: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True, cwd=spec.parent)

    floor = measure(max(runs, 11), run(floor_command))
    rows = {
        "floor: python, reading and hashing the same files": floor,
        "penguin-compile compile": measure(max(runs, 11), run(command)),
    }
    print_rows(f"nothing changed, {len(files)} files", "that", floor, rows)


def bench_init(runs: int, folder: str) -> None:
    """A whole `init` of an app as large as the largest that was seen, in CPU seconds."""
    place = Path(folder) / "init"
    place.mkdir()
    compose, env = make_compose_app()
    (place / "docker-compose.yml").write_text(compose)
    (place / ".env.example").write_text(env)
    program = str(Path(sys.executable).parent / "penguin-compile")
    taken = ["--from-compose", "docker-compose.yml", "--from-env", ".env.example"]
    command = [program, "init", *taken, "--force"]

    def cpu(command: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, cwd=place)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    floor = median(cpu([sys.executable, "-c", "pass"]) for _ in range(runs))
    rows = {
        "floor: python -c pass": floor,
        "penguin-compile init": median(cpu(command) for _ in range(runs)),
    }
    print_rows("init, 44 services, 343 variables, CPU", "python -c pass", floor, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--routes", type=int, default=10_000)
    parser.add_argument("--settings", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=100_000, help="of the config table; 0: none")
    parser.add_argument("--gateway", type=int, default=10_000, help="services there; 0: none")
    parser.add_argument("--keys", type=int, default=10_000, help="of the console's page; 0: none")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench_commands(max(chosen.runs, 11), folder)
        bench_init(chosen.runs, folder)
        spec = Path(folder) / "bench.yaml"
        spec.write_text(make_spec(chosen.services, chosen.routes, chosen.settings))
        bench_memory(spec)
        bench_stages(spec, chosen.runs)
        bench_unchanged(spec, chosen.runs)
        if chosen.rows:
            bench_databases(chosen.rows, folder)
        if chosen.gateway:
            bench_gateway(chosen.gateway, chosen.gateway // 10, folder, max(chosen.runs, 7))
        if chosen.keys:
            bench_console(chosen.keys, folder)
    bench_telemetry()


if __name__ == "__main__":
    main()
