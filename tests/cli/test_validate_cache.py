"""A validate of what has not changed says what it said, and any change makes it look again."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguin_compile.cli.run_cache import recall
from tests.cli.conftest import Result, Run

COMMAND = ["validate"]
CLEAN = """\
penguin: 1
app: {name: shop, version: "1.0"}
imports: [./parts/theme.yaml]
services:
  api: {port: 8080, auth: jwt, config: all, container: {image: "shop/api:1"}}
environments: {dev: {}, prod: {}}
"""
WARNED = CLEAN.replace("jwt", "jwt, health_check: {path: ''}") + "categories: [unused]\n"
BROKEN = CLEAN.replace("auth: jwt", "auth: jvt") + "nonsense: 1\nmore: 2\n"
INPUTS = ("spec/shop.yaml", "spec/stock.yaml", "spec/parts/theme.yaml", "spec/parts/deep.yaml")


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("spec/parts").mkdir(parents=True)
    Path("spec/shop.yaml").write_text(CLEAN)
    Path("spec/stock.yaml").write_text(
        "penguin: 1\napp: {name: stock}\nservices: {db: {port: 1}}\n"
    )
    Path("spec/parts/theme.yaml").write_text(
        "imports: [./deep.yaml]\nconfig: {motto: {default: hello, description: Motto}}\n"
    )
    Path("spec/parts/deep.yaml").write_text(
        "config: {page_size: {type: integer, default: 20, description: Rows}}\n"
    )
    Path("pyproject.toml").write_text("[project]\nname = 'shop'\n")


def records() -> list[Path]:
    return sorted(Path(".penguin_cache").glob("run-*"))


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """With other content, its times left as they were."""
    before, state = path.read_bytes(), path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    yield
    path.write_bytes(before)


@pytest.mark.parametrize("strict", [[], ["--strict"], ["--max-findings", "1"]])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize("spec", [CLEAN, WARNED, BROKEN])
@pytest.mark.parametrize("colour", ["never", "always"])
def test_what_it_says_is_what_a_run_says(
    penguin: Run,
    capsys: pytest.CaptureFixture[str],
    spec: str,
    form: str,
    strict: list[str],
    colour: str,
) -> None:
    Path("spec/shop.yaml").write_text(spec)
    command = ["--color", colour, *COMMAND, "--format", form, *strict]
    assert recall(command) is None
    result = penguin(*command)
    assert recall(command) == result.code
    recalled = capsys.readouterr()
    assert Result(result.code, recalled.out, recalled.err) == result
    assert penguin(*command, "--no-cache") == result


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_edit_of_any_input_is_seen(penguin: Run, data: st.DataObject) -> None:
    if recall(COMMAND) is None:
        assert penguin(*COMMAND).code == 0
    path = Path(data.draw(st.sampled_from([*INPUTS, "pyproject.toml"])))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    edited = content[:start] + data.draw(st.binary(max_size=3)) + content[end:]
    with changed(path, edited):
        assert (recall(COMMAND) is None) == (edited != content)
    assert recall(COMMAND) == 0


@pytest.mark.parametrize("path", INPUTS)
def test_an_input_that_is_gone_or_a_link_is_seen(penguin: Run, path: str) -> None:
    assert penguin(*COMMAND).code == 0
    one = Path(path)
    one.rename("elsewhere.yaml")
    assert recall(COMMAND) is None
    one.symlink_to(Path("elsewhere.yaml").absolute())  # the same text, from another place
    assert recall(COMMAND) is None


def test_what_stands_beside_the_specs_is_seen(penguin: Run) -> None:
    Path("spec/folder.yaml").mkdir()
    assert penguin(*COMMAND).code == 0
    assert recall(COMMAND) == 0
    Path("spec/folder.yaml").rmdir()
    Path("spec/folder.yaml").write_text("penguin: 1\n")  # the list of names is what it was
    assert recall(COMMAND) is None


def test_an_import_that_can_not_be_read_is_looked_for_each_time(penguin: Run) -> None:
    Path("spec/parts/deep.yaml").unlink()
    assert penguin(*COMMAND).code == 1
    assert recall(COMMAND) is None
    assert not records()


def test_standard_input_is_read_each_time(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text"
    text.write_text("penguin: 1\napp: {name: shop}\n")
    with text.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert penguin(*COMMAND, "-", "--stdin-filename", "spec/new.yaml").code == 0
    assert not records()


def test_whoever_does_not_want_it_does_without(
    penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert penguin(*COMMAND, "--no-cache").code == 0
    monkeypatch.setenv("PENGUIN_COMPILE_NO_CACHE", "1")
    assert penguin(*COMMAND).code == 0
    monkeypatch.delenv("PENGUIN_COMPILE_NO_CACHE")
    Path("pyproject.toml").write_text("[tool.penguin-compile]\nno-cache = true\n")
    assert penguin(*COMMAND).code == 0
    assert not records()


def test_the_folder_that_it_was_started_in_counts(
    penguin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-C sub` is another folder inside of sub than outside of it."""
    inner = Path("sub/sub")
    for folder in ("sub", inner):
        Path(folder, "spec").mkdir(parents=True)
        Path(folder, "spec", "a.yaml").write_text("penguin: 1\napp: {name: a}\n")
    outside = Path.cwd()
    command = ["-C", "sub", *COMMAND]
    assert penguin(*command).code == 0
    monkeypatch.chdir(outside)
    assert recall(command) == 0
    monkeypatch.chdir("sub")
    assert recall(command) is None


