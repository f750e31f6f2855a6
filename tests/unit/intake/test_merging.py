"""Live sources and files together: one spec without errors, and containers that start as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.adoption import Adoption, Request, adopt
from penguin_compile.core.diagnostic import Severity
from penguin_compile.intake.database import read_table
from penguin_compile.intake.gateway_file import read_gateway_file, read_gateway_files

COMPOSE = """\
services:
  backend:
    build: .
    ports: ["8080:8080"]
    environment:
      LOG_LEVEL: ${LOG_LEVEL:-info}
      GREETING: ${GREETING:-hello}
      PAGE_SIZE: ${PAGE_SIZE:-20}
      ODD: ${ODD:-many}
      DB_PASS: ${DB_PASS:-changeme}
    healthcheck: {test: [CMD, wget, "http://localhost:8080/healthz"]}
"""
ROWS = [
    ("log_level", "debug", "string"),
    ("greeting", "ahoi", "string"),
    ("page_size", "50", "integer"),
    ("odd", "7", "integer"),
    ("db_pass", "Canary4711swordfish", "string"),
    ("a.b", "1", "integer"),
    ("a_b", "2", "integer"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("docker-compose.yml").write_text(COMPOSE)
    with sqlite3.connect("app.db") as connection:
        connection.execute("CREATE TABLE config (config_key, config_value, config_type)")
        connection.executemany("INSERT INTO config VALUES (?, ?, ?)", ROWS)
    connection.close()
    return tmp_path


def adopted(*found: Any) -> Adoption:
    compose = [Path("docker-compose.yml")]
    adoption = adopt(Request(directory=Path(), compose_files=compose, found=found, app="shop"))
    errors = [one for one in adoption.checked.findings if one.severity is Severity.ERROR]
    assert errors == [], adoption.text
    assert adoption.unexplained == []
    return adoption


def test_rows_and_variables_of_one_name_are_one_setting(home: Path) -> None:
    adoption = adopted(read_table("sqlite:///app.db"))
    app = adoption.checked.environments["live"].app
    assert app is not None
    defaults = {key: one.default for key, one in app.settings.items() if not one.sensitive}
    assert defaults == {
        "log_level": "info",
        "greeting": "hello",
        "page_size": 20,
        "odd": "many",
        "a.b": 1,
        "a_b": 2,
    }
    assert "GREETING" not in app.variables
    assert "config has ahoi" in adoption.text
    assert {one.variable for one in app.settings.values()} >= {"A_B", "A_B_2"}
    assert "Canary" not in adoption.text


def test_a_registered_name_stays_and_its_container_is_left_off_the_gateway(home: Path) -> None:
    path = home / "services.json"
    path.write_text(
        '{"services": [{"name": "shop-api", "collection": "shop", "ip_fqdn": "backend",'
        ' "port": 8080, "health_check_enabled": true, "tls_verify": true}],'
        ' "mappings": [{"name": "shop-public", "source_services": ["external"],'
        ' "dest_services": ["shop-api"]}]}'
    )
    document, _ = read_gateway_file(path, "services.json")
    assert document is not None
    adoption = adopted(read_gateway_files("shop", [document]))
    app = next(iter(adoption.checked.environments.values())).app
    assert app is not None
    assert {name: one.gateway for name, one in app.services.items()} == {
        "backend": False,
        "api": True,
    }
    assert (app.services["api"].host, app.services["api"].container) == ("backend", None)
    assert app.routes["public"].targets == ("api",)
