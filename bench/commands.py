"""Whole commands on a spec of 300 lines beside a bare Python, in processor seconds.

They do one thing after the other and wait for next to nothing, so that on a quiet machine these
are the seconds that a user waits. On a busy one those would tell of its scheduler: a process of
some milliseconds is over before its turn ends, one of ten times as many waits for others.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.clock import Work, in_turns
from bench.measurement import Measurement, Scale
from bench.processes import BARE, PROGRAM, ROOT, Usage, forgetful, run, used
from bench.specs import make_example

SIZE = "300 lines"
# Most times a bare Python that each may take.
TARGETS = {
    "--help": 5,
    "validate, warm cache": 15,
    "validate, no cache": 22,
    "compile, nothing changed": 12,
}


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    works = _works(folder)
    seconds = in_turns(scale.short_runs, works, processor_seconds)
    floor = seconds.pop("python -c pass")
    for name, value in seconds.items():
        yield Measurement(
            size=SIZE,
            stage=name,
            value=value,
            beside="python -c pass",
            beside_value=floor,
            target=TARGETS.get(name),
        )


def processor_seconds(work: Work) -> float:
    usage = work()
    assert isinstance(usage, Usage)
    return usage.cpu


def _works(folder: Path) -> dict[str, Work]:
    """Each in a folder that is as the command finds it: nothing that one does helps another."""
    made = {}
    for name in ("warm", "cold", "live"):
        made[name] = folder / name
        made[name].mkdir()
        text = make_example(300, live=name == "live")
        (made[name] / "spec.yaml").write_text(text, encoding="utf-8")
    warm, cold, live = made.values()
    secrets = dict.fromkeys(("DB_PASS", "SMTP_PASS", "WADDLEAI_API_KEY"), "made-up")
    options = ("--env", "bench")

    def program(*arguments: str, cwd: Path = warm) -> Work:
        return partial(used, (PROGRAM, *arguments), cwd=cwd, env=secrets)

    def without_cache(*arguments: str) -> Work:
        command = program(*arguments, cwd=cold)

        def work() -> object:
            shutil.rmtree(cold / "generated", ignore_errors=True)
            return command()

        return forgetful(work, cold)

    run([PROGRAM, "compile", "spec.yaml"], cwd=warm)
    run([PROGRAM, "apply", "spec.yaml", *options, "--yes"], cwd=live, env=secrets)
    works: dict[str, Work] = {"python -c pass": partial(used, BARE)}
    works["python -c 'import click'"] = partial(used, (BARE[0], "-c", "import click"))
    works["--version"] = program("--version", cwd=ROOT)
    works["--help"] = program("--help", cwd=ROOT)
    works["validate, warm cache"] = program("validate", "spec.yaml")
    works["validate, no cache"] = without_cache("validate", "spec.yaml")
    works["compile, nothing changed"] = program("compile", "spec.yaml")
    works["compile, no cache, nothing there"] = without_cache("compile", "spec.yaml")
    works["compile --check"] = program("compile", "--check", "spec.yaml")
    works["fmt --check"] = program("fmt", "--check", "spec.yaml")
    works["graph"] = program("graph", "spec.yaml", "--env", "dev")
    works["explain PC201"] = program("explain", "PC201")
    works["schema"] = program("schema")
    for name in ("plan", "drift", "history", "doctor"):
        works[f"{name}, SQLite, nothing changed"] = program(name, "spec.yaml", *options, cwd=live)
    works["apply, SQLite, nothing changed"] = program(
        "apply", "spec.yaml", *options, "--yes", cwd=live
    )
    return works
