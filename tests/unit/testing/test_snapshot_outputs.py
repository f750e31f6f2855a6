"""The fixture for users, as they use it: a project of their own, and pytest as they run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SPEC = """\
penguin: 1
app: {name: shop, version: "1.0"}
services:
  api: {port: 8080, config: all, container: {image: "shop/api:1"}}
config:
  page_size: {type: integer, default: 20, description: Rows on a page}
environments: {dev: {}, prod: {}}
"""
CONFTEST = 'pytest_plugins = ["penguin_compile.testing"]\n'
TEST = """\
def test_outputs(snapshot_outputs):
    snapshot_outputs("spec/shop.yaml")
"""
TREE = Path("tests/__outputs__/test_spec/test_outputs/shop")


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = folder / "spec" / "shop.yaml"

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".yaml" if "spec/" in str(path) else ".py").write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        environment["NO_COLOR"] = "1"
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def files(self) -> list[str]:
        tree = self.folder / TREE
        return sorted(str(one.relative_to(tree)) for one in tree.rglob("*") if one.is_file())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(spec__shop=SPEC, tests__conftest=CONFTEST, tests__test_spec=TEST)
    return made


@pytest.fixture(scope="module")
def _recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Project(tmp_path_factory.mktemp("project"))
    made.write(spec__shop=SPEC, tests__conftest=CONFTEST, tests__test_spec=TEST)
    done = made.run("--snapshot-update")
    assert done.returncode == 0, done.stdout
    return made.folder


@pytest.fixture
def recorded(_recording: Path, tmp_path: Path) -> Project:
    """A project with its snapshots."""
    return Project(Path(shutil.copytree(_recording, tmp_path / "project")))


def test_without_snapshots_it_fails_and_says_how_to_get_them(project: Project) -> None:
    done = project.run()
    assert done.returncode == 1
    assert "without a snapshot:\n  shop/dev/marchproxy/services.json" in done.stdout
    assert "pytest --snapshot-update" in done.stdout
    assert project.files() == []


def test_snapshots_are_the_files_that_compile_writes(recorded: Project) -> None:
    written = recorded.folder / "written"
    subprocess.run(
        [sys.executable, "-m", "penguin_compile", "compile", "--out", str(written)],
        cwd=recorded.folder,
        check=True,
        capture_output=True,
    )
    wanted = {
        str(path.relative_to(written / "shop")): path.read_bytes()
        for path in written.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    wanted["dev/runtime/manifest.json"] = (written / "shop/dev/runtime/manifest.json").read_bytes()
    wanted["prod/runtime/manifest.json"] = (
        written / "shop/prod/runtime/manifest.json"
    ).read_bytes()
    found = {name: (recorded.folder / TREE / name).read_bytes() for name in recorded.files()}
    assert found == wanted
    assert recorded.run().returncode == 0


def test_a_changed_spec_fails_with_a_diff_until_it_is_accepted(recorded: Project) -> None:
    recorded.spec.write_text(SPEC.replace("default: 20", "default: 30"))
    done = recorded.run()
    assert done.returncode == 1
    assert "-PAGE_SIZE='20'\n+PAGE_SIZE='30'" in done.stdout
    assert "shop/prod/env/.env.example (snapshot)" in done.stdout
    assert "def test_outputs" not in done.stdout, "the test's code explains nothing"
    assert recorded.run("--snapshot-update").returncode == 0
    assert recorded.run().returncode == 0


def test_an_artifact_that_is_gone_fails_until_it_is_accepted(recorded: Project) -> None:
    before = recorded.files()
    recorded.spec.write_text(SPEC + "outputs: {targets: {env: false, sql: false}}\n")
    done = recorded.run()
    assert done.returncode == 1
    assert "no longer compiled:\n  shop/dev/env/.env.example" in done.stdout
    assert recorded.files() == before
    assert recorded.run("--snapshot-update").returncode == 0
    assert not (recorded.folder / TREE / "dev" / "sql").exists()
    assert recorded.run().returncode == 0


def test_an_environment_that_is_gone_fails_until_it_is_accepted(recorded: Project) -> None:
    recorded.spec.write_text(SPEC.replace(", prod: {}", ""))
    done = recorded.run()
    assert done.returncode == 1
    assert "no longer compiled:\n  shop/prod/" in done.stdout
    assert recorded.run("--snapshot-update").returncode == 0
    assert not (recorded.folder / TREE / "prod").exists()
    assert recorded.run().returncode == 0


def test_a_renamed_app_leaves_nothing_behind(recorded: Project) -> None:
    recorded.spec.write_text(SPEC.replace("name: shop", "name: store"))
    done = recorded.run()
    assert done.returncode == 1
    assert "  shop/dev/env/.env.example" in done.stdout
    assert recorded.run("--snapshot-update").returncode == 0
    assert recorded.files() == []
    assert recorded.run().returncode == 0


def test_the_snapshots_of_a_test_that_is_gone_are_told_and_removed(recorded: Project) -> None:
    renamed = TEST.replace("test_outputs", "test_all")
    recorded.write(tests__test_spec=renamed)
    done = recorded.run()
    assert done.returncode == 1
    assert "snapshots of tests that are gone:\n  test_outputs\n" in done.stdout
    assert recorded.run("--snapshot-update").returncode == 0
    assert recorded.files() == []
    assert recorded.run().returncode == 0


def test_a_skipped_test_keeps_its_snapshots(recorded: Project) -> None:
    others = """
