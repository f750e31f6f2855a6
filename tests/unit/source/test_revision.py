"""Reading a git revision: folders, links, and what is none of the repository's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from penguin_compile.core.errors import FileFailure
from penguin_compile.source.revision import Revision


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit with files and links; the work tree is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "one.yaml").write_bytes(b"\xef\xbb\xbfone: 1\n")
    (tmp_path / "a" / "\u00fcber.yaml").write_text("u: 1\n")
    (tmp_path / "a" / "deep" / "two.yaml").write_text("two: 2\n")
    (tmp_path / "to-a").symlink_to("a")
    (tmp_path / "a" / "deep" / "back.yaml").symlink_to("../../to-a/one.yaml")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "out").symlink_to("../..")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["rm", "-rq", "."]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", *who, *words], check=True)
    return tmp_path


def test_text_is_read_as_from_a_file(root: Path) -> None:
    source, findings = Revision(root, "HEAD").read(Path("a/one.yaml"), "a/one.yaml")
    assert (source.text, source.path, findings) == ("one: 1\n", "HEAD:a/one.yaml", [])


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("a/one.yaml", "a/one.yaml"),
        ("to-a/one.yaml", "a/one.yaml"),
        ("a/deep/back.yaml", "a/one.yaml"),
        ("to-a/deep/../one.yaml", "a/one.yaml"),
        ("nowhere/./x.yaml", "nowhere/x.yaml"),
    ],
)
def test_links_are_followed(root: Path, path: str, real: str) -> None:
    revision = Revision(root, "HEAD")
    assert revision.real_path(Path(path)) == root / real
    assert revision.real_path(root / path) == root / real


@pytest.mark.parametrize("path", ["../x", "a/../../x", "out/x", "/etc/hostname"])
def test_outside_is_outside(root: Path, path: str) -> None:
    revision = Revision(root, "HEAD")
    assert not revision.real_path(Path(path)).is_relative_to(root)
    with pytest.raises(FileFailure, match="there is no file"):
        revision.read(Path(path), path)


@pytest.mark.parametrize("path", ["loop", "loop/x", "a", "a/none.yaml"])
def test_what_is_no_file(root: Path, path: str) -> None:
    revision = Revision(root, "HEAD")
    assert not revision.is_file(Path(path))
    with pytest.raises(FileFailure, match="in HEAD"):
        revision.read(Path(path), path)


def test_folders_are_listed_without_those_inside(root: Path) -> None:
    revision = Revision(root, "HEAD")
    names = [str(one) for one in revision.list_folder(Path("to-a"))]
    assert names == ["to-a/one.yaml", "to-a/\u00fcber.yaml"]
    assert revision.list_folder(Path("none")) == []
    assert revision.list_folder(Path()) == []
