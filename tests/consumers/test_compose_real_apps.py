"""Real apps' files, compiled from their own containers: Compose reads the same in both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from penguin_compile.targets.compose import OVERRIDE_PATH, PATH
from penguin_compile.targets.target import Placement
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import resolve
from tests.models import read_app, render
from tests.requirements import INPUTS, inputs_folder

PLACEMENT = Placement(spec="spec/app.yaml", to_root="../..")
LAID_OVER_ANOTHER = {  # no file by itself: some of its services have neither image nor build
    "icecharts/docker-compose.dev.yml",
    "iceshelves/docker-compose.dev.yml",
    "penguin/docker-compose.dev.yml",
}
NAMES = sorted(
    name
    for path in INPUTS.glob("*/docker-compose*.yml")
    if (name := path.relative_to(INPUTS).as_posix()) not in LAID_OVER_ANOTHER
)


@pytest.mark.parametrize("name", NAMES or ["none"])
def test_containers_pass_through(name, tmp_path):
    text = (inputs_folder() / name).read_text("utf-8")
    original = tmp_path / "docker-compose.yml"
    original.write_text(text, encoding="utf-8")
    declared = YAML(typ="safe", pure=True).load(text)
    spec = {
        "penguin": 1,
        "app": {"name": "real"},
        "services": {
            name: {"gateway": False, "container": one} for name, one in declared["services"].items()
        },
        "compose": {key: declared[key] for key in declared.keys() - {"version", "services"}},
    }
    app = read_app(yaml_text(spec))
    outputs = replace(app.outputs, compose_form="override")
    artifacts = render("compose", app, PLACEMENT)
    artifacts |= render("compose", replace(app, outputs=outputs), PLACEMENT)
    for path, one in artifacts.items():
        file = tmp_path / "generated" / "x" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(one.text, encoding="utf-8")
    before = resolve(original, may_warn=True)
    after = resolve(tmp_path / "generated" / "x" / PATH, may_warn=True)
    override = tmp_path / "generated" / "x" / OVERRIDE_PATH
    assert resolve(original, override, may_warn=True) == before
    assert _named(before, tmp_path.name) == _named(after, "real")


def _named(resolved: dict[str, Any], expected: str) -> dict[str, Any]:
    """Without the project's name, which is the folder's where a file has none."""
    project = resolved.pop("name")
    assert project == expected
    for kind in ("networks", "volumes"):
        for name, one in resolved.get(kind, {}).items():
            if one["name"] == f"{project}_{name}":
                one["name"] = name
    return resolved
