"""One spec of 40,000 objects, stage by stage, and one of 100,000 services, in memory."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from bench.clock import in_turns
from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM, forget, run, runner, used
from bench.specs import make_spec
from penguin_compile.artifacts.layout import Folder
from penguin_compile.compilation import render
from penguin_compile.pipeline import CheckedSpec, check_file
from penguin_compile.source.load import load_spec
from penguin_compile.targets import TARGETS

EVENTS = "the C parser's events alone"
FILE = "the file"
MEMORY = 60  # most times the file
MAIN_TARGETS = ("marchproxy", "sql", "env", "compose")
HASHING = (
    "import hashlib, sys\n"
    "for path in sys.argv[1:]:\n"
    "    with open(path, 'rb') as file:\n"
    "        hashlib.file_digest(file, 'sha256').hexdigest()\n"
)


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    spec = folder / "bench.yaml"
    spec.write_text(make_spec(scale.services, scale.routes, scale.settings), encoding="utf-8")
    size = f"{scale.services + scale.routes + scale.settings:,} objects"
    yield from _memory(spec, size, ("validate", "compile"))
    yield from _unchanged(spec, size, scale.short_runs)
    yield from _stages(spec, size, scale)
    large = folder / "large.yaml"
    large.write_text(make_spec(scale.large_services, 0, 0), encoding="utf-8")
    yield from _memory(large, f"{scale.large_services:,} services", ("compile",))


def read_events(text: str) -> None:
    from _ruamel_yaml import CParser

    read = CParser(text).get_event
    while read() is not None:
        pass


def read_and_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _memory(spec: Path, size: str, commands: tuple[str, ...]) -> Iterator[Measurement]:
    file = spec.stat().st_size / 1e6
    for name in commands:
        out = spec.with_suffix(".out")
        where = ("--out", str(out), "--no-cache") if name == "compile" else ()
        forget(spec.parent)
        usage = used((PROGRAM, name, str(spec), *where), cwd=spec.parent)
        yield Measurement(size=size, stage=f"{name}, the whole command, no cache", value=usage.wall)
        yield Measurement(
            size=size,
            stage=f"{name}, peak of memory",
            value=usage.peak / 1e6,
            unit="MB",
            beside=FILE,
            beside_value=file,
            target=MEMORY,
        )


def _unchanged(spec: Path, size: str, runs: int) -> Iterator[Measurement]:
    """Both whole processes."""
    command = (PROGRAM, "compile", str(spec))
    run(command, cwd=spec.parent)
    files = [spec, *(one for one in (spec.parent / "generated").rglob("*") if one.is_file())]
    floor = (sys.executable, "-c", HASHING, *map(str, files))
    seconds = in_turns(runs, {"floor": runner(*floor), "ours": runner(*command, cwd=spec.parent)})
    yield Measurement(
        size=size,
        stage="compile, nothing changed",
        value=seconds["ours"],
        beside="read and hash its files",
        beside_value=seconds["floor"],
        target=1.2,
    )


def _stages(spec: Path, size: str, scale: Scale) -> Iterator[Measurement]:
    text = spec.read_text(encoding="utf-8")
    broken = spec.with_name("broken.yaml")
    mistakes = "".join(f"mistake-{number}: 1\n" for number in range(scale.mistakes))
    broken.write_text(text + mistakes, encoding="utf-8")
    kept: list[CheckedSpec] = []

    def validate() -> None:
        kept[:] = [check_file(spec)]
        assert not kept[0].has_errors, kept[0].findings[:3]

    seconds = in_turns(
        scale.runs,
        {
            "events": lambda: read_events(text),
            "hash": lambda: read_and_hash(spec),
            "load": lambda: load_spec(spec),
            "validate": validate,
            "mistakes": lambda: check_file(broken),
        },
    )
    row = partial(Measurement, size=size, beside=EVENTS, beside_value=seconds["events"])
    yield row(stage="floor: read + hash", value=seconds["hash"])
    yield row(stage="load: a tree with places", value=seconds["load"])
    yield row(stage="validate: load, shapes, model, rules", value=seconds["validate"], target=3.5)
    yield Measurement(
        size=size,
        stage=f"validate, {scale.mistakes:,} mistakes in it",
        value=seconds["mistakes"],
        beside="validate, none in it",
        beside_value=seconds["validate"],
        target=2,
    )
    yield from _compilation(kept[0], row, scale.runs)


def _compilation(
    checked: CheckedSpec, row: Callable[..., Measurement], runs: int
) -> Iterator[Measurement]:
    spec = Path(checked.loaded.path)
    resolved = checked.environments["default"]
    place = Folder(path=spec.parent, within=spec.parent, app="bench", environment="default")
    rendered = in_turns(
        runs,
        {name: lambda name=name: render(resolved, checked.loaded, place, name) for name in TARGETS},
    )
    for name, value in rendered.items():
        yield row(stage=f"render {name}", value=value)
    for name, targets, most in (
        ("the four main targets", MAIN_TARGETS, 5),
        ("all default targets", (), 7),
    ):
        command = (sys.executable, "-m", "bench.compile_once", str(spec), *targets)
        times = [float(run(command)) for _ in range(runs)]
        yield row(stage=f"compile to disk, cold: {name}", value=median(times), target=most)
