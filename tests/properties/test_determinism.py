"""Same spec, same bytes: whatever the hash seed, locale, time zone, folder or user."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def compile_specs(folder: Path, out: str = "generated", **environment: str) -> dict[str, str]:
    """Compile in a fresh process; the digest of each file by its path."""
    subprocess.run(
        [sys.executable, "-m", "penguin_compile", "compile", "--out", out],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=True,
        capture_output=True,
    )
    base = folder / out
    return {
        str(path.relative_to(base)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in base.rglob("*")
        if path.is_file()
    }


def copy_specs(folder: Path) -> Path:
    shutil.copytree(ROOT / "spec", folder / "spec")
    return folder


@pytest.fixture(scope="module")
def committed() -> dict[str, str]:
    base = ROOT / "generated"
    return {
        str(path.relative_to(base)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in base.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4294967295", "TZ": "America/New_York", "LC_ALL": "tr_TR.UTF-8"},
        {"USER": "somebody", "LOGNAME": "somebody", "HOME": "/nowhere", "PYTHONUTF8": "0"},
    ],
)
def test_what_is_committed_comes_out_anywhere(
    committed: dict[str, str], tmp_path: Path, environment: dict[str, str]
) -> None:
    assert compile_specs(copy_specs(tmp_path), **environment) == committed


@pytest.mark.slow
def test_the_folder_plays_no_part(committed: dict[str, str], tmp_path: Path) -> None:
    deep = tmp_path / "a folder" / "with spaces"
    deep.mkdir(parents=True)
    (copy_specs(deep) / ".git").mkdir()
    assert compile_specs(deep) == committed
    assert compile_specs(deep, out=str(tmp_path / "elsewhere")) == committed
