"""What each command imports: the price of every start."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "alembic",
    "authlib",
    "cryptography",
    "fastapi",
    "httpx",
    "hvac",
    "jinja2",
    "jsonschema_rs",
    "orjson",
    "psycopg",
    "pydantic",
    "pymysql",
    "requests",
    "rich",
    "ruamel.yaml",
    "sqlalchemy",
    "tenacity",
    "tomllib",
    "uvicorn",
)
PROGRAM = """
import os, sys
sys.argv = ["penguin-compile", *sys.argv[1:]]
from penguin_compile.__main__ import main

def leave(code):
    raise SystemExit(code)

os._exit = leave  # so that what was loaded can be told
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print("LOADED", *sys.modules)
"""


def loaded_by(*arguments: str, folder: Path = ROOT) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "LOADED"
    return set(last[1:])


def test_help_loads_click_and_nothing_heavy() -> None:
    loaded = loaded_by("--help")
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_version_does_not_even_load_click() -> None:
    assert "click" not in loaded_by("--version")


@pytest.mark.parametrize(
    "command",
    [
        *("validate", "explain", "fmt", "compile", "diff", "plan", "apply"),
        *("drift", "why", "promote", "rollback", "doctor", "rotate-keys", "history", "unlock"),
        *("graph", "schema", "sandbox", "show", "init", "serve", "comment", "fleet"),
        "completion",
    ],
)
def test_the_help_of_a_command_loads_nothing_heavy_but_what_it_reads_specs_with(
    command: str,
) -> None:
    allowed = {"ruamel.yaml"}  # the pipeline's own front; pydantic and what follows come later
    assert loaded_by(command, "--help").isdisjoint(set(HEAVY) - allowed)


@pytest.mark.parametrize("command", ["validate", "compile", "plan", "drift", "matrix"])
def test_the_help_of_a_fleet_command_loads_nothing_heavy(command: str) -> None:
    assert loaded_by("fleet", command, "--help").isdisjoint({*HEAVY, "distributed", "dask"})


def test_a_fleet_without_a_change_loads_no_more_than_its_files_need() -> None:
    assert "click" in loaded_by("fleet", "validate", "spec")
    loaded = loaded_by("fleet", "validate", "spec")
    assert loaded.isdisjoint({*HEAVY, "click", "pathlib", "multiprocessing"})


def test_validate_loads_yaml_and_pydantic_alone() -> None:
    loaded = loaded_by("validate", "--no-cache", "spec/myapp.yaml")
    assert {"ruamel.yaml", "pydantic"} <= loaded
    assert loaded.isdisjoint(set(HEAVY) - {"ruamel.yaml", "pydantic"})


def test_validate_loads_no_part_that_only_others_need() -> None:
    loaded = loaded_by("validate", "--no-cache", "spec/myapp.yaml")
    cache = {"penguin_compile.artifacts", "penguin_compile.artifacts.cache_folder"}
    parts = {one.split(".")[1] for one in loaded - cache if one.startswith("penguin_compile.")}
    front = {"__main__", "cli", "pipeline", "claims", "neighbours", "report", "rules"}
    assert parts <= {*front, "compiler", "sections", "source", "model", "core"}
    assert "penguin_compile.model.plan" not in loaded


@pytest.mark.parametrize("command", ["validate", "compile"])
def test_where_nothing_has_changed_next_to_nothing_is_loaded(command: str, tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    shutil.copy(ROOT / "spec" / "myapp.yaml", tmp_path / "spec")
    assert "pydantic" in loaded_by(command, folder=tmp_path)
    loaded = loaded_by(command, folder=tmp_path)
    assert {one for one in loaded if one.startswith("penguin_compile")} == {
        "penguin_compile",
        "penguin_compile.__main__",
        "penguin_compile.artifacts",
        "penguin_compile.artifacts.cache_folder",
        "penguin_compile.cli",
        "penguin_compile.cli.run_cache",
        "penguin_compile.cli.terminal",
    }
    assert loaded.isdisjoint({*HEAVY, "click", "json", "pathlib", "typing"})


@pytest.mark.parametrize("command", ["validate", "compile"])
def test_no_dataclass_of_the_model_is_made_the_slow_way(command: str) -> None:
    """`core/records.py` says why; values that are made once may be the standard library's."""
    loaded = loaded_by(command, "--no-cache", *(["--check"] if command == "compile" else []))
    for name in loaded:
        if re.match(r"penguin_compile\.(core|model|source|rules|targets|artifacts|pipeline)", name):
            kinds = vars(import_module(name)).values()
            slow = [one for one in kinds if isinstance(one, type) and is_slow(one, name)]
            assert not slow


def is_slow(kind: type, module: str) -> bool:
    return kind.__module__ == module and is_dataclass(kind) and "__setattr__" in vars(kind)


def test_compile_looks_for_packages_without_reading_the_metadata_of_all() -> None:
    loaded = loaded_by("compile", "--check", "--no-cache", "spec/myapp.yaml")
    assert "penguin_compile.targets.sql" in loaded
    assert "importlib.metadata" not in loaded


def test_validate_does_not_search_for_plugins_of_pydantic() -> None:
    assert "importlib.metadata" not in loaded_by("validate", "--no-cache", "spec/myapp.yaml")
