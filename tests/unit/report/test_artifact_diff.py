"""The view of what compile would write: owners, the same told once, and the limit of a comment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from penguin_compile.artifacts.layout import Folder
from penguin_compile.artifacts.writes import Write, Writes
from penguin_compile.report.artifact_diff import NOBODY, sentence, view_artifact_diff
from penguin_compile.report.artifact_diff_markdown import render_artifact_diff_markdown
from penguin_compile.report.markdown_comment import LONGEST
from penguin_compile.targets import TARGETS

READER = MarkdownIt("commonmark").enable("table")


def changed(path: str, old: str, new: str) -> Write:
    return Write(path=path, old=old.encode(), new=new.encode())


def writes(environment: str, *files: Write, app: str = "shop") -> Writes:
    folder = Path("generated", app, environment)
    place = Folder(path=folder, within=Path(), app=app, environment=environment)
    return Writes(folder=folder, changed=files, place=place)


def test_a_folder_of_its_own_has_the_files_of_its_target() -> None:
    own = Folder(path=Path("db"), within=Path(), app="shop", environment="dev", target="sql")
    file = changed("mysql/01_schema.sql", "a\n", "b\n")
    (section,) = view_artifact_diff(
        [Writes(folder=Path("db"), changed=(file,), place=own)]
    ).sections
    assert (section.target, section.folder, section.app) == ("sql", Path("db"), "shop")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("sql/mysql/01_schema.sql", "sql"),
        ("scripts/marchproxy-import.sh", "marchproxy"),
        ("scripts/another.sh", NOBODY),
        ("sqlite.db", NOBODY),
    ],
)
def test_a_file_belongs_to_its_target(path: str, target: str) -> None:
    (section,) = view_artifact_diff([writes("dev", changed(path, "a\n", "b\n"))]).sections
    assert section.target == target


def test_no_two_targets_own_the_same_path() -> None:
    owned = [path for name in TARGETS for path in TARGETS.load(name).owns]
    for path in owned:
        assert [name for name in TARGETS if TARGETS.load(name).owns_path(path)] != []
        assert sum(TARGETS.load(name).owns_path(path) for name in TARGETS) == 1


def test_the_same_lines_elsewhere_in_another_environment_are_told_once() -> None:
    here = changed("env/a", "a\nb\nold\n", "a\nb\nnew\n")
    there = changed("env/a", "x\nother\nold\n", "x\nother\nnew\n")
    other = changed("env/b", "old\n", "new\n")
    diff = view_artifact_diff([writes("dev", here, other), writes("prod", there)])
    assert [(one.environments, [file.path for file in one.files]) for one in diff.sections] == [
        (("dev",), ["env/b"]),
        (("dev", "prod"), ["env/a"]),
    ]
    apps = [writes("dev", here), writes("dev", here, app="other")]
    assert len(view_artifact_diff(apps).sections) == 2


def test_a_manifest_alone_is_told() -> None:
    manifest = changed("manifest.json", "{}\n", '{"format": 1}\n')
    diff = view_artifact_diff([Writes(folder=Path("generated/shop/dev"), manifest=manifest)])
    assert diff.only_manifest == (Path("generated/shop/dev"),)
    assert "but for the digests in manifest.json" in sentence(diff)


TEXTS = st.text(st.sampled_from("`~ab<>|&\n\r\u2028\u202e\x1b"), max_size=60)
SIZES = st.sampled_from([0, 1, 100, 3_000, 30_000])
FILES = st.lists(
    st.tuples(st.sampled_from(["sql", "env", "odd`|<name>"]), TEXTS, SIZES), max_size=12
)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(FILES, max_size=3), st.sampled_from([1, 60]))
def test_a_comment_is_whole_and_within_the_limit(environments: list[list], copies: int) -> None:
    everything = [
        writes(
            f"e{number}-{copy}",
            *(
                changed(f"{folder}/{index}", "", f"{copy}{text}{'y' * size}\n")
                for index, (folder, text, size) in enumerate(files)
            ),
        )
        for number, files in enumerate(environments)
        for copy in range(copies)
    ]
    diff = view_artifact_diff(everything)
    text = render_artifact_diff_markdown(diff, "penguin-compile " + "x" * copies * 10)
    assert len(text) <= LONGEST
    tokens = READER.parse(text)
    markup = "".join(one.content for one in tokens if one.type == "html_block")
    assert markup.count("<details>") == markup.count("</details>")
    shown = sum(one.type == "fence" for one in tokens)
    left = [one for one in tokens if one.content.endswith(" left out for length:**")]
    missing = int(left[0].content.strip("*").split()[0]) if left else 0
    assert shown + missing == len(diff.files)
    lines = text.split("\n")
    assert all(
        one.map and lines[one.map[1] - 1] == one.markup for one in tokens if one.type == "fence"
    )
