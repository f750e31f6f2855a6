"""Wheel and sdist: the same bytes wherever they are built, whole, and installable alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def tracked() -> list[str]:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
    )
    return [one for one in done.stdout.split("\0") if one and (ROOT / one).exists()]


def build(source: Path, out: Path, *, umask: int) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        umask=umask,
        timeout=120,
    )
    return out


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two copies of what git knows, with other times and rights."""
    folders = []
    for number in (1, 2):
        folder = tmp_path_factory.mktemp(f"source{number}")
        for name in tracked():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
            os.utime(target, (10**9 * number, 10**9 * number))
        folders.append(folder)
    return folders


@pytest.fixture(scope="module")
def built(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(sources[0], tmp_path_factory.mktemp("dist"), umask=0o022)


def test_two_builds_are_the_same_bytes(sources: list[Path], built: Path, tmp_path: Path) -> None:
    again = build(sources[1], tmp_path / "again", umask=0o077)
    names = sorted(one.name for one in built.iterdir())
    assert [Path(one).suffix for one in names] == [".whl", ".gz"]
    for name in names:
        assert (built / name).read_bytes() == (again / name).read_bytes(), name


def test_the_wheel_is_typed_and_has_what_it_reads(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = [one for one in names if one.endswith(".dist-info/METADATA")]
        told = message_from_bytes(archive.read(metadata))
    assert "penguin_compile/py.typed" in names
    packaged = {f"penguin_compile/schemas/{one.name}" for one in (ROOT / "schemas").iterdir()}
    code = {one for one in tracked() if one.startswith("penguin_compile/")}
    own = {one for one in names if ".dist-info/" not in one}
    assert own == packaged | code
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Requires-Python"] == ">=3.11"
    assert told["Description-Content-Type"] == "text/markdown"


def test_the_sdist_has_what_the_tests_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {one.split("/", 1)[1] for one in archive.getnames() if "/" in one}
    left_out = {one for one in tracked() if one not in names}
    assert {one.split("/")[0] for one in left_out} <= {".ci", ".github"}


def test_the_wheel_works_alone(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    target = tmp_path / "site"
    subprocess.run(
        [*pip, "--no-deps", "--no-index", "--target", str(target), str(wheel)], check=True
    )
    (tmp_path / "spec").mkdir()
    shutil.copy(ROOT / "spec" / "myapp.yaml", tmp_path / "spec")
    for command in (("validate",), ("compile",), ("schema",)):
        done = subprocess.run(
            [sys.executable, "-m", "penguin_compile", *command],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "generated" / "myapp" / "dev" / "manifest.json").exists()
