"""`make bench`: every stage of every command beside its floors and peers, in one table.

PENGUIN_TEST_POSTGRES_URL and PENGUIN_TEST_MYSQL_URL name database servers; SQLite is always there.
A whole run writes bench/results/latest.json and docs/speed.svg, a part of it what is asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.chart import write_chart
from bench.measurement import Measurement
from bench.processes import ROOT
from bench.registry import PARTS, Part
from bench.results import PartResult, machine, write_results
from bench.table import print_table

LATEST = ROOT / "bench" / "results" / "latest.json"
CHART = ROOT / "docs" / "speed.svg"
GRACE = 30  # seconds
INTERRUPTED = "interrupted"
WIDTH = 150  # of the table where no terminal says another


def measure_part(part: Part, *, quick: bool) -> PartResult:
    """Run one part in a process of its own; what it yielded before it failed is kept."""
    command = [sys.executable, "-m", "bench.run_part", part.module, "--title", part.title]
    command += ["--quick"] if quick else []
    result, start = PartResult(part), time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, said = process.communicate(timeout=part.limit)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as ended:
            out, said = _end(process)
            limited = isinstance(ended, subprocess.TimeoutExpired)
            said += f"\nended after {part.limit} s" if limited else f"\n{INTERRUPTED}"
    result.seconds = time.monotonic() - start
    for line in out.splitlines():
        if line.endswith("}"):  # one that was ended may leave half a line
            result.measurements.append(Measurement(**json.loads(line)))
    if process.returncode:
        last = Text.from_ansi(said.strip()).plain.splitlines()[-4:]
        result.failure = " ".join(" ".join(last).split())
    return result


def _end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it said until then. It has time to end its servers and to drop its databases."""
    process.terminate()
    try:
        return process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()


def choose(patterns: Sequence[str]) -> list[Part]:
    """The parts whose names match one of the patterns, or all."""
    return [
        one
        for one in PARTS
        if not patterns or any(fnmatchcase(one.name, pattern) for pattern in patterns)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="parts by name")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it all still run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="results there")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="the chart there")
    parser.add_argument("--list", action="store_true", help="name the parts")
    chosen = parser.parse_args()
    parts = choose(chosen.only)
    if chosen.list or not parts:
        for one in PARTS:
            print(f"{one.name:<16} {one.title}")
        return 0 if chosen.list else 64
    whole = not chosen.only and not chosen.quick
    facts, results, start = machine(), [], time.monotonic()
    progress = Console(stderr=True)
    for one in parts:
        with progress.status(f"{one.title} …"):
            results.append(measure_part(one, quick=chosen.quick))
        progress.print(f"{one.title}: {results[-1].seconds:.0f} s", style="dim")
        if results[-1].failure.endswith(INTERRUPTED):  # what was measured is shown all the same
            whole = False
            break
    seconds = time.monotonic() - start
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    print_table(console, results)
    if chosen.quick:
        console.print("small sizes: the targets are those of the whole ones")
    console.print(f"{facts['cores']} cores, {facts['python']}, {seconds:.0f} s in all")
    if path := chosen.json or (LATEST if whole else None):
        write_results(path, facts, results, seconds)
    if path := chosen.chart or (CHART if whole else None):
        write_chart(path, facts, results)
    return 1 if any(one.failure for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
