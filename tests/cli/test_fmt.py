"""`fmt` on files: what it writes, what it leaves, and what it answers."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from penguin_compile.core.span import Source
from penguin_compile.source.formatting import format_text
from penguin_compile.source.yaml_events import parse_yaml
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
ODD = "penguin:   1\napp:\n    name: shop  # ours\n    owners:\n    - a@b.example\n\n\n\nx-l: [1,2]"
RIGHT = "penguin: 1\napp:\n  name: shop  # ours\n  owners:\n    - a@b.example\n\nx-l: [1, 2]\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    file = tmp_path / "spec" / "shop.yaml"
    file.write_text(ODD)
    return file


def test_a_file_is_laid_out_once(penguin: Run, spec: Path) -> None:
    spec.chmod(0o640)
    result = penguin("fmt")
    assert (result.code, result.out) == (0, "")
    assert "formatted spec/shop.yaml" in result.err
    assert spec.read_text() == RIGHT
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    assert [one.name for one in spec.parent.iterdir()] == ["shop.yaml"]
    before = spec.stat()
    again = penguin("fmt", "spec")
    assert (again.code, again.err) == (0, "0 formatted, 1 as they should be\n")
    after = spec.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_lists_files_and_writes_nothing(penguin: Run, spec: Path) -> None:
    (spec.parent / "right.yaml").write_text(RIGHT)
    result = penguin("fmt", "--check")
    assert (result.code, result.out) == (2, "spec/shop.yaml\n")
    assert spec.read_text() == ODD
    assert penguin("fmt").code == 0
    assert penguin("fmt", "--check").code == 0


def test_line_breaks_and_a_byte_order_mark_are_those_of_all_specs(penguin: Run, spec: Path) -> None:
    spec.write_bytes(b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode())
    assert penguin("fmt", "--check").code == 2
    assert penguin("fmt").code == 0
    assert spec.read_bytes() == RIGHT.encode()


def test_nothing_is_written_where_any_file_is_no_yaml(penguin: Run, spec: Path) -> None:
    (spec.parent / "wrong.yaml").write_text("a: [1\n")
    for arguments in (["fmt"], ["fmt", "--check"]):
        result = penguin(*arguments)
        assert result.code == 1
        assert result.out.startswith("error[PC101]")
        assert "spec/wrong.yaml" in result.out
        assert "nothing was written" in result.err
    assert spec.read_text() == ODD


@pytest.mark.parametrize("data", [b"a: \xff\n", b"a: 1\na: 2\n", b"a: !tag x\n", b"a: *b\n"])
def test_what_validate_refuses_as_yaml_is_refused(penguin: Run, spec: Path, data: bytes) -> None:
    spec.write_bytes(data)
    result = penguin("fmt")
    assert result.code == 1
    assert "error[PC10" in result.out
    assert spec.read_bytes() == data


def test_a_mistake_that_is_no_yaml_mistake_is_no_hindrance(penguin: Run, spec: Path) -> None:
    spec.write_text("servces:   {}\n")
    assert penguin("fmt").code == 0
    assert spec.read_text() == "servces: {}\n"


def test_a_link_stays_a_link(penguin: Run, spec: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    spec.rename(real)
    spec.symlink_to(real)
    assert penguin("fmt").code == 0
    assert spec.is_symlink()
    assert real.read_text() == RIGHT


def test_a_full_disk_leaves_the_file_as_it_was(
    penguin: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    result = penguin("fmt")
    assert result.code == 1
    assert "can't write spec/shop.yaml: No space left on device" in result.err
    assert spec.read_text() == ODD
    assert [one.name for one in spec.parent.iterdir()] == ["shop.yaml"]


def test_a_name_may_be_as_long_as_the_file_system_lets_it(penguin: Run, spec: Path) -> None:
    long = spec.rename(spec.with_name("x" * 250 + ".yaml"))
    assert penguin("fmt").code == 0
    assert long.read_text() == RIGHT


def test_a_file_that_is_not_there(penguin: Run, spec: Path) -> None:
    result = penguin("fmt", "spec/none.yaml")
    assert result.code == 1
    assert "there is no file spec/none.yaml" in result.err


def _own_specs() -> list[Path]:
    folders = ("spec", "tests/golden", "penguin_compile/rules/examples")
    return sorted(one for folder in folders for one in (ROOT / folder).rglob("*.yaml"))


@pytest.mark.parametrize("path", _own_specs(), ids=lambda path: str(path.relative_to(ROOT)))
def test_our_own_specs_are_canonical(path: Path) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    if not parse_yaml(source)[1]:
        assert format_text(source) == source.text
