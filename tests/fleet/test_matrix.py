"""`fleet matrix`: a line of JSON for a workflow, and what counts as a change of a spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fleet.conftest import commit, git, write_app

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]


def matrix(penguin: Run, *arguments: str) -> list[dict[str, str]]:
    result = penguin("fleet", "matrix", "apps", *arguments)
    assert result.code == 0, result.err
    assert result.out.count("\n") == 1
    rows: list[dict[str, str]] = json.loads(result.out)["include"]
    return rows


def changed(penguin: Run) -> list[str]:
    return [one["app"] for one in matrix(penguin, "--since", "HEAD")]


def test_all_specs_and_environments_without_a_revision(penguin: Run) -> None:
    write_app("shop", "environments: {dev: {}, prod: {}}\n")
    rows = matrix(penguin)
    assert {"spec": "apps/shop.yaml", "app": "shop", "env": "prod"} in rows
    assert [one["app"] for one in rows] == ["billing", "shop", "shop", "stock"]
    assert [one["app"] for one in matrix(penguin, "--env", "prod")] == ["shop"]


def test_nothing_changed_is_an_empty_matrix(penguin: Run) -> None:
    assert penguin("fleet", "matrix", "apps", "--since", "HEAD").out == '{"include":[]}\n'
    Path("README.md").write_text("hello\n")
    assert matrix(penguin, "--since", "HEAD") == []


@pytest.mark.parametrize("staged", [False, True])
def test_specs_that_are_new_or_changed(penguin: Run, staged: bool) -> None:
    write_app("shop", port=1)
    write_app("new")
    if staged:
        git("add", "-A")
    assert changed(penguin) == ["new", "shop"]
    commit()
    assert changed(penguin) == []


def test_a_change_of_an_import_of_an_import_is_one_of_the_spec(penguin: Run) -> None:
    Path("deeper.yaml").write_text("categories: [reporting]\n")
    Path("own.yaml").write_text("imports: [deeper.yaml]\n")
    path = write_app("shop")
    path.write_text(path.read_text().replace("[../shared.yaml]", "[../shared.yaml, ../own.yaml]"))
    commit()
    assert changed(penguin) == []
    Path("deeper.yaml").write_text("categories: [reports]\n")
    assert changed(penguin) == ["shop"]
    Path("deeper.yaml").unlink()
    assert changed(penguin) == ["shop"]


def test_a_change_of_a_file_that_a_spec_names_is_one_of_the_spec(penguin: Run) -> None:
    more = 'variables: {KEY: {sensitive: true, secret: "file:key.txt", description: Key}}\n'
    write_app("stock", more)
    path = write_app("shop")
    text = path.read_text().replace('image: "x/shop:1"', 'image: "x/shop:1", env_file: [shop.env]')
    path.write_text(text)
    for name in ("shop.env", "key.txt"):
        Path(name).write_text("A=1\n")
    commit()
    assert changed(penguin) == []
    Path("shop.env").write_text("A=2\n")
    assert changed(penguin) == ["shop"]
    Path("key.txt").write_text("other\n")
    assert changed(penguin) == ["shop", "stock"]


def test_a_spec_with_mistakes_is_in_the_matrix_all_the_same(penguin: Run) -> None:
    write_app("shop", "nonsense: 1\n")
    assert changed(penguin) == ["shop"]


def test_more_than_github_takes_is_told(penguin: Run) -> None:
    names = ", ".join(f"e{number}: {{}}" for number in range(257))
    write_app("shop", f"environments: {{{names}}}\n")
    result = penguin("fleet", "matrix", "apps/shop.yaml")
    assert len(json.loads(result.out)["include"]) == 257
    assert "256 rows" in result.err
