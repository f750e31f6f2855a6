from __future__ import annotations

import json
from dataclasses import replace

import pytest

from penguin_compile.artifacts.check import check_artifacts, read_schema
from penguin_compile.core.errors import PenguinError
from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import Artifact
from tests.models import PLACEMENT, example_app, render


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_example_is_right(environment):
    app = example_app(environment)
    check_artifacts([one for name in TARGETS for one in TARGETS.load(name).render(app, PLACEMENT)])


def with_service(**changes):
    app = example_app()
    webui = replace(app.services["webui"], **changes)
    return replace(app, services={**app.services, "webui": webui})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"port": None}, '"port" is a required property'),
        ({"port": 70000}, "70000 is greater than the maximum"),
        ({"protocol": "ws"}, '"ws" is not one of'),
        ({"name": "x" * 95}, "is longer than 100"),
    ],
)
def test_a_service_that_the_gateway_would_refuse(changes, told):
    with pytest.raises(PenguinError, match=told) as caught:
        check_artifacts(render("marchproxy", with_service(**changes)).values())
    assert "services.json" in caught.value.message
    assert "myapp-" in caught.value.message


@pytest.mark.parametrize("path", ["services", "mappings", "import-config"])
def test_a_document_of_another_form(path):
    artifact = Artifact(path=f"marchproxy/{path}.json", text=json.dumps({"more": []}))
    with pytest.raises(PenguinError, match=f"{path}.json would be wrong"):
        check_artifacts([artifact])
    with pytest.raises(PenguinError, match="not JSON"):
        check_artifacts([replace(artifact, text="{")])


def test_sql_that_sqlite_refuses():
    artifacts = render("sql", example_app())
    path = "sql/sqlite/02_config_seed.sql"
    artifacts[path] = replace(artifacts[path], text="INSERT INTO nowhere VALUES (1);")
    with pytest.raises(PenguinError, match=r"02_config_seed\.sql would be wrong.*nowhere"):
        check_artifacts(artifacts.values())


def test_a_schema_that_is_missing():
    with pytest.raises(PenguinError, match=r"absent\.json is missing"):
        read_schema("https://example.com/absent.json")
