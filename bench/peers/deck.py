"""decK: a gateway's state file validated offline; Debian's version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.clock import in_turns
from bench.gateway import write_spec
from bench.measurement import Measurement, Scale
from bench.peers.environment import debian_peer
from bench.processes import PROGRAM, forgetful, run, runner

DIFFERS = (
    "Both read a YAML file of as many services, each with host, port and protocol, and find "
    "nothing wrong; ours has authentication and a health check too, and is held to all rules. "
    "decK's services have a path instead. Ours is without its cache."
)


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    program = debian_peer("deck", "deck")
    write_spec(folder, "http://127.0.0.1:8000", "standard", scale.peer_items)
    state = folder / "kong.yaml"
    lines = [
        f"- {{name: service-{number}, host: backend-{number}, port: {1024 + number % 60000},"
        f" protocol: http, path: /made/up/{number}}}\n"
        for number in range(scale.peer_items)
    ]
    state.write_text('_format_version: "1.1"\nservices:\n' + "".join(lines), encoding="utf-8")
    told = run([program, "version"])
    seconds = in_turns(
        scale.runs,
        {
            "ours": forgetful(runner(PROGRAM, "validate", "spec.yaml", cwd=folder), folder),
            "theirs": runner(program, "validate", "--state", str(state), cwd=folder),
        },
    )
    yield Measurement(
        size=f"{scale.peer_items:,} services",
        stage="validate offline",
        value=seconds["ours"],
        beside=" ".join(told.split()[:2]),
        beside_value=seconds["theirs"],
        target=1,
        peer=True,
        differs=DIFFERS,
    )
