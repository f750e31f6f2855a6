"""A target in a package of its own, installed for real: used, switched off, removed, broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "packages" / "penguin-compile-hosts"
MODULE = "penguin_compile_hosts.py"
HOSTS = "generated/shop/default/hosts/hosts"
SPEC = """\
penguin: 1
app: {name: shop}
services:
  api: {port: 8080, host: api.test}
  web: {port: 80}
"""

pytestmark = pytest.mark.slow

Penguin = Callable[..., "subprocess.CompletedProcess[str]"]


def install(folder: Path, *sources: Path) -> Path:
    """Build and install packages without a network, as pip does it anywhere."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([*pip, *offline, *map(str, sources)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("packages")
    shutil.copytree(PACKAGE, base / "source")
    return install(base / "installed", base / "source")


@pytest.fixture
def packages(_installed: Path, tmp_path: Path) -> Path:
    """Installed packages that a test may break."""
    return Path(shutil.copytree(_installed, tmp_path / "packages"))


@pytest.fixture
def penguin(packages: Path, tmp_path: Path) -> Penguin:
    home = tmp_path / "home"
    (home / "spec").mkdir(parents=True)
    (home / "spec" / "shop.yaml").write_text(SPEC)

    def call(*arguments: str, path: Path = packages) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "penguin_compile", "-C", str(home), *arguments],
            env={**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def change(packages: Path, old: str, new: str) -> None:
    module = packages / MODULE
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))
    # as long as before, within the second: Python would take what pip compiled for fresh
    shutil.rmtree(module.parent / "__pycache__", ignore_errors=True)


def artifacts(home: Path) -> list[str]:
    manifest = json.loads((home / "generated/shop/default/manifest.json").read_text())
    return list(manifest["artifacts"])


def test_an_installed_target_is_compiled_like_any_other(penguin: Penguin, home: Path) -> None:
    done = penguin("compile")
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / HOSTS).read_text() == (
        "# Generated from shop.yaml; edit the spec instead.\n127.0.0.1 api.test\n127.0.0.1 web\n"
    )
    assert "hosts/hosts" in artifacts(home)
    assert penguin("compile", "--check").returncode == 0


def test_it_is_compiled_alone_by_its_name(penguin: Penguin, home: Path) -> None:
    assert penguin("compile", "--target", "hosts").returncode == 0
    assert artifacts(home) == ["hosts/hosts"]
    misspelt = penguin("compile", "--target", "host")
    assert misspelt.returncode == 64
    assert 'did you mean "hosts"' in misspelt.stderr


def test_what_it_no_longer_writes_is_removed(penguin: Penguin, home: Path, tmp_path: Path) -> None:
    assert penguin("compile").returncode == 0
    spec = home / "spec" / "shop.yaml"
    spec.write_text(SPEC + "outputs: {targets: {hosts: false}}\n")
    assert penguin("compile").returncode == 0
    assert not (home / "generated/shop/default/hosts").exists()
    spec.write_text(SPEC)
    assert penguin("compile").returncode == 0
    assert (home / HOSTS).is_file()
    assert penguin("compile", path=tmp_path / "none").returncode == 0, "it is uninstalled"
    assert not (home / HOSTS).exists()
    assert "hosts/hosts" not in artifacts(home)


def test_an_optional_one_waits_until_it_is_asked_for(
    penguin: Penguin, packages: Path, home: Path
) -> None:
    change(packages, 'owns=("hosts/",),', 'owns=("hosts/",), default=False,')
    assert penguin("compile").returncode == 0
    assert not (home / HOSTS).exists()
    (home / "spec" / "shop.yaml").write_text(SPEC + "outputs: {targets: {hosts: true}}\n")
    assert penguin("compile").returncode == 0
    assert (home / HOSTS).is_file()


BREAKS = {
    "import": ("from collections.abc import Iterator", "import no_such_module", "no_such_module"),
    "syntax": ("TARGET = Target(", "TARGET = = Target(", "SyntaxError"),
    "attribute": ("TARGET = Target(", "OTHER = Target(", "TARGET"),
    "kind": ("TARGET = Target(", "TARGET = dict(", "is a dict, where a Target is needed"),
    "name": ('name="hosts"', 'name="other"', 'calls itself "other"'),
    "failure": ("    lines += ", "    lines += [1 / 0]\n    lines += ", "ZeroDivisionError"),
    "item": ("    yield Artifact(", "    yield dict(", "yields a dict, not an Artifact"),
    "bytes": ('text="\\n".join([*lines, ""])', 'text=b""', "no text"),
    "outside": ('path="hosts/hosts"', 'path="hosts/../../../x"', '"hosts/../../../x"'),
    "absolute": ('path="hosts/hosts"', 'path="/etc/hosts"', '"/etc/hosts"'),
    "claim": ('owns=("hosts/",)', 'owns=("sql/sqlite/",)', 'which is of "sql"'),
    "foreign": ('path="hosts/hosts"', 'path="env/.env.example"', '"env/.env.example"'),
}


@pytest.mark.parametrize(("old", "new", "problem"), BREAKS.values(), ids=BREAKS)
def test_a_broken_package_is_named_and_nothing_is_written(
    penguin: Penguin, packages: Path, home: Path, old: str, new: str, problem: str
) -> None:
    change(packages, old, new)
    done = penguin("compile")
    assert done.returncode == 1
    assert 'the target "hosts" of the package penguin-compile-hosts ' in done.stderr
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "generated").exists()
    (home / "spec" / "shop.yaml").write_text(SPEC + "outputs: {targets: {hosts: false}}\n")
    assert penguin("compile").returncode == 0, "a spec can do without it"


def test_a_name_that_is_taken_is_refused(penguin: Penguin, packages: Path, home: Path) -> None:
    (entry_points,) = packages.glob("*.dist-info/entry_points.txt")
    entry_points.write_text(entry_points.read_text().replace("hosts =", "sql ="))
    done = penguin("compile")
    assert done.returncode == 1
    assert "penguin-compile and penguin-compile-hosts both bring" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "generated").exists()
