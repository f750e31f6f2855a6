"""rjsonnet: Jsonnet in Rust, for YAML to JSON alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.clock import in_turns
from bench.measurement import Measurement, Scale
from bench.peers.compilation import write_input
from bench.peers.environment import python_peer, version_of
from bench.processes import run, runner

DIFFERS = (
    "Both: a process that reads the YAML file and prints it as JSON, the same as data (compared "
    "in this run), without validation. It is less work than ours, which keeps the place of each "
    "value and refuses duplicate keys: the first stage of every command."
)
OURS = """
import gc, sys
gc.disable()  # as every command does
from pathlib import Path
from penguin_compile.source.load import load_spec
import orjson
sys.stdout.buffer.write(orjson.dumps(load_spec(Path(sys.argv[1])).document.root))
"""
THEIRS = """
import sys, rjsonnet
program = "std.parseYaml(importstr " + repr(sys.argv[1]) + ")"
sys.stdout.write(rjsonnet.evaluate_snippet("bench", program))
"""


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("rjsonnet")
    spec, size = write_input(folder, scale.peer_items)
    ours = (sys.executable, "-c", OURS, str(spec))
    theirs = (str(place / "python"), "-c", THEIRS, str(spec))
    if json.loads(run(ours)) != json.loads(run(theirs)):
        raise ValueError("rjsonnet reads the spec in another way than we do")
    seconds = in_turns(scale.runs, {"ours": runner(*ours), "theirs": runner(*theirs)})
    yield Measurement(
        size=size,
        stage="YAML to JSON alone",
        value=seconds["ours"],
        beside=f"rjsonnet {version_of(place, 'rjsonnet')}, no places",
        beside_value=seconds["theirs"],
        peer=True,
        differs=DIFFERS,
    )
