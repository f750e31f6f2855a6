"""dbt: seeds, which are rows of a file in git, brought into a table of PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bench.clock import in_turns
from bench.databases import databases, make_settings
from bench.measurement import Measurement, NotHere, Scale
from bench.peers.environment import python_peer, version_of
from bench.processes import PROGRAM, runner
from penguin_compile.live.config.database_url import parse_url

# The newest dbt-core fetches a part of itself from outside the registry.
PACKAGES = ("dbt-core<1.11", "dbt-postgres")
DIFFERS = (
    "Both: a whole process that brings as many rows of seven columns into a table that isn't "
    "there yet. dbt reads CSV and inserts; ours reads a YAML spec, checks it, plans, and writes "
    "a ledger and an audit of the rows in the same transaction."
)
HEADER = "config_key,config_value,config_type,category,description,is_sensitive,updated_by\n"


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    place = python_peer(*PACKAGES)
    with databases(str(folder)) as found:
        if "PostgreSQL" not in found:
            raise NotHere("PENGUIN_TEST_POSTGRES_URL names no server")
        url = found["PostgreSQL"]
        write_project(folder, url, scale.keys)
        spec = folder / "spec.yaml"
        spec.write_text(make_settings(scale.keys, url), encoding="utf-8")
        no_telemetry = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        seconds = in_turns(
            1,
            {
                "ours": runner(PROGRAM, "apply", str(spec), "--env", "bench", "--yes", cwd=folder),
                "theirs": runner(
                    *(str(place / "dbt"), "seed", "--profiles-dir", "."),
                    cwd=folder,
                    env=no_telemetry,
                ),
            },
        )
    yield Measurement(
        size=f"{scale.keys:,} keys",
        stage="seeds into PostgreSQL",
        value=seconds["ours"],
        beside=f"dbt {version_of(place, 'dbt-core')}",
        beside_value=seconds["theirs"],
        target=1,
        peer=True,
        differs=DIFFERS,
    )


def write_project(folder: Path, url: str, count: int) -> None:
    """The files that dbt wants. JSON is YAML, too."""
    parsed = parse_url(url)
    output = {
        "type": "postgres",
        "host": parsed.host,
        "port": parsed.port or 5432,
        "user": parsed.username or "postgres",
        "password": parsed.password or "",
        "dbname": parsed.database,
        "schema": "public",
        "threads": 1,
    }
    profile = {"bench": {"target": "bench", "outputs": {"bench": output}}}
    types = dict.fromkeys(HEADER.strip().split(","), "text")
    project = {
        "name": "bench",
        "version": "1.0.0",
        "profile": "bench",
        "seed-paths": ["seeds"],
        "seeds": {"bench": {"+column_types": types}},
    }
    (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    (folder / "dbt_project.yml").write_text(json.dumps(project), encoding="utf-8")
    rows = (f"key_{n},{n},integer,system,Key {n},false,penguin-compile\n" for n in range(count))
    (folder / "seeds").mkdir()
    (folder / "seeds" / "seeded.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
