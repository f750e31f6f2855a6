"""`outputs.compose.form: override`, laid by Compose itself over files that people wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from penguin_compile.model.app import App
from penguin_compile.targets.compose import OVERRIDE_PATH, PATH
from penguin_compile.targets.target import Artifact, Placement
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import RefusedError, environment, resolve
from tests.models import example_apps, read_app, render

PLACEMENT = Placement(spec="spec/app.yaml", to_root="../..")
SCHEMA = (files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text("utf-8")
VALIDATOR = jsonschema_rs.validator_for(json.loads(SCHEMA))


def override_of(app: App) -> Artifact:
    """The one artifact, which the Compose specification's own schema accepts."""
    outputs = replace(app.outputs, compose_form="override")
    artifacts = render("compose", replace(app, outputs=outputs), PLACEMENT)
    assert list(artifacts) == [OVERRIDE_PATH]
    _check_schema(artifacts[OVERRIDE_PATH].text)
    return artifacts[OVERRIDE_PATH]


def _check_schema(text: str) -> None:
    data = YAML(typ="safe", pure=True).load(text)
    assert [str(error) for error in VALIDATOR.iter_errors(data)] == []


def laid_over(folder: Path, own: str, override: str, **options: Any) -> dict[str, Any]:
    """What Compose makes of the app's own file with an override that stands elsewhere."""
    path = folder / "generated" / "x" / OVERRIDE_PATH
    path.parent.mkdir(parents=True)
    path.write_text(override, encoding="utf-8", newline="")
    (folder / "docker-compose.yml").write_text(own, encoding="utf-8", newline="")
    return resolve(folder / "docker-compose.yml", path, **options)


@pytest.mark.parametrize("app", example_apps())
def test_own_file_and_override_are_the_full_file(app, tmp_path):
    """The containers of an example as the app's own file, and what compile knows laid over it."""
    full = tmp_path / "generated" / "full" / PATH
    full.parent.mkdir(parents=True)
    text = render("compose", app, PLACEMENT)[PATH].text
    _check_schema(text)
    full.write_text(text, encoding="utf-8")
    containers = {name: one.container for name, one in app.services.items() if one.container}
    own = yaml_text({"name": app.name, "services": containers, **app.compose})
    declared = app.deployment.variables
    variables = {name: one.default or f"{name}'s" for name, one in declared.items()}
    both = laid_over(tmp_path, own, override_of(app).text, variables=variables)
    assert both == resolve(full, variables=variables)


OWN = """
name: hand-written
services:
  web:
    build: ./web
    command: [run, "./here"]
    environment: [KEPT=own, MODE=own, FROM_OUTSIDE]
    depends_on: [db, reports]
    networks: [backend]
    healthcheck: {test: [CMD, own], interval: 5s, retries: 7}
    ports: ["8080:80"]
    volumes: [./data:/data]
    profiles: [extra]
  db:
    image: postgres
    environment: {KEPT: own, MODE: own}
    networks: {backend: {aliases: [own-db], priority: 3}}
    healthcheck: {disable: true}
  reports: {image: reports, networks: [backend], environment: {KEPT: own}}
networks: {backend: {internal: true}}
"""
SPEC = """
penguin: 1
app: {name: shop}
services:
  web:
    host: shop-web
    port: 80
    container: {networks: [backend], depends_on: [db, reports]}
    environment: {MODE: {variable: MODE}, URL: "db://$x"}
  db:
    host: database
    port: 5432
    container: {networks: [backend]}
    environment: {MODE: {variable: MODE}, PASSWORD: {secret: "env:DB_PASS"}}
  reports:
    gateway: false
    requires_feature: reports
    container: {image: not-this-one, depends_on: [db]}
    environment: {KEY: {secret: "env:REPORT_KEY"}}
variables: {MODE: {default: spec}}
license:
  tiers: {community: {}, enterprise: {}}
  features: {reports: {tier: enterprise}}
environments:
  any: {}
  small: {tier: community}
  large: {tier: enterprise}
"""
SECRETS = {"DB_PASS": "p", "REPORT_KEY": "k"}


@pytest.fixture
def both(tmp_path):
    """The hand-written file with the override of an environment without a tier."""
    override = override_of(read_app(SPEC, "any"))
    assert override.notices == ()
    return laid_over(tmp_path, OWN, override.text, variables=SECRETS)


def test_own_project_and_paths_stay(both, tmp_path):
    assert both["name"] == "hand-written"
    assert both["networks"] == {
        "backend": {"internal": True, "ipam": {}, "name": "hand-written_backend"}
    }
    web = both["services"]["web"]
    assert web["build"]["context"] == str(tmp_path / "web")
    assert web["command"] == ["run", "./here"]
    assert [one["source"] for one in web["volumes"]] == [str(tmp_path / "data")]
    assert [one["published"] for one in web["ports"]] == ["8080"]
    assert both["services"]["reports"]["image"] == "reports"


def test_environment_is_merged_by_name(both):
    assert environment(both, "web") == {
        "KEPT": "own",
        "MODE": "spec",
        "FROM_OUTSIDE": None,
        "URL": "db://$x",
    }
    assert environment(both, "db") == {"KEPT": "own", "MODE": "spec", "PASSWORD": "p"}