def test_other(snapshot_outputs):
    snapshot_outputs("spec/shop.yaml", targets=["env"])

def test_of_syrupy(snapshot):
    assert "text" == snapshot
"""
    skipped = f"import pytest\n\n@pytest.mark.skip\n{TEST}"
    before = recorded.files()
    recorded.write(tests__test_spec=skipped + others)
    assert recorded.run("--snapshot-update").returncode == 0
    assert recorded.files() == before
    assert recorded.run().returncode == 0


def test_a_second_call_in_one_test_is_refused(recorded: Project) -> None:
    recorded.write(tests__test_spec=f'{TEST}    snapshot_outputs("spec/shop.yaml")\n')
    done = recorded.run()
    assert done.returncode == 1
    assert "parametrize the test" in done.stdout


def test_one_test_of_many_alone_leaves_the_snapshots_of_others(project: Project) -> None:
    cases = """\
import pytest

@pytest.mark.parametrize("environment", ["dev", "prod"], ids=["a/b", "prod"])
def test_outputs(snapshot_outputs, environment):
    compiled = snapshot_outputs("spec/shop.yaml", environments=[environment], targets=["env"])
    assert list(compiled.files) == [environment]

class TestMore:
    def test_outputs(self, snapshot_outputs):
        snapshot_outputs("spec/shop.yaml")
"""
    project.write(tests__test_spec=cases)
    tree = project.folder / TREE.parents[1]
    assert project.run("--snapshot-update").returncode == 0
    names = {"test_outputs[ab]", "test_outputs[prod]", "TestMore.test_outputs"}
    assert {one.name for one in tree.iterdir()} == names
    before = sorted(tree.rglob("*"))
    one = "tests/test_spec.py::test_outputs[prod]"
    for arguments in ((one,), ("-k", "prod"), ("-n", "2", "tests/test_spec.py")):
        done = project.run(*arguments, "--snapshot-update")
        assert done.returncode == 0, done.stdout
        assert sorted(tree.rglob("*")) == before, arguments
    assert project.run().returncode == 0


def test_a_spec_with_errors_shows_them_at_their_place(recorded: Project) -> None:
    recorded.spec.write_text(SPEC.replace("version:", "versoin:"))
    done = recorded.run()
    assert done.returncode == 1
    assert 'did you mean "version"?' in done.stdout
    recorded.spec.unlink()
    assert "there is no file" in recorded.run().stdout


def test_without_syrupy_it_says_what_to_install(project: Project) -> None:
    project.write(tests__conftest=f'import sys\nsys.modules["syrupy.data"] = None\n{CONFTEST}')
    for options in ((), ("-p", "no:syrupy")):
        done = project.run(*options)
        assert done.returncode == 1
        assert "pip install 'penguin-compile[testing]'" in done.stdout
        assert "Error" not in done.stdout.replace("ERROR", "")
