"""`validate -`: what an editor or a hook pipes in counts as the file that it names."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Result, Run

WRONG = b"penguin: 1\napp: {name: shop}\nserivces: {}\n"
IMPORTING = b"penguin: 1\nimports: [parts/app.yaml]\n"


@pytest.fixture
def piped(penguin: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(data: bytes, *arguments: object) -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return penguin("validate", *arguments)

    return call


def found(result: Result) -> list[tuple[str, str, int]]:
    return [(one["code"], one["path"], one["line"]) for one in json.loads(result.out)["findings"]]


def test_findings_are_told_in_the_file_that_the_text_counts_as(piped: Run) -> None:
    result = piped(WRONG, "-", "--stdin-filename", "spec/new.yaml", "--format", "json")
    assert (result.code, found(result)) == (1, [("PC103", "spec/new.yaml", 3)])


def test_without_a_name_the_text_is_stdin(piped: Run) -> None:
    result = piped(WRONG, "-")
    assert result.code == 1
    assert "--> <stdin>:3:1" in result.out
    assert piped(WRONG.replace(b"serivces", b"services"), "-").code == 0


def test_imports_are_relative_to_the_name_which_need_not_exist(piped: Run, tmp_path: Path) -> None:
    parts = tmp_path / "spec" / "parts"
    parts.mkdir(parents=True)
    (parts / "app.yaml").write_text("app: {name: shop, versoin: '1'}\n")
    result = piped(IMPORTING, "-", "--stdin-filename", "spec/new.yaml", "--format", "json")
    assert found(result) == [("PC103", "spec/parts/app.yaml", 1)]
    absolute = tmp_path / "spec" / "new.yaml"
    result = piped(IMPORTING, "-", "--stdin-filename", absolute, "--format", "json")
    assert found(result) == [("PC103", str(parts / "app.yaml"), 1)]


def test_the_text_counts_not_what_the_file_holds(piped: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("no spec at all")
    assert piped(b"penguin: 1\napp: {name: a}\n", "-", "--stdin-filename", "a.yaml").code == 0


def test_the_repository_is_the_one_of_the_name(piped: Run, tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "part.yaml").write_text("app: {name: shop}\n")
    (tmp_path / "part.yaml").write_text("app: {name: outside}\n")
    inside = b"penguin: 1\nimports: [../../part.yaml]\n"
    name = "repo/deep/er/new.yaml"
    assert piped(inside, "-", "--stdin-filename", name).code == 0
    result = piped(inside, "-", "--stdin-filename", "repo/deep/new.yaml", "--format", "json")
    assert ("PC106", "repo/deep/new.yaml", 2) in found(result)


def test_a_text_that_imports_the_file_it_counts_as_leads_to_itself(piped: Run) -> None:
    result = piped(b"imports: [a.yaml]\n", "-", "--stdin-filename", "a.yaml")
    assert "leads back to itself" in result.out


def test_imports_of_a_text_without_a_name_are_refused(piped: Run) -> None:
    result = piped(IMPORTING, "-", "--format", "json")
    assert ("PC106", "<stdin>", 2) in found(result)
    assert "--stdin-filename PATH" in result.out
    assert piped(b"penguin: 1\napp: {name: a}\nimports: []\n", "-").code == 0


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "PC101"), (b"\xff\xfea\0", "PC101"), (b"a: \xff\n", "PC101")]
)
def test_the_limits_of_files_hold(piped: Run, data: bytes, code: str) -> None:
    result = piped(data, "-", "--format", "json")
    assert (result.code, found(result)[0][:2]) == (1, (code, "<stdin>"))


def test_no_more_is_read_than_a_file_may_have(piped: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penguin_compile.source.text.LARGEST", 100)
    assert piped(b"penguin: 1\napp: {name: a}\n" + b"#" * 74, "-").code == 0
    result = piped(b"#" * 101, "-", "--format", "json")
    assert found(result) == [("PC108", "<stdin>", 1)]


def test_ten_thousand_mistakes_are_told_capped_and_counted(piped: Run) -> None:
    text = b"penguin: 1\napp: {name: a}\n" + b"".join(b"key-%d: 1\n" % n for n in range(10_000))
    result = piped(text, "-")
    assert (result.code, result.out.count("error[PC103]")) == (1, 100)
    assert "10000 errors" in result.err
    assert "9900 more" in result.out
    report = json.loads(piped(text, "-", "--format", "json", "--max-findings", "7").out)
    assert (len(report["findings"]), report["summary"]["errors"]) == (7, 10_000)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-", "a.yaml"], "stands alone"),
        (["--stdin-filename", "a.yaml"], "none is read"),
        (["-", "--stdin-filename", ""], "is a file"),
        (["-", "--stdin-filename", "."], "is a file"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(piped: Run, arguments: list[str], words: str) -> None:
    result = piped(WRONG, *arguments)
    assert (result.code, words in result.err) == (64, True)
