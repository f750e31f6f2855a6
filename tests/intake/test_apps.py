"""`init` on apps in the style of real ones, each with what some app does: meaning survives."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bench.compose_app import make_compose_app
from penguin_compile.cli.program import run
from tests.compose_program import resolve
from tests.intake.round_trip import differences, go_round

pytestmark = pytest.mark.slow

APPS = Path(__file__).with_name("apps")
CASES = {
    "clash": (["docker-compose.yml"], []),
    "dotted": (["docker-compose.yml"], []),
    "envfile": (["docker-compose.yml"], []),
    "galera": (["docker-compose.yml"], []),
    "gatewayed": (["docker-compose.yml"], []),
    "leaky": (["docker-compose.yml"], [".env.example"]),
    "ledger": (["docker-compose.yml"], [".env.example"]),
    "mailer": (["docker-compose.yml"], [".env.example"]),
    "monorepo": (["docker-compose.yml"], []),
    "named": (["docker-compose.yml"], [".env.example"]),
    "overlay": (["compose.yaml", "compose.prod.yaml"], []),
    "relative": (["deploy/docker-compose.yml"], []),
    "required": (["docker-compose.yml"], [".env.example"]),
    "shopfront": (["docker-compose.yml"], [".env.example"]),
}


def taken(name: str, folder: Path):
    shutil.copytree(APPS / name, folder / name)
    return go_round(folder / name, *CASES[name])


@pytest.mark.parametrize("name", sorted(CASES))
def test_meaning_survives(name, tmp_path):
    trip = taken(name, tmp_path)
    assert trip.untold == []
    assert trip.adoption.unexplained == []


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_secret_is_written(name, tmp_path):
    trip = taken(name, tmp_path)
    assert not re.findall(r"[Cc]anary\w*", trip.adoption.text)


@pytest.mark.parametrize("setting", ["unset", "empty", "others"])
@pytest.mark.parametrize("name", ["dotted", "ledger", "leaky", "mailer", "shopfront"])
def test_another_deployment_means_the_same(name, setting, tmp_path):
    """The same files with another env file than the one that the spec was taken with."""
    trip = taken(name, tmp_path)
    folder = tmp_path / name
    placed = trip.adoption.intake.placements.values()
    plain = [one.name for one in placed if not one.sensitive]
    values = {
        "unset": {},
        "empty": dict.fromkeys(plain, ""),
        "others": {one: str(7000 + index) for index, one in enumerate(plain)},
    }[setting]
    brought = {one.name: one.value for one in trip.adoption.intake.draft.brought.values()}
    secrets = {one.name: f"secret of {one.name}" for one in placed if one.sensitive} | brought
    variables = values | secrets | {"HOME": str(folder)}
    nothing = tmp_path / "nothing.env"
    nothing.write_text("")
    files = [folder / one for one in CASES[name][0]]
    before = resolve(*files, env_file=nothing, variables=variables, may_warn=True)
    compiled = next((folder / "generated").rglob("docker-compose.yml"))
    after = resolve(compiled, env_file=nothing, variables=variables, may_warn=True)
    told = {".".join(one.path) for one in trip.adoption.differences}
    untold = [one for one in differences((), before, after) if ".".join(one[0]) not in told]
    assert untold == []


def test_the_largest_app_means_the_same(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    compose, env = make_compose_app()
    (folder / "docker-compose.yml").write_text(compose)
    (folder / ".env.example").write_text(env)
    trip = go_round(folder, ["docker-compose.yml"], [".env.example"])
    assert len(trip.after["services"]) == 44
    assert len(trip.adoption.intake.placements) == 343
    assert trip.untold == []
    assert [one.path for one in trip.adoption.differences] == [("x-common",)]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_no_secret_is_told(name, form, tmp_path, monkeypatch, capfd):
    shutil.copytree(APPS / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / name)
    files, env = CASES[name]
    options = [text for one in files for text in ("--from-compose", one)]
    options += [text for one in env for text in ("--from-env", one)]
    assert run(["init", *options, "--format", form]) == 0
    told = capfd.readouterr()
    assert not re.findall(r"[Cc]anary\w*", told.out + told.err)
