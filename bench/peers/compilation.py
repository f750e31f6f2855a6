"""The work that peers and we do alike: four files from one spec, held to be the same as data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

from ruamel.yaml import YAML

from bench.clock import in_turns
from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM, forgetful, run
from bench.specs import make_spec

TEMPLATES = Path(__file__).parent / "templates"
FILES = ("services.json", "mappings.json", "docker-compose.yml", "seed.sql")
_OURS = {
    "services.json": "marchproxy/services.json",
    "mappings.json": "marchproxy/mappings.json",
    "docker-compose.yml": "compose/docker-compose.yml",
    "seed.sql": "sql/sqlite/02_config_seed.sql",
}
TARGETS = tuple(
    word for target in ("marchproxy", "compose", "sql") for word in ("--target", target)
)
OURS_DOES_MORE = (
    "Both: a whole process, from the YAML spec to services.json, mappings.json, "
    "docker-compose.yml and a seed in SQL on disk, the same as data (compared in this run). Ours "
    "alone checks its files, writes seeds and schemas for three databases and replaces files "
    "atomically."
)


def write_input(folder: Path, items: int) -> tuple[Path, str]:
    """A spec of so many objects, half of them services, and how its size is told."""
    spec = folder / "spec.yaml"
    spec.write_text(make_spec(items // 2, items // 4, items // 4), encoding="utf-8")
    return spec, f"{items:,} objects"


def write_templates(folder: Path, prelude: str = "") -> None:
    """The templates, which differ between the peers that take them in where the spec is."""
    copytree(TEMPLATES, folder, dirs_exist_ok=True)
    for path in folder.glob("*.j2"):
        path.write_text(prelude + path.read_text(encoding="utf-8"), encoding="utf-8")


def compare(
    peer: str,
    differs: str,
    scale: Scale,
    folder: Path,
    prepare: Callable[[Path, Path], Callable[[], object]],
    runs: int,
) -> Iterator[Measurement]:
    """Our compile beside a peer's, whose command `prepare` makes: spec, folder to write to."""
    spec, size = write_input(folder, scale.peer_items)
    ours, theirs = folder / "ours", folder / "theirs"
    theirs.mkdir()
    command = (PROGRAM, "compile", "--no-cache", str(spec), "--out", str(ours), *TARGETS)
    compile_there = prepare(spec, theirs)
    seconds = in_turns(
        runs,
        {
            "ours": forgetful(lambda: _compile_anew(command, folder, ours), folder),
            "theirs": compile_there,
        },
    )
    refuse_difference(ours / "bench" / "default", theirs)
    yield Measurement(
        size=size,
        stage="compile to the same four files",
        value=seconds["ours"],
        beside=peer,
        beside_value=seconds["theirs"],
        target=1,
        peer=True,
        differs=f"{OURS_DOES_MORE}\n{differs}",
    )


def _compile_anew(command: tuple[str, ...], folder: Path, ours: Path) -> None:
    for path in ours.rglob("*"):
        if path.is_file():
            path.unlink()
    run(command, cwd=folder)


def refuse_difference(ours: Path, theirs: Path) -> None:
    """Raises ValueError where a file says something else than ours."""
    for name in FILES:
        mine, other = ours / _OURS[name], theirs / name
        if _meaning(mine) != _meaning(other):
            raise ValueError(f"{name} of the peer says something else than ours")


def _meaning(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".yml":
        return YAML(typ="safe", pure=False).load(text)
    schema = (
        "CREATE TABLE config (config_key PRIMARY KEY, config_value, config_type, category,"
        " description, is_sensitive, updated_by)"
    )
    connection = sqlite3.connect(":memory:")
    connection.execute(schema)
    connection.executescript(text)
    rows = connection.execute("SELECT * FROM config ORDER BY config_key").fetchall()
    connection.close()
    return rows
