"""Every way to be wrong that a user finds on the first day: a message, a way out, an exit code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def says(text: str, *words: str) -> bool:
    return all(word in text for word in words) and "Traceback" not in text


def test_no_spec_folder(penguin: Run) -> None:
    result = penguin("validate")
    assert result.code == 1
    assert says(result.err, "no folder spec/", "-C DIR")


def test_a_missing_file(penguin: Run) -> None:
    result = penguin("validate", "spec/none.yaml")
    assert result.code == 1
    assert says(result.err, "there is no file spec/none.yaml")


def test_a_folder_without_specs(penguin: Run, tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    result = penguin("compile")
    assert result.code == 1
    assert says(result.err, "there is no spec in the folder spec")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("PC101", "spec/a.yaml:1:1", "empty")),
        ("app:\n\tname: a\n", ("PC101", "spec/a.yaml:2:1", "tab", "spaces")),
        ("- a\n- b\n", ("PC104", "spec/a.yaml:1:1", "list")),
        ("penguin: 1\napp: [a]\n", ("PC104", "spec/a.yaml:2:6", "mapping", "list")),
        (
            "penguin: 1\napp: {name: a}\nserivces: {}\n",
            ("PC103", "spec/a.yaml:3:1", 'did you mean "services"?'),
        ),
        ("penguin: 1\napp: {}\n", ("PC105", "spec/a.yaml:2:1", '"name" is missing')),
        ("app: {name: a}\n", ("PC105", "spec/a.yaml:1:1", '"penguin" is missing')),
    ],
)
def test_a_spec_that_is_wrong(
    penguin: Run, tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "a.yaml").write_text(text)
    result = penguin("validate")
    assert result.code == 1
    assert says(result.out, *words)
    compiled = penguin("compile")
    assert compiled.code == 1
    assert says(compiled.err, words[0], "nothing was written")
    assert not (tmp_path / "generated").exists()


def test_an_unknown_environment(penguin: Run, shop: Path) -> None:
    result = penguin("plan", "--env", "devv")
    assert result.code == 64
    assert says(result.err, "devv", 'did you mean "dev"?', "dev, prod")


def test_an_unknown_command_option_and_target(penguin: Run, shop: Path) -> None:
    assert says(penguin("complie").err, 'did you mean "compile"?')
    for arguments in (
        ["complie"],
        ["plan", "--evn", "dev"],
        ["plan"],
        ["compile", "--target", "x"],
    ):
        result = penguin(*arguments)
        assert (result.code, "Traceback" in result.err) == (64, False)


def test_a_secret_without_its_variable(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLUSTER_API_KEY")
    result = penguin("plan", "--env", "dev")
    assert result.code == 1
    assert says(result.err, "CLUSTER_API_KEY", "export")


def test_a_database_file_that_can_not_be_opened(penguin: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "dev.db").mkdir()
    result = penguin("plan", "--env", "dev")
    assert result.code == 1
    assert says(result.err, "sqlite:///dev.db", "folder")


def test_a_file_that_is_no_database(penguin: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "dev.db").write_text("this is a letter to my mother, not a database\n" * 99)
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 1
    assert says(result.err, "sqlite:///dev.db")


@pytest.mark.slow
def test_a_gateway_that_is_down(penguin: Run, shop: Path) -> None:
    text = shop.read_text()
    url = text.split('marchproxy: {url: "')[1].split('"')[0]
    shop.write_text(text.replace(url, "http://127.0.0.1:9"))
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 1
    assert says(result.err, "http://127.0.0.1:9")
    assert not Path("dev.db").exists(), "nothing is written where not all can be"


def test_an_environment_without_systems(penguin: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("penguin: 1\napp: {name: a}\n")
    result = penguin("plan", "a.yaml", "--env", "default")
    assert result.code == 64
    assert says(result.err, "neither a database nor a gateway", "environments.default.database")


def test_a_folder_that_can_not_be_entered(penguin: Run) -> None:
    result = penguin("-C", "nowhere", "validate")
    assert result.code == 1
    assert says(result.err, "nowhere")


def test_an_output_folder_that_is_a_file(penguin: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    result = penguin("compile", "--out", "out")
    assert result.code == 1
    assert says(result.err, "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_output_folder(penguin: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    result = penguin("compile", "--out", "out")
    assert result.code == 1
    assert says(result.err, "out", "allow this user to write there")


def test_a_damaged_plan_file(penguin: Run, shop: Path, tmp_path: Path) -> None:
    for text in ("{", "[]", '{"changes": []}', '{"format": 1, "changes": [], "spec_digest": ""}'):
        (tmp_path / "plan.json").write_text(text)
        result = penguin("apply", "plan.json")
        assert result.code == 1
        assert says(result.err, "plan.json", "make a new plan")


def test_options_of_the_project_and_the_environment(
    penguin: Run, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.penguin-compile]\nformat = "json"\n')
    assert penguin("validate").out.startswith("{")
    monkeypatch.setenv("PENGUIN_COMPILE_FORMAT", "github")
    assert not penguin("validate").out.startswith("{")
    (tmp_path / "pyproject.toml").write_text("[tool.penguin-compile\n")
    result = penguin("validate")
    assert result.code == 1
    assert says(result.err, "pyproject.toml")
