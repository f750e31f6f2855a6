"""Our reading of Compose files beside that of the real program, for all apps and real inputs."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from penguin_compile.intake.meaning import compare
from penguin_compile.intake.normal_form import normalise
from penguin_compile.intake.project import ComposeProject, read_project
from penguin_compile.source.tree import Mapping, Sequence
from tests.compose_program import resolve
from tests.intake.round_trip import joined
from tests.intake.test_apps import APPS
from tests.intake.test_apps import CASES as OF_APPS
from tests.intake.test_inputs import CASES as OF_INPUTS
from tests.requirements import inputs_folder

pytestmark = pytest.mark.slow

NOWHERE: Any = (None, 0, 0, 0, 0, None)
KINDS = ("networks", "volumes", "secrets", "configs")


def tree(value: Any) -> Any:
    """Plain data as the reader's own containers."""
    if isinstance(value, dict):
        mapping = Mapping()
        for key, item in value.items():
            mapping.put(key, tree(item), NOWHERE)
        return mapping
    if isinstance(value, list):
        sequence = Sequence()
        for item in value:
            sequence.append(tree(item))
            sequence.places.append(NOWHERE)
        return sequence
    return value


def check(folder, files, env):
    paths = [folder / one for one in files]
    env_file = joined([folder / one for one in env], folder)
    project = read_project(paths, [env_file] if env_file else [], boundary=folder)
    assert not project.has_errors
    told = resolve(*paths, env_file=env_file, variables={"HOME": "/root"}, may_warn=True)
    real = ComposeProject(
        directory=project.directory,
        name=told["name"],
        services=tree(told["services"]),
        top=tree({key: one for key, one in told.items() if key not in {"name", "services"}}),
        environment=project.environment,
        env_files=[],
    )
    ours, theirs = normalise(project), normalise(real)
    for name, service in ours["services"].items():  # the program reads them into `environment`
        if service.pop("env_file", None) is not None:
            given = {k: v for one in project.given.get(name, ()) for k, v in one.values.items()}
            service["environment"] = given | service.get("environment", {})
    for kind in KINDS:  # it leaves out what nobody uses
        ours[kind] = {name: one for name, one in ours[kind].items() if name in theirs[kind]}
    ours = {key: one for key, one in ours.items() if not key.startswith("x-")}
    theirs = {key: one for key, one in theirs.items() if not key.startswith("x-")}
    assert compare(ours, theirs) == []


@pytest.mark.parametrize("name", sorted(OF_APPS))
def test_apps(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/root")
    shutil.copytree(APPS / name, tmp_path / name)
    check(tmp_path / name, *OF_APPS[name])


@pytest.mark.parametrize(("app", "files", "env"), OF_INPUTS)
def test_inputs(app, files, env, tmp_path):
    shutil.copytree(inputs_folder() / app, tmp_path / app)
    check(tmp_path / app, files, [".env.example"] if env else [])
