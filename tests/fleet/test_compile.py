"""`fleet compile`: what has no errors is written, by workers that may die."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fleet.conftest import NOBODY, Program, files_below, run_json, statuses, write_app

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]


def test_it_writes_what_compile_writes(penguin: Run) -> None:
    assert penguin("compile", "apps").code == 0
    expected = files_below(Path("generated"))
    assert penguin("fleet", "compile", "apps", "--out", "other").code == 0
    assert files_below(Path("other")) == expected
    assert run_json(penguin, "compile", "apps", "--check") == dict.fromkeys(
        ("billing", "shop", "stock"), "up to date"
    )


def test_what_is_there_is_not_compiled_again(penguin: Run) -> None:
    assert penguin("fleet", "compile", "apps").code == 0
    again = penguin("fleet", "compile", "apps", *NOBODY)
    assert (again.code, again.out) == (0, "3 specs: 3 unchanged\n")
    assert penguin("fleet", "compile", "apps", "--check", *NOBODY).code == 0


def test_a_spec_with_errors_or_clashes_is_not_written_and_the_others_are(penguin: Run) -> None:
    write_app("shop", "nonsense: 1\n")
    Path("apps/twin.yaml").write_text(Path("apps/stock.yaml").read_text())
    result = penguin("fleet", "compile", "apps", "--format", "json")
    assert result.code == 1
    assert statuses(result.out) == {
        "billing": "written",
        "shop": "errors",
        "stock": "written",
        "twin": "errors",
    }
    assert "PC103" in result.err
    assert "PC211" in result.err
    assert sorted(one.name for one in Path("generated").iterdir()) == ["billing", "stock"]


def test_two_specs_that_want_one_folder_are_told_and_the_first_is_written(penguin: Run) -> None:
    hidden = 'services: {api: {gateway: false, container: {image: "x/y:1"}}}\n'
    for name, app in (("a", "twin"), ("b", "twin"), ("c", "other")):
        place = "outputs: {env: {directory: config/env}}\n" if name != "b" else ""
        Path(f"apps/{name}.yaml").write_text(f"penguin: 1\napp: {{name: {app}}}\n{hidden}{place}")
    result = penguin("fleet", "compile", "apps", "--format", "json")
    assert result.code == 64
    rows = {one["spec"]: one for one in json.loads(result.out)["specs"]}
    assert rows["apps/a.yaml"]["status"] == "written"
    told = "generated/twin/default is wanted by apps/a.yaml, too"
    assert rows["apps/b.yaml"]["detail"] == told
    assert rows["apps/c.yaml"]["detail"] == "config/env is wanted by apps/a.yaml, too"
    elsewhere = penguin("fleet", "compile", "apps", "--out", "out", "--format", "json")
    assert statuses(elsewhere.out)["b"] == "failed"
    assert statuses(elsewhere.out)["c"] == "written"


@pytest.mark.parametrize("loss", ["changed", "removed", "new environment", "not executable"])
def test_what_somebody_did_to_artifacts_is_seen(penguin: Run, loss: str) -> None:
    assert penguin("fleet", "compile", "apps").code == 0
    file = Path("generated/shop/default/scripts/marchproxy-import.sh")
    if loss == "changed":
        file.write_text("echo hello\n")
    elif loss == "removed":
        file.unlink()
    elif loss == "not executable":
        file.chmod(0o644)
    else:
        write_app("shop", "environments: {dev: {}}\n")
    result = penguin("fleet", "compile", "apps", "--check")
    assert result.code == 2
    assert "apps/shop.yaml  shop  stale" in result.out
    assert "2 up to date" in result.out
    written = penguin("fleet", "compile", "apps", "--format", "json")
    if loss == "changed":
        assert written.code == 4
        assert json.loads(written.out)["summary"] == {"total": 3, "failed": 1, "unchanged": 2}
        assert penguin("fleet", "compile", "apps", "--force").code == 0
    else:
        assert (written.code, statuses(written.out)["shop"]) == (0, "written")
    assert penguin("fleet", "compile", "apps", "--check").code == 0


def test_targets_environments_and_a_revision_say_what_is_compiled(penguin: Run) -> None:
    write_app("shop", "environments: {dev: {}, prod: {}}\n")
    arguments = ("--target", "env", "--env", "prod", "--since", "HEAD")
    assert run_json(penguin, "compile", "apps", *arguments) == {"shop": "written"}
    assert {one.parent.parent.name for one in Path("generated").rglob("*.example")} == {"prod"}
    assert not list(Path("generated").rglob("compose"))


def test_a_spec_that_kills_its_worker_is_told_and_the_rest_is_done(
    program: Program, deadly: Path
) -> None:
    for number in range(30):
        write_app(f"more-{number}")
    result = program("fleet", "compile", "apps", "--jobs", "2", PYTHONPATH=str(deadly))
    assert result.returncode == 1
    assert "its worker came to an end: its process was killed by SIGKILL" in result.stdout
    assert "33 specs: 1 failed, 32 written" in result.stdout
    written = {one.name for one in Path("generated").iterdir()}
    assert written == {one.stem for one in Path("apps").iterdir()} - {"stock"}
    assert "Traceback" not in result.stderr


def test_the_second_run_of_a_program_needs_only_to_look(program: Program) -> None:
    assert program("fleet", "compile", "apps").returncode == 0
    again = program("fleet", "compile", "apps")
    assert (again.stdout, again.stderr) == ("3 specs: 3 unchanged\n", "")
    assert program("fleet", "compile", "apps").stdout == again.stdout
    Path("generated/shop/default/manifest.json").unlink()
    assert "apps/shop.yaml" not in program("fleet", "compile", "apps").stderr
    assert Path("generated/shop/default/manifest.json").exists()
