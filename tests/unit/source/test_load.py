"""Files: what can be read, what can be imported, and what each failure says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penguin_compile.core.errors import FileFailure
from penguin_compile.source.load import LoadedSpec, load_spec


def codes(loaded: LoadedSpec) -> list[tuple[str, int]]:
    return [(one.code, one.span.line) for one in loaded.findings]


def test_imports_are_merged_in_order_and_the_file_itself_is_last(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("app: {name: a, version: '1'}\nx: 1\n")
    (tmp_path / "b.yaml").write_text("app: {name: b}\n")
    spec = tmp_path / "spec.yaml"
    spec.write_text("imports: [a.yaml, b.yaml]\napp: {description: own}\n")
    loaded = load_spec(spec)
    assert loaded.findings == []
    assert loaded.document is not None
    expected = {"app": {"name": "b", "version": "1", "description": "own"}, "x": 1}
    assert loaded.document.root == expected


def test_an_import_may_not_leave_the_repository(tmp_path: Path) -> None:
    inside = tmp_path / "repo"
    (inside / ".git").mkdir(parents=True)
    (tmp_path / "out.yaml").write_text("a: 1\n")
    (inside / "link.yaml").symlink_to(tmp_path / "out.yaml")
    spec = inside / "spec.yaml"
    absolute = tmp_path / "out.yaml"
    spec.write_text(
        f"imports:\n- ../out.yaml\n- {absolute}\n- link.yaml\n- spec.yaml\n- none.yaml\n"
        "- https://example.com/a.yaml\n"
    )
    assert codes(load_spec(spec)) == [("PC106", line) for line in range(2, 8)]


def test_a_cycle_of_imports_is_told_where_it_closes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("imports: [b.yaml]\na: 1\n")
    (tmp_path / "b.yaml").write_text("imports: [a.yaml]\nb: 1\n")
    loaded = load_spec(tmp_path / "a.yaml")
    assert [(one.code, Path(one.span.path).name) for one in loaded.findings] == [
        ("PC106", "b.yaml")
    ]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", ("PC101", 1)),
        (b"# nothing\n", ("PC101", 1)),
        (b"- a\n", ("PC104", 1)),
        (b"just text\n", ("PC104", 1)),
        (b"a: 1\nb: \xff\n", ("PC101", 2)),
        ("a: 1\n".encode("utf-16"), ("PC101", 1)),
    ],
)
def test_what_is_no_spec_is_told(tmp_path: Path, data: bytes, found: tuple[str, int]) -> None:
    (tmp_path / "spec.yaml").write_bytes(data)
    assert codes(load_spec(tmp_path / "spec.yaml")) == [found]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_bytes(b"\xef\xbb\xbfapp: 1\n")
    loaded = load_spec(tmp_path / "spec.yaml")
    assert loaded.document is not None
    assert loaded.document.key_span(("app",)).column == 1


def test_a_missing_file_a_folder_and_a_pipe_are_failures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("none.yaml", ".", "pipe.yaml"):
        with pytest.raises(FileFailure) as caught:
            load_spec(tmp_path / name)
        assert caught.value.hint
