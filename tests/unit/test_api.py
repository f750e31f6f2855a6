"""The Python API: what docs/python-api.md shows, and what programs may rely on."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import penguin_compile
from tests.models import EXAMPLE, ROOT

PAGE = ROOT / "docs" / "python-api.md"
README = ROOT / "README.md"


def blocks(language: str, page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the README's spec."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "spec" / "shop.yaml"
    spec.parent.mkdir()
    spec.write_text(blocks("yaml", README)[0])
    return spec


@pytest.mark.usefixtures("shop")
def test_every_example_of_the_page_does_what_it_shows() -> None:
    examples = "\n".join(blocks("pycon", PAGE))
    test = doctest.DocTestParser().get_doctest(examples, {}, "python-api", str(PAGE), 0)
    told: list[str] = []
    result = doctest.DocTestRunner().run(test, out=told.append)
    assert result.attempted > 10
    assert told == []


@pytest.mark.slow
def test_the_three_lines_of_the_page_are_a_test(shop: Path) -> None:
    (three,) = blocks("python", PAGE)
    conftest, test = three.split("\n\n")
    (shop.parents[1] / "conftest.py").write_text(conftest)
    (shop.parents[1] / "tests").mkdir()
    (shop.parents[1] / "tests" / "test_spec.py").write_text(test)
    assert len([line for line in three.splitlines() if line]) == 3
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-n", "0"]
    for update in (["--snapshot-update"], []):
        command = [sys.executable, "-m", "pytest", *options, *update]
        subprocess.run(command, cwd=shop.parents[1], check=True, capture_output=True)
    assert (shop.parents[1] / "tests/__outputs__/test_spec/test_outputs/shop/dev").is_dir()


def test_it_compiles_to_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (ROOT, ROOT / "spec", tmp_path):  # wherever it is called
        monkeypatch.chdir(folder)
        compiled = penguin_compile.compile(EXAMPLE)
        for environment, files in compiled.files.items():
            written = ROOT / "generated" / "myapp" / environment
            manifest = json.loads((written / "manifest.json").read_text())
            assert sorted(files) == sorted(manifest["artifacts"])
            assert all((written / path).read_text("utf-8") == files[path] for path in files)


def test_it_writes_nothing(shop: Path) -> None:
    before = sorted(shop.parents[1].rglob("*"))
    penguin_compile.compile(shop)
    assert sorted(shop.parents[1].rglob("*")) == before


def test_imports_are_found_beside_a_text_that_was_not_saved(shop: Path) -> None:
    (shop.parent / "part.yaml").write_text("config: {theme: {default: dark, description: d}}\n")
    text = "penguin: 1\napp: {name: other}\nimports: [./part.yaml]\n"
    compiled = penguin_compile.compile(shop, text=text, targets=["runtime"])
    manifest = json.loads(compiled.files["default"]["runtime/manifest.json"])
    assert manifest["keys"]["theme"]["default"] == "dark"


def test_notices_and_warnings_come_with_what_was_compiled(shop: Path) -> None:
    text = (
        "penguin: 1\napp: {name: a}\n"
        "services: {api: {port: 80, config: all, container: {image: a}}}\n"
        'config: {text: {default: "a\\nb"}}\n'
    )
    compiled = penguin_compile.compile(shop, text=text)
    assert [one.code for one in compiled.findings] == ["PC305"]
    (notice,) = compiled.notices
    assert notice.startswith("default/compose/docker-compose.yml: TEXT")


def test_an_error_shows_the_findings_as_validate_does(shop: Path) -> None:
    shop.write_text(shop.read_text().replace("to: [api]", "to: [apy]"))
    with pytest.raises(penguin_compile.SpecError) as caught:
        penguin_compile.compile(Path("spec/shop.yaml"))
    shown = next(one for one in blocks("text", README) if one.startswith("error[PC201]"))
    assert f"{caught.value}\n" == shown
    assert isinstance(caught.value, penguin_compile.PenguinError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"environments": ["prd"]}, 'no environment "prd"'),
        ({"targets": ["sqll"]}, 'no target is called "sqll"; did you mean "sql"'),
    ],
)
def test_what_does_not_exist_is_refused(shop: Path, arguments: dict, message: str) -> None:
    with pytest.raises(penguin_compile.PenguinError, match=message):
        penguin_compile.compile(shop, **arguments)
    with pytest.raises(penguin_compile.PenguinError, match="there is no file"):
        penguin_compile.compile(shop.with_name("other.yaml"))
    with pytest.raises(penguin_compile.PenguinError, match="text was given where its path goes"):
        penguin_compile.check(shop.read_text())


def test_the_package_is_imported_without_what_it_uses() -> None:
    program = "import sys, penguin_compile; print(*sys.modules); print(*dir(penguin_compile))"
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    loaded, names = (set(line.split()) for line in done.stdout.splitlines())
    assert [one for one in loaded if one.startswith("penguin_compile.")] == []
    assert "typing" not in loaded
    assert {"check", "compile", "SpecError", "Finding"} <= names
    with pytest.raises(AttributeError, match="no attribute 'plan'"):
        penguin_compile.plan  # noqa: B018
    assert all(hasattr(penguin_compile, name) for name in penguin_compile.__all__)


@pytest.mark.slow
def test_the_types_are_seen_by_a_checker(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import penguin_compile\n"
        'reveal_type(penguin_compile.check("a"))\n'
        'reveal_type(penguin_compile.compile("a").files["dev"]["b"])\n'
        "penguin_compile.compile(1)\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(program)]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert 'Revealed type is "penguin_compile.api.Checked"' in done.stdout, done.stdout
    assert 'Revealed type is "str"' in done.stdout.replace("builtins.str", "str")
    assert 'incompatible type "int"' in done.stdout
    assert "Found 1 error" in done.stdout
