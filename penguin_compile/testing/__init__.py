"""For the tests of users: a pytest fixture that snapshots what their own spec compiles to.

    pytest_plugins = ["penguin_compile.testing"]  # in conftest.py

    def test_outputs(snapshot_outputs):  # in a test file
        snapshot_outputs("spec/shop.yaml")

It needs the extra `testing`. `pytest --snapshot-update` writes the snapshots, beside the test file
in `__outputs__/`; commit them.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penguin_compile.api import Compiled, SpecPath, compile  # noqa: A004
from penguin_compile.core.errors import PenguinError

if TYPE_CHECKING:
    from penguin_compile.testing.snapshots import OutputSnapshots

_FIXTURE = "snapshot_outputs"
_TESTS = pytest.StashKey[dict[Path, list[pytest.Item]]]()
_MISSING = "the fixture snapshot_outputs needs syrupy: pip install 'penguin-compile[testing]'"

_ONCE = "a test calls snapshot_outputs once: for several specs, parametrize the test"


class SnapshotOutputs:
    """What the fixture gives a test: called with a spec, it fails where an output has changed."""

    def __init__(self, test_file: Path, snapshots: OutputSnapshots) -> None:
        self._test_file = test_file
        self._snapshots = snapshots
        self._called = False

    def __call__(
        self,
        spec: SpecPath,
        *,
        environments: Collection[str] | None = None,
        targets: Collection[str] | None = None,
    ) -> Compiled:
        """Compile a spec, compare every file with its snapshot, and return what was compiled.

        A relative path is looked for in the test's folder and those above it. A test may call it
        once: what it has a snapshot of and this call doesn't yield is gone.
        """
        __tracebackhide__ = True
        if self._called:
            pytest.fail(_ONCE, pytrace=False)
        self._called = True
        path = self._find(Path(spec))
        try:
            compiled = compile(path, environments=environments, targets=targets)
        except PenguinError as error:
            hint = f"\n  {error.hint}" if error.hint else ""
            pytest.fail(f"{path} doesn't compile:\n{error}{hint}", pytrace=False)
        differences = self._snapshots.compare(compiled)
        if differences:
            pytest.fail(f"{path} compiles to something else now\n{differences}", pytrace=False)
        return compiled

    def _find(self, spec: Path) -> Path:
        places = (folder / spec for folder in self._test_file.parents)
        found = next((one for one in places if one.is_file()), spec)
        return Path(os.path.relpath(found)) if found.is_relative_to(Path.cwd()) else found


@pytest.fixture
def snapshot_outputs(request: pytest.FixtureRequest) -> SnapshotOutputs:
    """Call it with a spec: every file that it compiles to is compared with a committed one."""
    try:
        from penguin_compile.testing.snapshots import OutputSnapshots

        snapshot = request.getfixturevalue("snapshot")
    except (ModuleNotFoundError, pytest.FixtureLookupError):
        pytest.fail(_MISSING, pytrace=False)
    tests = request.config.stash.get(_TESTS, {}).get(request.path)
    return SnapshotOutputs(request.path, OutputSnapshots(snapshot, tests))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the tests of each file, before any is deselected: the snapshots of others are unused."""
    if any("::" in one for one in config.args) or config.getoption("lf", False):
        return  # not all of them are here
    tests: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if _FIXTURE in getattr(item, "fixturenames", ()):
            tests.setdefault(item.path, []).append(item)
    config.stash[_TESTS] = tests
