"""`python -m bench.compare --base REV`: do the hot paths take more instructions than at a revision?

Valgrind's callgrind counts them, so that what else the machine does plays no part. Both revisions
run by this Python and its packages; the base is a worktree of git's, thrown away afterwards. Exits
with 1 where one grew by more than the limit.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.hot_paths import HOT_PATHS, HotPath
from bench.processes import ROOT, CommandFailed, run

LIMIT = 5.0  # percent
INSTALL = "valgrind is not here: apt-get install valgrind (Debian, Ubuntu), dnf install valgrind"
_WHERE = "import penguin_compile; print(penguin_compile.__file__)"
_OPTIONS = ("--quiet", "--tool=callgrind")
_TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


class Unmeasurable(Exception):
    """Something that is needed is missing; the text says what to do."""


@contextmanager
def revision(name: str, place: Path) -> Iterator[Path]:
    """The tree of a revision. Raises Unmeasurable where git doesn't know it."""
    git = ["git", "-C", str(ROOT), "worktree"]
    try:
        run([*git, "add", "--detach", str(place), name])
    except CommandFailed as failed:
        raise Unmeasurable(f"git can't give the revision {name}: {failed}") from None
    try:
        yield place
    finally:
        run([*git, "remove", "--force", str(place)])


def count_instructions(tree: Path, path: HotPath, folder: Path) -> int:
    """Of one command of the program of a tree, in a folder of its own.

    It runs once before uncounted, so that Python has compiled the modules.
    """
    environment = {
        "PYTHONPATH": str(tree),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(tree.with_name(f"{tree.name}-bytecode")),
        "COLUMNS": "100",
    }
    python = (sys.executable, "-P")

    def program(arguments: Sequence[str], place: Path, *prefix: str) -> None:
        command = [*prefix, *python, "-m", "penguin_compile", *arguments]
        run(command, cwd=place, env=environment)

    found = Path(run([*python, "-c", _WHERE], env=environment).strip())
    if not found.is_relative_to(tree):
        raise Unmeasurable(f"Python imports penguin_compile from {found}, not from {tree}")
    before, counted = folder / "before", folder / "counted"
    for place in (before, counted):
        place.mkdir(parents=True)
        path.prepare(place, lambda arguments, place=place: program(arguments, place))
    program(path.command, before)
    out = folder / "callgrind.out"
    program(path.command, counted, "valgrind", *_OPTIONS, f"--callgrind-out-file={out}")
    total = _TOTALS.search(out.read_text(encoding="utf-8"))
    if total is None:
        raise Unmeasurable(f"valgrind has counted nothing of {path.title}")
    return int(total[1])


def count_both(base: str, names: Sequence[str]) -> Iterator[tuple[HotPath, int, int]]:
    """Instructions of each hot path at the base and here."""
    if not shutil.which("valgrind"):
        raise Unmeasurable(INSTALL)
    with tempfile.TemporaryDirectory(prefix="compare-") as temporary:
        folder = Path(temporary).resolve()
        # Names of one length, because looking at a path takes instructions, too.
        here = folder / "here"
        here.symlink_to(ROOT, target_is_directory=True)
        with revision(base, folder / "base") as there, ThreadPoolExecutor(2) as both:
            for name in names:
                path = HOT_PATHS[name]
                counts = both.map(
                    lambda tree, path=path, name=name: count_instructions(
                        tree, path, folder / f"{tree.name}-{name}"
                    ),
                    (there, here),
                )
                yield path, *counts


def growth(before: int, now: int) -> float:
    """Percent."""
    return (now - before) / before * 100


def show(rows: Sequence[tuple[HotPath, int, int]], base: str, limit: float) -> None:
    """The table: millions of instructions."""
    table = Table(title=f"instructions, millions, beside {base}", title_justify="left")
    for name in ("command", "before", "now", "grown by", "holds"):
        table.add_column(name, justify="left" if name in ("command", "holds") else "right")
    for path, before, now in rows:
        grown = growth(before, now)
        holds = "[green]yes[/]" if grown <= limit else "[bold red]no[/]"
        table.add_row(
            path.title, f"{before / 1e6:,.1f}", f"{now / 1e6:,.1f}", f"{grown:+.2f} %", holds
        )
    console = Console() if sys.stdout.isatty() else Console(width=100)
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--base", required=True, metavar="REV", help="such as origin/main")
    parser.add_argument(
        "--only", action="append", default=[], metavar="GLOB", help=", ".join(HOT_PATHS)
    )
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="PERCENT")
    chosen = parser.parse_args()
    names = [
        name
        for name in HOT_PATHS
        if not chosen.only or any(fnmatchcase(name, one) for one in chosen.only)
    ]
    try:
        rows = list(count_both(chosen.base, names))
    except (Unmeasurable, CommandFailed) as failed:
        print(failed, file=sys.stderr)
        return 2
    show(rows, chosen.base, chosen.limit)
    slower = [path.title for path, before, now in rows if growth(before, now) > chosen.limit]
    if slower:
        told = "; ".join(slower)
        print(f"more than {chosen.limit:g} % above {chosen.base}: {told}", file=sys.stderr)
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
