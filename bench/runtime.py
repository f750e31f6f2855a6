"""The library for running apps, beside an attribute and a bare SELECT."""

from __future__ import annotations

import json
import time
import timeit
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from bench.clock import in_turns
from bench.databases import databases
from bench.measurement import Measurement, Scale
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.model.app import ConfigTable
from penguin_compile.runtime.connection import connect, fetch
from penguin_compile.runtime.database_url import parse_url
from penguin_compile.runtime.manifest import read_manifest
from penguin_compile.runtime.resolution import Resolver
from penguin_compile.runtime.settings import Settings, open_settings
from penguin_compile.runtime.snapshot import Values
from penguin_compile.runtime.table import SettingsTable as RuntimeTable
from penguin_compile.sections.outputs import STANDARD_COLUMNS

RUNS = 7
CHANGES = 3


def write_manifest(path: Path, count: int) -> None:
    fields = {"type": "integer", "category": "system", "sensitive": False, "required": False}
    document = {
        "format": 1,
        "app": "bench",
        "version": "1",
        "table": {"name": "config", "columns": {one: one for one in STANDARD_COLUMNS}},
        "keys": {
            f"key_{n}": {**fields, "variable": f"KEY_{n}", "default": 0} for n in range(count)
        },
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def fill(url: str, count: int) -> None:
    engine = create_engine(parse_compilers(url))
    columns = {one: one for one in STANDARD_COLUMNS}
    table = SettingsTable(ConfigTable(name="config", columns=columns), url)
    names = ("config_value", "config_type", "category", "is_sensitive")
    with engine.begin() as connection:
        table.create(connection)
        rows = [(f"key_{n}", str(n), "integer", "system", False) for n in range(count)]
        table.insert(connection, names, rows)
    engine.dispose()


def parse_compilers(url: str) -> object:
    from penguin_compile.live.config.database_url import parse_url as parse

    return parse(url)


class Plain:
    """What a setting read is held against."""

    def __init__(self) -> None:
        self.key_7 = 7


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    manifest = folder / "manifest.json"
    write_manifest(manifest, scale.keys)
    size = f"{scale.keys:,} keys"
    yield from measure_read(manifest, size)
    with databases(str(folder)) as made:
        for kind, url in made.items():
            fill(url, scale.keys)
            yield from measure_load(kind, url, manifest, size)
            yield measure_change(kind, url, manifest, size)


def measure_read(manifest: Path, size: str) -> Iterator[Measurement]:
    settings = open_settings(manifest, environment={})
    number, plain = 1_000_000, Plain()

    def read(expression: str, one: object) -> float:
        return min(timeit.repeat(expression, globals={"one": one}, number=number)) / number

    floor = read("one.key_7", plain)
    for stage, expression, one in (
        ("settings.key", "one.key_7", settings),
        ("snapshot.key", "one.key_7", settings.snapshot()),
        ("settings[key]", 'one["key_7"]', settings),
    ):
        yield Measurement(
            size=size,
            stage=f"read one setting: {stage}",
            value=read(expression, one),
            beside="an attribute of a plain object",
            beside_value=floor,
            target=20,
        )


def measure_load(kind: str, url: str, manifest: Path, size: str) -> Iterator[Measurement]:
    parsed = parse_url(url)
    resolver = Resolver(manifest=read_manifest(manifest), variables={}, keyring=None)
    table = RuntimeTable(resolver.manifest, parsed.dialect)
    connection = connect(parsed, "bench")
    keys = list(resolver.manifest)
    settings = Settings(resolver)
    table.read(connection)

    def load() -> None:
        settings._publish(table.read(connection))  # noqa: SLF001
        settings.__dict__ = Values(resolver, {})

    def read_all() -> None:
        values = Values(resolver, table.read(connection))
        for key in keys:
            values[key]

    seconds = in_turns(
        RUNS,
        {
            "floor": lambda: fetch(connection, table.select),
            "loaded, as after a change": load,
            "loaded, and each key read once": read_all,
            "asked whether anything changed": lambda: table.probe(connection),
        },
    )
    connection.close()
    floor = seconds.pop("floor")
    for stage, value in seconds.items():
        yield Measurement(
            size=size,
            stage=f"{kind}: {stage}",
            value=value,
            beside="bare SELECT and fetchall",
            beside_value=floor,
            target=2 if stage == "loaded, as after a change" else None,
        )


def measure_change(kind: str, url: str, manifest: Path, size: str) -> Measurement:
    connection = connect(parse_url(url), "bench")
    seconds = []
    with open_settings(manifest, url, environment={}) as settings:
        for number in range(1, CHANGES + 1):
            time.sleep(0.2)
            statement = f"UPDATE config SET config_value = '{-number}' WHERE config_key = 'key_7'"
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)
            start = time.perf_counter()
            while settings.key_7 != -number:
                time.sleep(0.0005)
            seconds.append(time.perf_counter() - start)
    connection.close()
    return Measurement(
        size=size,
        stage=f"{kind}: until a change is seen, longest of {CHANGES}",
        value=max(seconds),
        target=1 if kind == "PostgreSQL" else None,
    )
