"""The commands whose instructions are counted: what every save, every hook and every CI run does.

They are typed as a user types them, so that two revisions of the program can be held to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.databases import make_settings
from bench.specs import make_example, make_spec

Run = Callable[[Sequence[str]], object]
_KEYS = 3_000


def _example(folder: Path, _run: Run) -> None:
    (folder / "spec.yaml").write_text(make_example(300), encoding="utf-8")


def _compiled(folder: Path, run: Run) -> None:
    _example(folder, run)
    run(("compile", "spec.yaml"))


def _validated(folder: Path, run: Run) -> None:
    _example(folder, run)
    run(("validate", "spec.yaml"))


def _large(folder: Path, _run: Run) -> None:
    (folder / "spec.yaml").write_text(make_spec(500, 500, 1_000), encoding="utf-8")


def _applied(folder: Path, run: Run) -> None:
    spec = make_settings(_KEYS, "sqlite:///live.db")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    run(("apply", "spec.yaml", "--env", "bench", "--yes"))


@dataclass(frozen=True, slots=True)
class HotPath:
    """`prepare` makes a folder as the command finds it, with commands that aren't counted."""

    title: str
    prepare: Callable[[Path, Run], None]
    command: Sequence[str]


HOT_PATHS = {
    "help": HotPath("--help", _example, ("--help",)),
    "validate": HotPath("validate, 300 lines", _example, ("validate", "spec.yaml")),
    "validated": HotPath("validate, nothing changed", _validated, ("validate", "spec.yaml")),
    "unchanged": HotPath("compile, nothing changed", _compiled, ("compile", "spec.yaml")),
    "compile": HotPath(
        "compile, nothing there yet, 300 lines", _example, ("compile", "--no-cache", "spec.yaml")
    ),
    "large": HotPath("validate, 2,000 objects", _large, ("validate", "spec.yaml")),
    "plan": HotPath(
        f"plan, {_KEYS:,} keys in SQLite, nothing changed",
        _applied,
        ("plan", "spec.yaml", "--env", "bench"),
    ),
}
