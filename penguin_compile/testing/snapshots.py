"""Snapshots of outputs as syrupy keeps them: real files, in the tree that compile would write.

`__outputs__/<test file>/<test>/<app>/<environment>/<artifact>`; only this module needs syrupy. The
folder is not syrupy's own: there, syrupy takes a file that it can't relate to a test for unused, of
skipped tests too, and deletes it while updating. What is unused is found here instead.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension
from syrupy.location import PyTestLocation

if TYPE_CHECKING:
    import pytest
    from syrupy.assertion import SnapshotAssertion

    from penguin_compile.api import Compiled

_MOST_LINES = 200  # of a diff; the rest is counted
_ADVICE = "if the change is meant: pytest --snapshot-update, and commit what it writes"


class OutputTree(SingleFileSnapshotExtension):
    """A file for each artifact, byte for byte; its index is `<app>/<environment>/<artifact>`."""

    file_extension = ""

    def serialize(self, data: Any, **_: Any) -> bytes:
        """Bytes, so that no reader turns one line break into another."""
        return str(data).encode()

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """All snapshots of a test file."""
        return str(Path(test_location.filepath).parent / "__outputs__" / test_location.basename)

    @classmethod
    def folder(cls, test_location: PyTestLocation) -> Path:
        """All snapshots of a test, and of no other."""
        name = cls._sanitize_filename(test_location.snapshot_name)
        return Path(cls.dirname(test_location=test_location), name)

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: Any) -> str:
        """The file of an artifact."""
        return str(cls.folder(test_location) / str(index))

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: Any = 0) -> str:
        """What syrupy's report calls it."""
        return f"{test_location.snapshot_name}[{index}]"

    @classmethod
    def matches_test_location(
        cls, *, test_location: PyTestLocation, snapshot_location: str
    ) -> bool:
        """Whether a file is a snapshot of the test."""
        return Path(snapshot_location).is_relative_to(cls.folder(test_location))

    def discover_snapshots(self, **_: Any) -> SnapshotCollections:
        """None for syrupy to judge."""
        return SnapshotCollections()


class OutputSnapshots:
    """The snapshots of one test. `tests` are all of its file, None where they aren't known."""

    def __init__(self, snapshot: SnapshotAssertion, tests: Collection[pytest.Item] | None) -> None:
        self._snapshot = snapshot.use_extension(OutputTree)
        self._folder = OutputTree.folder(snapshot.test_location)
        self._tests = tests

    def compare(self, compiled: Compiled) -> str:
        """What differs, for people; `""` where nothing does, or all was written anew."""
        texts = {
            f"{compiled.app}/{environment}/{path}": text
            for environment, files in compiled.files.items()
            for path, text in files.items()
        }
        fresh: list[str] = []
        lines: list[str] = []
        for index, text in texts.items():
            if self._snapshot(name=index) == text:
                continue
            old = self._snapshot.executions[self._snapshot.num_executions - 1].recalled_data
            if old is None:
                fresh.append(index)
            else:
                lines += _difference(index, old, text)
        gone = self._without_output(texts)
        orphans = self._without_test()
        if self._snapshot.update_snapshots:
            for path in (*gone.values(), *orphans.values()):
                _remove(path, self._folder.parent)
            gone = orphans = {}
        return _report(
            lines,
            {
                "without a snapshot:": fresh,
                "no longer compiled:": gone,
                "snapshots of tests that are gone:": orphans,
            },
        )

    def _without_output(self, present: Collection[str]) -> dict[str, Path]:
        files = (path for path in sorted(self._folder.rglob("*")) if path.is_file())
        found = {path.relative_to(self._folder).as_posix(): path for path in files}
        return {index: path for index, path in found.items() if index not in present}

    def _without_test(self) -> dict[str, Path]:
        folder = self._folder.parent
        if self._tests is None or not folder.is_dir():
            return {}
        known = {OutputTree.folder(PyTestLocation(one)).name for one in self._tests}
        return {one.name: one for one in sorted(folder.iterdir()) if one.name not in known}


def _remove(path: Path, root: Path) -> None:
    """A file or a folder, and the folders below `root` that are empty without it."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)  # another worker may be at it
        return
    path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        for folder in path.parents:
            if folder == root:
                break
            folder.rmdir()


def _difference(index: str, old: str | bytes, new: str) -> Iterator[str]:
    before = old.decode("utf-8", "replace") if isinstance(old, bytes) else old
    yield ""
    yield from unified_diff(
        before.split("\n"), new.split("\n"), f"{index} (snapshot)", index, n=2, lineterm=""
    )


def _report(lines: list[str], lists: dict[str, Collection[str]]) -> str:
    shown = lines[:_MOST_LINES]
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} more lines")
    for heading, names in lists.items():
        if names:
            shown += ["", heading, *(f"  {one}" for one in names)]
    return "\n".join([*shown, "", _ADVICE]) if shown else ""
