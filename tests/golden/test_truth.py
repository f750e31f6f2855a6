"""What several artifacts say is the same in all of them, for every spec that there is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import penguin_compile
from penguin_compile.targets import TARGETS
from tests.golden.specs import FOLDER, GOLDEN
from tests.golden.truth import Outputs, contradictions
from tests.models import ROOT

SPECS = [*sorted((ROOT / "spec").glob("*.yaml")), *GOLDEN]
NAMES = [one.stem for one in SPECS]


def compile_outputs(spec: Path) -> dict[str, Outputs]:
    """Every environment, with every target."""
    compiled = penguin_compile.compile(spec, targets=list(TARGETS))
    told = frozenset(_given_to_nobody(spec))
    return {
        environment: Outputs(app=compiled.app, files=files, told=told)
        for environment, files in compiled.files.items()
    }


def _given_to_nobody(spec: Path) -> Iterator[str]:
    """The spec's own variables that validate warns about, or was told not to."""
    for finding in penguin_compile.check(spec).findings:
        if finding.code == "PC312" and finding.pointer.startswith("/variables/"):
            yield finding.pointer.rpartition("/")[2]
    document = YAML(typ="safe", pure=True).load(spec.read_text(encoding="utf-8"))
    for name, variable in document.get("variables", {}).items():
        if "PC312" in variable.get("x-allow", {}):
            yield name


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_artifacts_do_not_contradict_each_other(spec: Path) -> None:
    found = {name: contradictions(one) for name, one in compile_outputs(spec).items()}
    assert not any(found.values()), found


BREAKS = [
    ("env/.env.example", "\nMAIL_FROM=", "\nMAIL_FORM=", "Compose uses MAIL_FROM"),
    ("env/.env.example", "\nMAIL_FROM=", "\nMAIL_FORM=", ".env.example has MAIL_FORM"),
    ("env/worker.env.example", "\nMAIL_FROM=", "\nAPP_VERSION=", "worker.env.example has APP_V"),
    ("env/api.env.example", "PAGE_SIZE='20'", "PAGE_SIZE='21'", "'20' in Compose, '21' in env"),
    ("env/.env.example", "MAIL_TOKEN=", "MAIL_TOKEN=abc", "value of the secret MAIL_TOKEN"),
    ("env/.env.example", "# (secret)\nMAIL_TOKEN", "MAIL_TOKEN", "say that MAIL_TOKEN is a secret"),
    ("compose/docker-compose.yml", "${MAIL_TOKEN-}", "${MAIL_TOKEN-abc}", "secret MAIL_TOKEN"),
    ("compose/docker-compose.yml", ":18080:8080", ":18080:9090", "8080 for the gateway, 9090"),
    ("compose/docker-compose.yml", "127.0.0.1:80/", "127.0.0.1:81/", "81 in its health check"),
    ("compose/docker-compose.yml", ":8080/healthz", ":8080/livez", "/livez in Compose"),
    ("compose/docker-compose.yml", "dev/null http:", "dev/null https:", "is asked by https"),
    ("compose/docker-compose.yml", "      FLASK_ENV:", "      FLASK:", "the variable FLASK_ENV"),
    ("marchproxy/services.json", '"port": 8080', '"port": 8081', "import-config.json is not"),
    ("marchproxy/services.json", '"port": 8080', '"port": 8081', "port 8081 for the gateway"),
    ("marchproxy/mappings.json", "house-web", "house-wep", "services.json lacks"),
    ("docs/reference.md", "`page_size`", "`page`", "page_size is not in the page"),
    (
        "docs/reference.md",
        "<br>`MAIL_TOKEN` |",
        "<br>`MAIL` |",
        "the variable MAIL on the page",
    ),
    ("docs/reference.md", "`backend:8080`", "`backend:1`", "backend:1 on the page"),
    ("runtime/manifest.json", '"page_size"', '"page"', "page_size is in SQL of mysql, not in"),
    ("runtime/manifest.json", '"default": 20', '"default": 21', "'20' in SQL, 21 at run time"),
    ("runtime/manifest.json", '"PAGE_SIZE"', '"PAGESIZE"', "is not in .env.example"),
    ("runtime/manifest.json", '"name": "config"', '"name": "settings"', "another table"),
    (
        "runtime/manifest.json",
        '"sensitive": true',
        '"default": 1, "sensitive": true',
        "sensitive and",
    ),
    ("sql/mysql/02_config_seed.sql", "'page_size'", "'page'", "page_size is not in SQL of mysql"),
    ("sql/mysql/02_config_seed.sql", "d: mail_token", "d: token", "token is in SQL of mysql, not"),
    ("sql/postgresql/02_config_seed.sql", "'page_size'", "'x'", "not in SQL of postgresql"),
    ("sql/sqlite/02_config_seed.sql", "'20'", "'30'", "'30' in SQL, 20 at run time"),
]
OBSERVED_BREAKS = [
    ("license/entitlements.json", '"tier": "professional"', '"tier": "community"', "are granted"),
    ("license/entitlements.json", '"name": "community"', '"name": "free"', "tiers ["),
    ("runtime/manifest.json", '"summaries"', '"summary"', "are known at run time"),
    ("docs/reference.md", "| `summaries` |  | ✓", "| `summaries` | ✓ | ✓", "the page says"),
    ("docs/reference.md", "| `summaries`", "| `summary`", "the page has"),
    ("telemetry/metrics.json", '_name": "tickets_w', '_name": "ticket_w', "not show the metric"),
    ("telemetry/metrics.json", '_name": "tickets_w', '_name": "ticket_w', "the catalogue lacks it"),
    ("telemetry/grafana-dashboard.json", "tickets_opened_total{", "x{", "not show the metric tic"),
]
ASKED, SERVED = "path: /\n              port: ", "    - name: http\n      port: "
KUBERNETES_BREAKS = [
    ("web", "containerPort: 80", "containerPort: 81", "81} in Kubernetes"),
    ("web", f"{ASKED}80", f"{ASKED}81", "81 in its livenessProbe"),
    ("web", f"{SERVED}80", f"{SERVED}81", "[81] of its Kubernetes service"),
    ("db", "POSTGRES_PASSWORD", "POSTGRES_PASS", "gives it POSTGRES_PASSWORD, Kubernetes does not"),
    ("db", "name: POSTGRES_USER", "name: POSTGRES", "gives it POSTGRES, Compose does not"),
]


