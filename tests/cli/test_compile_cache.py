"""A compile that would change nothing looks at its files alone, and believes none of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penguin_compile.artifacts.cache_folder import cache_folder
from penguin_compile.cli.run_cache import recall
from tests.cli.conftest import Run

COMMAND = ["compile"]
UNCHANGED = "generated/shop/dev: "


@pytest.fixture(autouse=True)
def _compiled(shop: Path, penguin: Run) -> None:
    Path(".git").mkdir()
    part = Path("spec/parts/theme.yaml")
    part.parent.mkdir()
    part.write_text("config: {motto: {default: hello, description: Motto}}\n")
    shop.write_text(shop.read_text() + "imports: [./parts/theme.yaml]\n")
    assert penguin(*COMMAND).code == 0


def test_what_it_says_is_what_a_run_says(
    penguin: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recall(COMMAND) == 0
    recalled = capsys.readouterr()
    assert UNCHANGED in recalled.out
    result = penguin(*COMMAND)
    assert (result.out, result.err) == (recalled.out, recalled.err)
    checking = [*COMMAND, "--check"]
    assert recall(checking) is None  # another command
    result = penguin(*checking)
    assert recall(checking) == 0
    recalled = capsys.readouterr()
    assert (result.out, result.err) == (recalled.out, recalled.err)
    assert recall([*COMMAND, "--no-cache"]) is None
    monkeypatch.setenv("PENGUIN_COMPILE_ENV", "dev")
    assert recall(COMMAND) is None


def edit(path: str) -> Callable[[], object]:
    """Changed, its size and time left as they were."""

    def change() -> None:
        state = Path(path).stat()
        content = Path(path).read_bytes()
        Path(path).write_bytes(content.swapcase())
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(edit("spec/shop.yaml"), id="the spec"),
        pytest.param(edit("spec/parts/theme.yaml"), id="an import"),
        pytest.param(edit("generated/shop/dev/env/.env.example"), id="an artifact"),
        pytest.param(edit("generated/shop/prod/manifest.json"), id="a manifest"),
        pytest.param(lambda: Path("generated/shop/dev/docs/reference.md").unlink(), id="gone"),
        pytest.param(
            lambda: Path("generated/shop/dev/scripts/marchproxy-import.sh").chmod(0o600), id="mode"
        ),
        pytest.param(lambda: Path("spec/other.yaml").write_text("penguin: 1\n"), id="a new spec"),
        pytest.param(
            lambda: Path("pyproject.toml").write_text("[tool.penguin-compile]\nenv = ['dev']\n"),
            id="options of the project",
        ),
        pytest.param(lambda: Path("spec/.git").mkdir(), id="another repository"),
        pytest.param(lambda: Path("generated/shop/old").mkdir(), id="a folder beside"),
    ],
)
def test_a_change_is_seen(change: Callable[[], object]) -> None:
    assert recall(COMMAND) == 0
    change()
    assert recall(COMMAND) is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"penguin-compile run 1\nend"])
def test_a_record_that_is_none_is_ignored(penguin: Run, content: bytes) -> None:
    (record,) = Path(".penguin_cache").glob("run-*")
    whole = record.read_bytes()
    for broken in (content, whole[: len(whole) // 2], whole.replace(b"run 1", b"run 0")):
        record.write_bytes(broken)
        assert recall(COMMAND) is None
    assert penguin(*COMMAND).code == 0
    assert recall(COMMAND) == 0


def test_errors_are_not_remembered(shop: Path, penguin: Run) -> None:
    shop.write_text(shop.read_text().replace("to: [api]", "to: [apy]"))
    assert penguin(*COMMAND).code == 1
    assert recall(COMMAND) is None


def test_large_files_are_seen_too(shop: Path, penguin: Run) -> None:
    keys = "".join(f"  k{n}: {{default: {'x' * 900}, description: d}}\n" for n in range(800))
    shop.write_text(shop.read_text().replace("config:\n", f"config:\n{keys}"))
    assert penguin(*COMMAND).code == 0
    assert recall(COMMAND) == 0
    edit("generated/shop/dev/sql/mysql/02_config_seed.sql")()
    assert recall(COMMAND) is None


def test_the_program_uses_it_and_git_does_not_see_it() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "penguin_compile", *COMMAND]
    subprocess.run(command, capture_output=True, check=True)  # another argv[0], the same arguments
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert UNCHANGED in done.stdout
    assert "click" not in done.stderr
    assert Path(".penguin_cache/.gitignore").read_text() == "*\n"


def test_its_place_is_the_repository(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert cache_folder(str(deep)) == str(tmp_path / ".penguin_cache")


def test_a_cache_that_can_not_be_written_does_no_harm(penguin: Run) -> None:
    folder = Path(".penguin_cache")
    for one in folder.iterdir():
        one.unlink()
    folder.rmdir()
    folder.write_text("a file in its place")
    assert penguin(*COMMAND).code == 0
    assert recall(COMMAND) is None
