"""Which files are specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguin_compile.core.errors import FileFailure
from penguin_compile.fleet.discovery import find_fleet, is_spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"penguin: 1\n", True),
        (b"\xef\xbb\xbfpenguin: 1\n", True),
        (b'# a comment\napp: {name: x}\n"penguin" : 1\n', True),
        (b"{app: {name: x}}\n", False),
        (b"{penguin: 1, app: {name: x}}\n", True),
        (b"--- {'penguin': 1}\n", True),
        (b"penguin: 1\n  broken: [\n", True),
        ("penguin: 1\n".encode("utf-16"), True),
        (b"config:\n  penguin: 1\n", False),
        (b"# penguin: 1\n", False),
        (b"text: |\n  penguin: 1\n", False),
        (b"penguins: 1\n", False),
        (b"", False),
    ],
)
def test_a_spec_says_penguin_at_its_top_level(text: bytes, expected: bool) -> None:
    assert is_spec(text) is expected


def test_folders_are_searched_but_for_those_that_hold_no_ones_specs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/x.yaml", "a/b/y.yml", ".git/z.yaml", "a/generated/z.yaml", "a/.c/z.yaml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("penguin: 1\n")
    Path("a/fragment.yaml").write_text("config: {}\n")
    Path("a/note.txt").write_text("penguin: 1\n")
    Path("a/round").symlink_to(tmp_path)
    fleet = find_fleet(["."])
    assert fleet.specs == ["a/b/y.yml", "a/x.yaml"]
    assert set(fleet.hashes) == {"a/b/y.yml", "a/x.yaml", "a/fragment.yaml"}
    assert find_fleet(["a/x.yaml", "a", "a/fragment.yaml"]).specs == [
        *("a/b/y.yml", "a/fragment.yaml", "a/x.yaml"),
    ]


def test_no_folder_and_no_spec_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileFailure, match="there is no folder"):
        find_fleet([str(tmp_path / "nowhere")])
    with pytest.raises(FileFailure, match="there is no spec under"):
        find_fleet([str(tmp_path)])
