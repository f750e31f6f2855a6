"""Specs that use the whole language, and every file that they compile to, as users keep theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguin_compile.targets import TARGETS
from penguin_compile.testing import SnapshotOutputs
from tests.golden.specs import GOLDEN, Word, every_word, used_words

OUTPUTS = Path(__file__).parent / "__outputs__"


@pytest.mark.parametrize("spec", GOLDEN, ids=[one.stem for one in GOLDEN])
def test_outputs(snapshot_outputs: SnapshotOutputs, spec: Path) -> None:
    snapshot_outputs(spec, targets=list(TARGETS))


def test_there_are_eight_and_they_use_every_key_and_every_listed_value() -> None:
    assert len(GOLDEN) >= 8
    unused = every_word() - used_words()
    assert not unused, "no golden spec says: " + ", ".join(map(str, sorted(unused, key=str)))


def test_the_words_are_those_of_the_language() -> None:
    words = every_word()
    assert Word("service", "auth", "base64") in words
    assert Word("config-key", "check") in words
    assert Word("check", "minLength") in words
    assert Word("marchproxy", "totp") in words
    assert Word("spec", "imports") in words
    assert len(words) > 200


@pytest.mark.parametrize("name", list(TARGETS))
def test_each_target_has_snapshots(name: str) -> None:
    tests = (OUTPUTS / "test_golden").glob("test_outputs*")
    folders = (one for test in tests for one in test.glob("*/*"))
    files = (
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    )
    assert any(TARGETS.load(name).owns_path(path) for path in files)


def test_the_snapshots_can_be_read_by_a_person() -> None:
    size = sum(one.stat().st_size for one in OUTPUTS.rglob("*") if one.is_file())
    assert size < 400_000
