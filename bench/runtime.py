"""`python -m bench.runtime`: the library for running apps, beside an attribute and a bare SELECT.

PENGUIN_TEST_POSTGRES_URL and PENGUIN_TEST_MYSQL_URL name servers; SQLite is always there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import timeit
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine

from bench.databases import databases, timed
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


def bench_read(manifest: Path) -> None:
    settings = open_settings(manifest, environment={})
    snapshot, number, seconds = settings.snapshot(), 1_000_000, {}
    names = {"plain": Plain(), "settings": settings, "snapshot": snapshot}
    for name, one in names.items():
        seconds[name] = min(timeit.repeat("one.key_7", globals={"one": one}, number=number))
    seconds["settings[...]"] = min(
        timeit.repeat('one["key_7"]', globals={"one": settings}, number=number)
    )
    print("\nreading one setting")
    for name, total in seconds.items():
        times = total / seconds["plain"]
        print(f"  {name:<44} {total / number * 1e9:8.1f} ns {times:7.2f} times an attribute")


def bench_load(kind: str, url: str, manifest: Path, count: int) -> None:
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

    # In turns: what else the machine does meets all of them.
    works = {
        "floor: SELECT and fetchall of the driver": lambda: fetch(connection, table.select),
        "loaded, as after a change": load,
        "loaded, and each key read once": read_all,
        "asked whether anything changed": lambda: table.probe(connection),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            seconds[name].append(timed(work))
    connection.close()
    floor = median(next(iter(seconds.values())))
    print(f"\n{kind}, {count} keys")
    for name, times in seconds.items():
        own = median(times)
        print(f"  {name:<44} {own:8.4f} s {own / floor:7.2f} times the SELECT")


def bench_change(kind: str, url: str, manifest: Path) -> None:
    connection = connect(parse_url(url), "bench")
    seconds = []
    with open_settings(manifest, url, environment={}) as settings:
        for number in range(1, CHANGES + 1):
            time.sleep(0.2)
            statement = f"UPDATE config SET config_value = '{-number}' WHERE config_key = 'key_7'"
            with connection.cursor() if kind != "SQLite" else _cursor(connection) as cursor:
                cursor.execute(statement)
            start = time.perf_counter()
            while settings.key_7 != -number:
                time.sleep(0.0005)
            seconds.append(time.perf_counter() - start)
    connection.close()
    print(f"  {'a change is seen, median and longest of 3':<44} {median(seconds):8.4f} s", end="")
    print(f" {max(seconds):8.4f} s")


def _cursor(connection: object) -> object:
    from contextlib import closing

    return closing(connection.cursor())  # type: ignore[attr-defined]


def bench_runtime(count: int, folder: str) -> None:
    manifest = Path(folder) / "manifest.json"
    write_manifest(manifest, count)
    bench_read(manifest)
    with databases(folder) as made:
        for kind, url in made.items():
            fill(url, count)
            bench_load(kind, url, manifest, count)
            bench_change(kind, url, manifest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench_runtime(chosen.keys, folder)


if __name__ == "__main__":
    main()
