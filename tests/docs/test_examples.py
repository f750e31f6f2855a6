"""Every YAML example of the documentation, compiled.

Its title says what it is: `spec/NAME.yaml` is a whole spec, `in spec/NAME.yaml` a part that is laid
over the base below, any other name another program's file.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import Run, penguin
from tests.docs.pages import PAGES, Block, blocks

BASE = """\
penguin: 1
app: {name: example, version: "1.0"}
services:
  api: {port: 8080, config: all, secrets: all, container: {image: "example/api:1"}}
config:
  theme: {default: light, description: Colours}
environments:
  dev:
    database: {url: "sqlite:///example.db"}
"""
__all__ = ["penguin"]

EXAMPLES = [
    pytest.param(block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "yaml"))
]
_OTHERS = (".github/", "docker-compose", ".gitlab-ci", ".pre-commit")


def laid_over(base: object, part: object) -> object:
    """Mappings are merged, all else is replaced."""
    if not (isinstance(base, dict) and isinstance(part, dict)):
        return part
    every = {**base, **part}
    return {
        key: laid_over(base[key], part[key]) if key in base and key in part else value
        for key, value in every.items()
    }


def spec_of(block: Block) -> str:
    assert block.title is not None
    if not block.title.startswith("in "):
        return block.text
    reader = YAML(typ="safe")
    return json.dumps(laid_over(reader.load(BASE), reader.load(block.text)))


@pytest.mark.parametrize("block", EXAMPLES)
def test_it_says_what_it_is_and_compiles(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: Block
) -> None:
    monkeypatch.chdir(tmp_path)
    assert block.title, f"give it a title, as tests/docs/test_examples.py says:\n{block.text}"
    name = block.title.removeprefix("in ")
    if name.startswith(_OTHERS):
        assert YAML(typ="safe").load(block.text)
        return
    assert name.startswith("spec/")
    (tmp_path / "spec").mkdir()
    (tmp_path / name).write_text(spec_of(block), encoding="utf-8")
    checked = penguin("validate", "--strict")
    assert (checked.code, checked.out) == (0, "")
    assert penguin("compile").code == 0


def test_there_are_examples_of_each_sort() -> None:
    titles = [str(one.values[0].title) for one in EXAMPLES]  # type: ignore[union-attr]
    assert any(one.startswith("spec/") for one in titles)
    assert any(one.startswith("in spec/") for one in titles)