def broken(outputs: Outputs, path: str, old: str, new: str) -> list[str]:
    text = outputs.files[path]
    assert old in text, "there is nothing to break"
    files = {**outputs.files, path: text.replace(old, new)}
    return contradictions(Outputs(outputs.app, files, outputs.told))


@pytest.fixture(scope="module")
def house() -> Outputs:
    return compile_outputs(FOLDER / "house" / "house.yaml")["default"]


@pytest.fixture(scope="module")
def observed() -> Outputs:
    return compile_outputs(FOLDER / "observed" / "observed.yaml")["prod"]


@pytest.mark.parametrize(("path", "old", "new", "complaint"), BREAKS)
def test_a_broken_artifact_is_seen(
    house: Outputs, path: str, old: str, new: str, complaint: str
) -> None:
    assert any(complaint in one for one in broken(house, path, old, new))


@pytest.mark.parametrize(("path", "old", "new", "complaint"), OBSERVED_BREAKS)
def test_a_broken_license_or_catalogue_is_seen(
    observed: Outputs, path: str, old: str, new: str, complaint: str
) -> None:
    assert any(complaint in one for one in broken(observed, path, old, new))


@pytest.mark.parametrize(("service", "old", "new", "complaint"), KUBERNETES_BREAKS)
def test_a_kubernetes_that_differs_from_compose_is_seen(
    house: Outputs, service: str, old: str, new: str, complaint: str
) -> None:
    path = f"kubernetes/{service}.yaml"
    assert any(complaint in one for one in broken(house, path, old, new))


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_no_artifact_holds_a_secret_that_its_spec_refers_to(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each variable and file that a secret refers to holds a value that is easy to find again."""
    canary = "canary-5e1f0c"
    folder = tmp_path / "specs"
    shutil.copytree(spec.parent, folder)
    for path in folder.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("/run/secrets", str(tmp_path / "secrets"))
        path.write_text(text, encoding="utf-8")
        for scheme, rest in re.findall(r'"?\b(env|file):([^\s"},]+)', text):
            if scheme == "env":
                monkeypatch.setenv(rest, canary)
            else:
                (tmp_path / "secrets").mkdir(exist_ok=True)
                Path(rest).write_text(canary)
    for name, outputs in compile_outputs(folder / spec.name).items():
        for variable in (*outputs.env("env/.env.example"), "LICENSE_KEY", "DATABASE_URL"):
            monkeypatch.setenv(variable, canary)
        held = [
            path
            for path, text in compile_outputs(folder / spec.name)[name].files.items()
            if canary in text
        ]
        assert held == []
