"""The cache of fleets: what can't be used is ignored, told once, and costs a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fleet.conftest import write_app

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]


def cache_file() -> Path:
    (file,) = Path(".penguin_cache").glob("fleet-check-*")
    return file


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def change(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"findings":[{', b'"findings":[],"x":[{'))


def belong_to_another_program(file: Path) -> None:
    file.write_bytes(b"\x80\x04\x95 a pickle, say\n\n\n")


def be_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "is damaged"),
        (change, "is damaged"),
        (belong_to_another_program, "not of this program"),
        (be_a_folder, "can't be"),
    ],
)
def test_a_cache_that_can_not_be_used_is_told_once(
    penguin: Run, damage: Callable[[Path], None], reason: str
) -> None:
    write_app("shop", "nonsense: 1\n")
    first = penguin("fleet", "validate", "apps")
    damage(cache_file())
    result = penguin("fleet", "validate", "apps")
    assert (result.code, result.out) == (first.code, first.out)
    assert result.err.count("warning: the cache") == 1
    assert reason in result.err


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners are those of POSIX")
def test_a_cache_of_another_user_is_not_believed(penguin: Run) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    penguin("fleet", "validate", "apps")
    os.chown(cache_file(), 12345, 12345)
    result = penguin("fleet", "validate", "apps")
    assert "holds a file of another user" in result.err
    assert result.code == 0


def test_a_folder_that_can_not_be_made_is_told_once(penguin: Run) -> None:
    Path(".penguin_cache").write_text("a file in its place")
    result = penguin("fleet", "validate", "apps")
    assert result.code == 0
    assert result.err.count("warning: the cache") == 1
    assert Path(".penguin_cache").read_text() == "a file in its place"


def test_a_folder_that_may_only_be_read_is_told_once(penguin: Run) -> None:
    penguin("fleet", "validate", "apps")
    write_app("shop", port=1)
    folder = Path(".penguin_cache")
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):  # root may write anywhere but among the kernel's own
        if not Path("/proc/self").exists():
            pytest.skip("there is no folder that root can't write to")
        folder.rename("kept")
        folder.symlink_to("/proc/self/fdinfo")
    result = penguin("fleet", "validate", "apps")
    Path("kept" if folder.is_symlink() else folder).chmod(0o755)
    assert result.code == 0
    assert result.err.count("warning: the cache") == 1
    assert "can't be written" in result.err


def test_another_version_of_the_program_believes_nothing(penguin: Run) -> None:
    penguin("fleet", "validate", "apps")
    file = cache_file()
    lines = file.read_bytes().split(b"\n", 2)
    file.write_bytes(b"\n".join([lines[0], b"another", lines[2].replace(b"shop", b"shap")]))
    result = penguin("fleet", "validate", "apps")
    assert (result.code, result.out, result.err) == (0, "", "3 specs: 3 no findings\n")


def test_without_the_cache_none_is_written(penguin: Run) -> None:
    assert penguin("fleet", "validate", "apps", "--no-cache").code == 0
    assert not Path(".penguin_cache").exists()
