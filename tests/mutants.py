"""`make mutants`: do the tests notice when a line of `rules/` or `sync/` does something else?

Mutmut changes one thing at a time and runs the tests that come by it; PARTS says which tests those
may be: without a server, in one process, quick enough to be run thousands of times. Each part is
worked on in a copy of the tree below .cache/mutants, where a second run continues the first.

MODULE="rules/pc2*.py sync/guards.py"  only modules that match one of these
MUTANTS=300                as many of each part, drawn by SEED (1 if not said)
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).parents[1]
LEAST = 0.85
PACKAGE = "penguin_compile"


class Part(NamedTuple):
    """Modules below penguin_compile, by patterns, and the tests that may kill their mutants."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def of(folder: str, *names: str) -> tuple[str, ...]:
    """Test modules of a folder."""
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


_PLANNING = (
    *("tests/unit/sync", "tests/properties/test_three_way.py"),
    *of("cli", "drift", "plan_and_apply", "plan_file", "rollback", "safety", "show", "why"),
)
_PURE = (
    "sync/comparison.py",
    "sync/decisions.py",
    "sync/edits.py",
    "sync/guards.py",
    "sync/plan_check.py",
    "sync/plan_file.py",
    "sync/planning.py",
    "sync/settlement.py",
)
_AT_IMPORT = (
    "rules/intake_codes.py",
    "rules/shape_codes.py",
)  # tables, made before mutmut can choose a mutant
PARTS = {
    "rules": Part(
        ("rules/*",),
        ("tests/rules", "tests/unit/rules", "tests/unit/test_api.py", "tests/cli/test_explain.py"),
    ),
    "planning": Part(_PURE, _PLANNING),
    "applying": Part(
        ("sync/*",),  # but for those before
        (
            *_PLANNING,
            *("tests/properties/test_config_laws.py", "tests/properties/test_glance_gateway.py"),
            *of("cli", "comment", "day_one", "diff", "doctor", "doctor_services"),
            *of("cli", "lock_and_history"),
            *of("live", "application", "config_sqlite", "config_table", "doctor_gateway", "lock"),
            *of("live", "marchproxy_api_server", "marchproxy_contract", "marchproxy_proxy"),
            *of("live", "rollback", "rotation", "state", "state_repair", "statements"),
        ),
    ),
}
KILLED = {"killed", "timeout"}  # what never ends is noticed, too
TOLD = {*KILLED, "survived", "no tests"}


def main() -> int:
    """Runs the parts; 0 if enough of their mutants are killed."""
    wanted = os.environ.get("MODULE", "*")
    counts = [run(part, wanted) for part in PARTS if list_modules(part, wanted)]
    return max((tell(one) for one in counts), default=1)


def list_modules(part: str, wanted: str) -> list[Path]:
    """The modules of a part that MODULE names."""
    package = ROOT / PACKAGE
    paths = [one.relative_to(package) for one in sorted(package.rglob("*.py"))]
    earlier = [
        each for name in list(PARTS)[: list(PARTS).index(part)] for each in PARTS[name].modules
    ]
    own = [one for one in paths if matches(one, PARTS[part].modules)]
    own = [one for one in own if not matches(one, (*earlier, *_AT_IMPORT))]
    return [one for one in own if matches(one, wanted.split())]


def matches(path: Path, patterns: Iterable[str]) -> bool:
    """Does one of the patterns, whose stars go over slashes, fit?"""
    return any(fnmatch(str(path), one) for one in patterns)


def run(part: str, wanted: str) -> dict[str, Counter[str]]:
    """Mutmut on a part: by module, how many of its mutants ended in which way."""
    folder = ROOT / ".cache" / "mutants" / part
    copy_tree(folder)
    settings = folder / "pyproject.toml"
    table = "[tool.mutmut]\n"
    own = {
        "only_mutate": [f"{PACKAGE}/{one}" for one in list_modules(part, "*")],
        "pytest_add_cli_args_test_selection": list(PARTS[part].tests),
    }
    lines = "".join(f"{name} = {value}\n" for name, value in own.items())
    settings.write_text((ROOT / settings.name).read_text().replace(table, table + lines))
    environment = {"PYTEST_DEBUG_TEMPROOT": "/dev/shm"} if Path("/dev/shm").is_dir() else {}
    environment |= {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PENGUIN_", "MUTANT"))
    }
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    names = choose(part, wanted)
    subprocess.run([mutmut, "run", *names], cwd=folder, env=environment, check=True)
    told = subprocess.run(
        [mutmut, "results", "--all", "true"], cwd=folder, check=True, stdout=subprocess.PIPE
    )
    counts: dict[str, Counter[str]] = {}
    for name, status in re.findall(r"^\s+(\S+): (.+)$", told.stdout.decode(), re.MULTILINE):
        if not names or name in names:
            counts.setdefault(name.partition(".x")[0], Counter())[status] += 1
            if status not in KILLED:
                print(f"{status}: {name}")
    return counts


def copy_tree(folder: Path) -> None:
    """The files that git knows or would, with their times, by which mutmut sees what changed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for name in listed.stdout.splitlines():
        source, copy = ROOT / name, folder / name
        if source.is_file() and not (copy.exists() and is_as_old(source, copy)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)


def is_as_old(source: Path, copy: Path) -> bool:
    """Is the copy still what the source is?"""
    return source.stat().st_mtime_ns == copy.stat().st_mtime_ns


def choose(part: str, wanted: str) -> list[str]:
    """The mutants to run by name; none for all of them."""
    number = os.environ.get("MUTANTS")
    if number is None and wanted == "*":
        return []
    names = [name for path in list_modules(part, wanted) for name in list_mutants(path)]
    if number is None or int(number) >= len(names):
        return names
    return random.Random(os.environ.get("SEED", "1")).sample(names, int(number))


def list_mutants(path: Path) -> list[str]:
    """The names that mutmut gives to a module's mutants."""
    inside = Path(PACKAGE) / path
    made = mutate_file_contents(str(inside), (ROOT / inside).read_text())
    return [get_mutant_name(inside, name) for name in made.mutant_names]


def tell(counts: dict[str, Counter[str]]) -> int:
    """The table of a part; 1 if too many survive."""
    rows = {module: Counter(one) for module, one in sorted(counts.items())}
    rows["all"] = sum(counts.values(), Counter())
    for module, one in rows.items():
        every, killed = (sum(one[status] for status in some) for some in (TOLD, KILLED))
        if every:
            others = ", ".join(f"{one[each]} {each}" for each in sorted(one) if each not in KILLED)
            print(f"{killed / every:7.1%}  {killed:4} of {every:4}  {module}  {others}")
    killed = sum(rows["all"][status] for status in KILLED)
    return int(killed < LEAST * sum(rows["all"][status] for status in TOLD))


if __name__ == "__main__":
    sys.exit(main())