def test_colour_is_as_the_reader_has_it(penguin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert penguin(*COMMAND).code == 0
    assert recall(COMMAND) == 0
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert recall(COMMAND) is None
    monkeypatch.undo()
    monkeypatch.setenv("NO_COLOR", "1")
    assert recall(COMMAND) is None


@pytest.mark.parametrize("damage", [b"", b"none of ours", b"code 1", b"out nothing"])
def test_a_damaged_record_is_told_once_and_replaced(penguin: Run, damage: bytes) -> None:
    first = penguin(*COMMAND)
    (record,) = records()
    whole = record.read_bytes()
    record.write_bytes(whole.replace(b"code 0", damage) if damage.strip() else damage)
    assert recall(COMMAND) is None
    assert penguin(*COMMAND) == first
    assert record.read_bytes() == whole
    assert recall(COMMAND) == 0


def test_damage_is_told_with_the_file(penguin: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert penguin(*COMMAND).code == 0
    (record,) = records()
    record.write_bytes(record.read_bytes()[:-1])
    assert recall(COMMAND) is None
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("note: ") == 1
    assert str(record) in told.err
    assert "--no-cache" in told.err


def test_a_record_of_another_version_is_replaced_without_a_word(
    penguin: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert penguin(*COMMAND).code == 0
    monkeypatch.setattr("penguin_compile.cli.run_cache.__version__", "0.0.0")
    assert recall(COMMAND) is None
    assert capsys.readouterr().err == ""


def test_a_folder_that_can_not_be_written_is_told_once(penguin: Run) -> None:
    Path(".penguin_cache").write_text("a file in its place")
    result = penguin(*COMMAND)
    assert result.code == 0
    assert result.err.count("note: ") == 1
    assert "can't be written" in result.err
    assert recall(COMMAND) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read_is_read(penguin: Run) -> None:
    assert penguin(*COMMAND).code == 0
    Path(".penguin_cache").chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert recall(COMMAND) == 0
    assert "can't be written" in penguin(*COMMAND, "--strict").err
    Path(".penguin_cache").chmod(stat.S_IRWXU)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_believed(
    penguin: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert penguin(*COMMAND).code == 0
    os.chown(".penguin_cache", 12345, 12345)
    capsys.readouterr()
    assert recall(COMMAND) is None
    assert "belongs to another user" in capsys.readouterr().err
    assert penguin(*COMMAND).err.count("note: ") == 0  # told when it was looked at
