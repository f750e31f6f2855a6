"""docs/dependencies.md and docs/installing.md tell what is installed, and under which licences."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.packaging.dependencies import closure, licence

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXTRAS = ("postgres", "mysql", "vault", "console", "fleet")
# A row of another Python or system is not wrong there.
reference = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11),
    reason="the tables are those of Linux and Python 3.11",
)


def rows() -> list[str]:
    """The table: each package once, with the first extra that needs it."""
    base = closure(None)
    told = dict.fromkeys(base, "") | {
        name: extra for extra in reversed(EXTRAS) for name in closure(extra) - base
    }
    return [
        f"| {name} | {told[name]} | {licence(name)} |"
        for name in sorted(told)
        if name != "penguin-compile"
    ]


@reference
def test_the_table_of_dependencies_is_whole() -> None:
    told = [one for one in (DOCS / "dependencies.md").read_text().splitlines() if one[:2] == "| "]
    assert told[2:] == rows(), "the table should be:\n" + "\n".join(rows())


@reference
@pytest.mark.parametrize("extra", ["none", *EXTRAS, "all", "runtime", "testing", "opentelemetry"])
def test_the_number_of_packages_is_told(extra: str) -> None:
    pattern = rf"^\| `?{extra}`? \|.*\| (\d+) \| \d+ MB \|$"
    (told,) = re.findall(pattern, (DOCS / "installing.md").read_text(), re.MULTILINE)
    assert int(told) == len(closure(None if extra == "none" else extra))


def test_no_licence_forbids_what_users_do() -> None:
    """LGPL stands for a library that is used as it is; GPL and AGPL would reach what links it."""
    for name in set().union(*(closure(one) for one in (None, *EXTRAS))):
        assert not re.search(r"\bA?GPL|unknown", licence(name)), (name, licence(name))