def test_aliases_are_added_to_own_networks(both):
    services = both["services"]
    assert services["web"]["networks"] == {"backend": {"aliases": ["shop-web"]}}
    assert services["db"]["networks"] == {
        "backend": {"aliases": ["own-db", "database"], "priority": 3}
    }


def test_what_a_profile_hides_is_not_required(both):
    assert both["services"]["reports"]["profiles"] == ["feature-reports"]
    assert both["services"]["web"]["profiles"] == ["extra"]
    assert both["services"]["web"]["depends_on"] == {
        "db": {"condition": "service_started", "required": True},
        "reports": {"condition": "service_started", "required": False},
    }


def test_derived_health_check_gives_way_to_one_that_is_switched_off(both):
    web = both["services"]["web"]["healthcheck"]
    assert web["test"][0] == "CMD-SHELL"
    assert "http://127.0.0.1:80/healthz" in web["test"][1]
    assert (web["interval"], web["retries"]) == ("30s", 7)
    assert both["services"]["db"]["healthcheck"]["disable"] is True


def test_health_check_that_the_spec_knows_of_stays(tmp_path):
    spec = SPEC.replace("depends_on: [db, reports]", "healthcheck: {}, depends_on: [db, reports]")
    both = laid_over(tmp_path, OWN, override_of(read_app(spec, "any")).text, variables=SECRETS)
    assert both["services"]["web"]["healthcheck"]["test"] == ["CMD", "own"]


def test_tier_too_low_keeps_a_service_from_starting_and_asks_for_no_secret_of_it(tmp_path):
    text = override_of(read_app(SPEC, "small")).text
    both = laid_over(tmp_path, OWN, text, variables={"DB_PASS": "p"})
    assert both["services"]["reports"]["profiles"] == ["feature-reports"]
    assert both["services"]["web"]["depends_on"]["reports"]["required"] is False
    assert environment(both, "reports") == {"KEPT": "own"}


def test_tier_high_enough_adds_no_profile(tmp_path):
    text = override_of(read_app(SPEC, "large")).text
    both = laid_over(tmp_path, OWN, text, variables=SECRETS)
    assert "profiles" not in both["services"]["reports"]
    assert both["services"]["web"]["depends_on"]["reports"]["required"] is True


def test_missing_secret_is_refused_by_name(tmp_path):
    text = override_of(read_app(SPEC, "large")).text
    with pytest.raises(RefusedError, match="required variable DB_PASS is missing a value"):
        laid_over(tmp_path, OWN, text, variables={"REPORT_KEY": "k"})


def test_container_that_the_own_file_lacks_is_refused(tmp_path):
    spec = """
penguin: 1
app: {name: shop}
services: {web: {gateway: false, container: {}}}
"""
    with pytest.raises(RefusedError, match='service "web" has neither an image nor a build'):
        laid_over(tmp_path, "services: {db: {image: x}}\n", override_of(read_app(spec)).text)


WADDLEAI = """
penguin: 1
app: {name: shop}
services: {web: {gateway: false, container: {}}}
integrations:
  waddleai: {used_by: [web], url: "http://ai:9000", container: {build: ./ai, ports: ["1:1"]}}
"""


@pytest.mark.parametrize("own_volumes", ["", "volumes: {ai-models: {labels: {a: b}}}\n"])
def test_waddleai_comes_with_its_volume(tmp_path, own_volumes):
    own = f"services: {{web: {{image: x, depends_on: [db]}}, db: {{image: y}}}}\n{own_volumes}"
    override = override_of(read_app(WADDLEAI))
    both = laid_over(tmp_path, own, override.text)
    waddleai = both["services"]["waddleai"]
    assert waddleai["build"]["context"] == str(tmp_path / "ai")
    assert "ports" not in waddleai
    assert waddleai["environment"] == {"MODEL_PATH": "/models", "MAX_WORKERS": "4"}
    assert [(one["source"], one["target"]) for one in waddleai["volumes"]] == [
        ("ai-models", "/models")
    ]
    assert waddleai["networks"] == {"default": {"aliases": ["ai"]}}
    assert both["volumes"]["ai-models"].get("labels") == ({"a": "b"} if own_volumes else None)
    assert list(both["services"]["web"]["depends_on"]) == ["db", "waddleai"]
    assert [one.partition(":")[2][:30] for one in override.notices] == [
        " its paths start at the folder",
        " its ports are left out, it is",
        ' it answers to its host "ai" i',
    ]


def test_alias_without_stated_networks_is_told():
    spec = """
penguin: 1
app: {name: shop}
services: {web: {gateway: false, host: api, container: {}}}
"""
    override = override_of(read_app(spec))
    assert "aliases:\n          - api\n" in override.text
    (notice,) = override.notices
    assert "name them in container.networks" in notice
    stated = spec.replace("container: {}", "container: {networks: [default]}")
    assert override_of(read_app(stated)).notices == ()


def test_first_lines_say_how_to_use_it():
    first, second, third, *_ = override_of(read_app(SPEC, "any")).text.splitlines()
    assert first.startswith("# Generated by penguin-compile from spec/app.yaml")
    assert second.startswith("# Laid over the app's own Compose file: ")
    assert third == "services:"
