"""The bench's own manners: its parts exist, one that fails costs its own rows, charts are drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from bench.__main__ import choose, measure_part
from bench.chart import write_chart
from bench.measurement import Measurement
from bench.registry import PARTS, Part
from bench.results import PartResult, machine, write_results
from bench.table import print_table

ROOT = Path(__file__).resolve().parents[2]
ROW = Measurement(
    size="300 lines",
    stage="validate",
    value=0.3,
    beside="python -c pass",
    beside_value=0.02,
    target=20,
)
PEER = replace(ROW, beside="kapitan 1", beside_value=6.0, target=1, peer=True, differs="Much.")
MISSING = Measurement(size="", stage="peer: decK", value=None, why="no apt-get")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_can_be_measured(part: Part) -> None:
    assert callable(import_module(part.module).measure)


def test_parts_are_chosen_by_glob() -> None:
    assert [one.name for one in choose(["comm*", "init"])] == ["commands", "init"]
    assert choose([]) == list(PARTS)


@pytest.mark.parametrize(("value", "holds"), [(0.39, True), (0.4, True), (0.41, False)])
def test_a_target_is_times_what_stands_beside(value: float, holds: bool) -> None:
    assert replace(ROW, value=value).holds is holds


def test_without_a_floor_the_target_is_of_the_value_itself() -> None:
    alone = replace(ROW, beside="", beside_value=None)
    assert alone.holds is True
    assert replace(alone, value=21).holds is False
    assert replace(alone, target=None).holds is None


FAILING = """
from bench.measurement import Measurement, NotHere

def measure(scale, folder):
    print("what a part prints is no result")
    yield Measurement(size=f"{scale.keys} keys", stage="first", value=1.0)
    raise FAILURE
"""


def measured(failure: str, folder: Path, patch: pytest.MonkeyPatch, limit: int = 60) -> PartResult:
    (folder / "failing_part.py").write_text(FAILING.replace("FAILURE", failure), encoding="utf-8")
    patch.setenv("PYTHONPATH", str(folder))
    return measure_part(Part("failing", "failing_part", "failing part", limit), quick=True)


def test_a_part_that_fails_keeps_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = measured("RuntimeError('the server went away')", tmp_path, monkeypatch)
    assert [one.stage for one in result.measurements] == ["first"]
    assert "the server went away" in result.failure


def test_a_part_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = measured("__import__('time').sleep(600)", tmp_path, monkeypatch, limit=2)
    assert "ended after 2 s" in result.failure


def test_what_cannot_be_had_is_a_row_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = measured("NotHere('no apt-get')", tmp_path, monkeypatch)
    assert not result.failure
    assert (result.measurements[1].stage, result.measurements[1].why) == (
        "failing part",
        "no apt-get",
    )


def results() -> list[PartResult]:
    good = PartResult(PARTS[0], [ROW, PEER, replace(PEER, value=7.0)])
    return [good, PartResult(PARTS[1], [MISSING], failure="the server [went] away")]


def test_the_table_tells_all_of_it() -> None:
    console = Console(width=150, record=True, file=None, quiet=False)
    with console.capture() as said:
        print_table(console, results())
    told = said.get()
    for text in ("300 ms", "python -c pass", "yes", "no", "no apt-get", "the server [went] away"):
        assert text in told


def test_results_hold_measured_numbers_and_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "results" / "latest.json"
    write_results(path, machine(), results(), 12.3)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["machine"]["cores"] >= 1
    first, missing = told["parts"][0]["measurements"][0], told["parts"][1]["measurements"][0]
    assert (first["times"], first["holds"]) == (15, True)
    assert missing == {"stage": "peer: decK", "why": "no apt-get"}
    assert told["parts"][1]["failure"] == "the server [went] away"


def test_the_chart_shows_ours_and_the_peer(tmp_path: Path) -> None:
    path = tmp_path / "speed.svg"
    write_chart(path, machine(), results())
    picture = ET.fromstring(path.read_text(encoding="utf-8"))
    told = {one.text for one in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"penguin-compile", "kapitan 1", "6 s", "validate, 300 lines"} <= told


def test_without_peers_no_chart_is_drawn(tmp_path: Path) -> None:
    write_chart(tmp_path / "speed.svg", machine(), [PartResult(PARTS[0], [ROW])])
    assert not list(tmp_path.iterdir())


def test_the_command_names_its_parts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--list"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == [one.name for one in PARTS]
