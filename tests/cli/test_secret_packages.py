"""A secret scheme of another package, installed for real: used, unknown, broken."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_packages import PACKAGE, install

NAME = "penguin-compile-credentials"
MODULE = "penguin_compile_credentials.py"
SPEC = """\
penguin: 1
app: {name: shop}
config:
  api_key: {sensitive: true, secret: "credential:api_key", required: true, description: Key}
environments:
  dev: {database: {url: "sqlite:///dev.db"}, sensitive: plaintext}
"""

pytestmark = pytest.mark.slow

Penguin = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("packages")
    shutil.copytree(PACKAGE.with_name(NAME), base / "source")
    return install(base / "installed", base / "source")


@pytest.fixture
def packages(_installed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_installed, tmp_path / "packages"))


@pytest.fixture
def penguin(packages: Path, tmp_path: Path) -> Penguin:
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "shop.yaml").write_text(SPEC)
    (tmp_path / "api_key").write_text("canary-of-systemd")

    def call(*arguments: str, path: Path = packages) -> subprocess.CompletedProcess[str]:
        variables = {"PYTHONPATH": str(path), "CREDENTIALS_DIRECTORY": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", "penguin_compile", "-C", str(tmp_path), *arguments],
            env={**os.environ, **variables, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


def test_an_installed_scheme_is_resolved_like_any_other(penguin: Penguin, tmp_path: Path) -> None:
    assert penguin("validate", "--strict").returncode == 0
    assert not list(tmp_path.glob(".penguin_cache/run-*"))  # what packages say is asked each time
    applied = penguin("apply", "--env", "dev", "--yes")
    assert applied.returncode == 0, applied.stderr
    with closing(sqlite3.connect(tmp_path / "dev.db")) as database:
        assert database.execute("SELECT config_value FROM config").fetchall() == [
            ("canary-of-systemd",)
        ]


def test_without_its_package_validate_tells_that_the_scheme_is_unknown(
    penguin: Penguin, tmp_path: Path
) -> None:
    done = penguin("validate", path=tmp_path / "none")
    assert done.returncode == 1
    assert "PC104" in done.stdout
    words = " ".join(done.stdout.split())
    assert "no such secret scheme; there are: env, file, sops, vault" in words
    assert "spec/shop.yaml:4:38" in words


def test_a_misspelt_scheme_is_suggested(penguin: Penguin, tmp_path: Path) -> None:
    spec = tmp_path / "spec" / "shop.yaml"
    spec.write_text(SPEC.replace("credential:", "credentail:"))
    assert 'did you mean "credential"?' in " ".join(penguin("validate").stdout.split())


LINE = 'return path.read_text(encoding="utf-8")'
BREAKS = {
    "failure": (LINE, "raise ValueError(path.read_text())", "failed (ValueError)"),
    "nothing": (LINE, "path.read_text()", "returned no text"),
    "bytes": (LINE, "return path.read_bytes()", "returned no text"),
    "import": ("import os", "import no_such_module, os", "no_such_module"),
}


@pytest.mark.parametrize(("old", "new", "problem"), BREAKS.values(), ids=BREAKS)
def test_what_goes_wrong_in_it_is_told_with_its_name_and_without_the_value(
    penguin: Penguin, packages: Path, old: str, new: str, problem: str
) -> None:
    module = packages / MODULE
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))
    done = penguin("--debug", "apply", "--env", "dev", "--yes")
    assert done.returncode == 1
    assert problem in done.stderr
    assert NAME in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_compile_forgets_nothing_when_the_package_goes(penguin: Penguin, tmp_path: Path) -> None:
    assert penguin("compile").returncode == 0
    assert penguin("compile").returncode == 0
    assert penguin("compile", path=tmp_path / "none").returncode == 1
