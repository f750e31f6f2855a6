"""octoDNS: a plan without change, from records in YAML to records in YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.clock import in_turns
from bench.databases import make_settings
from bench.measurement import Measurement, Scale
from bench.peers.environment import python_peer, version_of
from bench.processes import PROGRAM, forgetful, run, runner

DIFFERS = (
    "Both: a whole process that reads as many entries of YAML as there are live, compares and "
    "finds no change. octoDNS compares with a second YAML file (its provider without a "
    "network); ours compares three ways, with a table of SQLite and what was applied last."
)
CONFIG = """\
providers:
  config: {class: octodns.provider.yaml.YamlProvider, directory: ./config}
  live: {class: octodns.provider.yaml.YamlProvider, directory: ./live}
zones:
  example.com.: {sources: [config], targets: [live]}
"""


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer("octodns")
    count = scale.peer_items
    zone = "---\n" + "".join(
        f"record-{number:06}: {{ttl: 300, type: A, value: 192.0.2.{number % 254 + 1}}}\n"
        for number in range(count)
    )
    for name in ("config", "live"):
        (folder / name).mkdir()
        (folder / name / "example.com.yaml").write_text(zone, encoding="utf-8")
    (folder / "octodns.yaml").write_text(CONFIG, encoding="utf-8")
    spec = folder / "spec.yaml"
    spec.write_text(make_settings(count, f"sqlite:///{folder}/live.db"), encoding="utf-8")
    run([PROGRAM, "apply", str(spec), "--env", "bench", "--yes"], cwd=folder)
    seconds = in_turns(
        scale.runs,
        {
            "ours": forgetful(
                runner(PROGRAM, "plan", str(spec), "--env", "bench", cwd=folder), folder
            ),
            "theirs": runner(
                str(place / "octodns-sync"), "--config-file", "octodns.yaml", cwd=folder
            ),
        },
    )
    yield Measurement(
        size=f"{count:,} entries",
        stage="plan without change",
        value=seconds["ours"],
        beside=f"octoDNS {version_of(place, 'octodns')}",
        beside_value=seconds["theirs"],
        target=1,
        peer=True,
        differs=DIFFERS,
    )
