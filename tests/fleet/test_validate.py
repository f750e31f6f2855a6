"""`fleet validate`: all findings, those between apps, and nothing done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fleet.conftest import NOBODY, Program, commit, git, run_json, write_app

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]

ROUTE = "routes: {r: {from: [external], to: [api], listen: {port: 80, protocol: http}}}\n"


def test_a_spec_that_fails_stops_no_other(penguin: Run) -> None:
    write_app("shop", "nonsense: 1\n")
    Path("apps/stock.yaml").write_text("penguin: 1\n  broken: [\n")
    Path("apps/binary.yaml").write_bytes(b"penguin: 1\n\xff\n")
    Path("apps/gone.yaml").symlink_to("nowhere")
    result = penguin("fleet", "validate", "apps")
    assert result.code == 1
    for code, place in (("PC103", "shop.yaml:5:1"), ("PC101", "stock.yaml"), ("PC101", "binary")):
        assert code in result.out
        assert f"apps/{place}" in result.out
    assert "4 specs: 3 errors, 1 no findings" in result.err


def test_what_has_not_changed_is_not_checked_again(penguin: Run) -> None:
    write_app("shop", "nonsense: 1\n")
    first = penguin("fleet", "validate", "apps")
    again = penguin("fleet", "validate", "apps", *NOBODY)
    assert (again.code, again.out, again.err) == (first.code, first.out, first.err)
    assert "PC103" in again.out
    assert "nonsense: 1" in again.out


@pytest.mark.parametrize("name", ["apps/stock.yaml", "shared.yaml"])
def test_what_has_changed_is_checked_again(penguin: Run, name: str) -> None:
    assert penguin("fleet", "validate", "apps").code == 0
    path = Path(name)
    path.write_text(f"{path.read_text()}nonsense: 1\n")
    result = penguin("fleet", "validate", "apps", "--format", "json")
    found = {one["path"] for one in json.loads(result.out)["findings"]}
    assert found == {name}
    assert result.code == 1
    git("checkout", "-q", ".")
    assert penguin("fleet", "validate", "apps").code == 0


def test_what_is_wrong_with_an_import_is_told_once(penguin: Run) -> None:
    Path("shared.yaml").write_text("nonsense: 1\n")
    result = penguin("fleet", "validate", "apps")
    assert result.out.count("PC103") == 1
    assert "3 specs: 3 errors" in result.err


def test_an_import_that_comes_later_is_seen(penguin: Run) -> None:
    shared = Path("shared.yaml").read_text()
    Path("shared.yaml").unlink()
    assert penguin("fleet", "validate", "apps").out.count("PC106") == 3
    Path("shared.yaml").write_text(shared)
    assert penguin("fleet", "validate", "apps").code == 0


def test_clashes_are_found_also_between_specs_that_were_checked_before(penguin: Run) -> None:
    write_app("billing", ROUTE)
    assert penguin("fleet", "validate", "apps").code == 0
    write_app("shop", ROUTE + 'x-note: "a second line"\n')
    result = penguin("fleet", "validate", "apps")
    assert result.code == 1
    assert "PC213" in result.out
    assert 'route "billing/r": apps/billing.yaml:5:' in result.out
    unchanged = penguin("fleet", "validate", "apps", *NOBODY)
    assert unchanged.out == result.out


def test_a_route_from_an_app_of_no_spec_is_told_of_a_whole_fleet(penguin: Run) -> None:
    route = "routes: {r: {from: [shop/api, shop/web, crm/api], to: [api]}}\n"
    write_app("billing", route)
    result = penguin("fleet", "validate", "apps")
    assert result.code == 1
    assert result.out.count("error[PC214]") == 1
    assert result.out.count("info[PC214]") == 1
    assert '"crm/api"' in result.out


def test_since_tells_what_changed_since_a_revision(penguin: Run) -> None:
    write_app("shop", "nonsense: 1\n")
    commit()
    assert penguin("fleet", "validate", "apps", "--since", "HEAD").code == 0
    assert run_json(penguin, "validate", "apps", "--since", "HEAD~1") == {"shop": "errors"}
    write_app("stock", port=1)
    assert run_json(penguin, "validate", "apps", "--since", "HEAD") == {"stock": "no findings"}
    Path("shared.yaml").write_text(Path("shared.yaml").read_text() + "\n")
    assert len(run_json(penguin, "validate", "apps", "--since", "HEAD")) == 3


def test_since_tells_a_clash_with_a_spec_that_has_not_changed(penguin: Run) -> None:
    write_app("stock", ROUTE)
    write_app("zoo", ROUTE)
    commit()
    assert penguin("fleet", "validate", "apps", "--since", "HEAD").code == 0
    write_app("billing", ROUTE)
    result = penguin("fleet", "validate", "apps", "--since", "HEAD")
    assert result.code == 1
    assert result.out.count("PC213") == 2


def test_since_a_revision_that_is_not_there_is_told(penguin: Run) -> None:
    result = penguin("fleet", "validate", "apps", "--since", "nowhere")
    assert result.code == 1
    assert "there is no revision nowhere here" in result.err


def test_environments_are_those_that_are_named(penguin: Run) -> None:
    overrides = "{services: {api: {port: 0}}}"
    write_app("shop", f"environments: {{dev: {{}}, prod: {{overrides: {overrides}}}}}\n")
    write_app("stock", "environments: {dev: {}}\n")
    assert run_json(penguin, "validate", "apps", "--env", "dev") == {
        "shop": "no findings",
        "stock": "no findings",
    }
    assert run_json(penguin, "validate", "apps", "--env", "prod") == {"shop": "errors"}
    result = penguin("fleet", "validate", "apps", "--env", "prd")
    assert result.code == 64
    assert 'did you mean "prod"?' in result.err


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
def test_every_format_tells_the_finding(penguin: Run, form: str) -> None:
    write_app("shop", "nonsense: 1\n")
    result = penguin("fleet", "validate", "apps", "--format", form)
    assert result.code == 1
    assert "shop.yaml" in result.out
    if form in {"json", "sarif"}:
        json.loads(result.out)


def test_warnings_fail_with_strict_alone(penguin: Run) -> None:
    write_app("shop", "config: {bare: {default: x}}\n")
    assert penguin("fleet", "validate", "apps").code == 0
    result = penguin("fleet", "validate", "apps", "--strict")
    assert result.code == 1
    assert "3 specs: 1 warnings, 2 no findings" in result.err


def test_jobs_and_a_scheduler_are_one_too_many(penguin: Run) -> None:
    assert penguin("fleet", "validate", "apps", "--jobs", "2", *NOBODY).code == 64


def test_the_second_run_of_a_program_says_the_same(program: Program) -> None:
    first = program("fleet", "validate", "apps")
    assert (first.returncode, first.stderr) == (0, "3 specs: 3 no findings\n")
    again = program("fleet", "validate", "apps")
    assert (again.stdout, again.stderr) == (first.stdout, first.stderr)
    write_app("new", "nonsense: 1\n")
    assert program("fleet", "validate", "apps").returncode == 1
    Path("apps/new.yaml").unlink()
    Path("shared.yaml").write_text("nonsense: 1\n")
    assert program("fleet", "validate", "apps").returncode == 1
