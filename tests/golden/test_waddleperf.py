"""A real app, from files that people wrote: the spec in their place says what they say.

What differs is listed here with its reason, and is gone from the list when it differs no longer.
"""

from __future__ import annotations

import json
import re
import sqlite3
from io import StringIO
from typing import NamedTuple

import pytest
from dotenv import dotenv_values

from penguin_compile.compilation import compile_spec
from penguin_compile.pipeline import check_file
from tests.compose_files import read_compose
from tests.models import ROOT
from tests.requirements import inputs_folder

FOLDER = ROOT / "generated" / "waddleperf" / "dev"
ABSENT = "<absent>"
DECLARATION = re.compile(r"^(?P<comment>#?) ?(?P<name>[A-Z][A-Z_]*)=(?P<value>.*)$", re.MULTILINE)


class Intended(NamedTuple):
    """A difference: why, and with which variables of CASES it shows."""

    reason: str
    cases: frozenset[str]


NO_PUBLISHED_SECRET = "a published secret is no default: the deployment brings its own"
KEY_COMES_LATER = "a published secret is no default, and the running manager issues the real one"
EMPTY_STAYS = "a variable that is set to nothing is nothing, not its default"
ONE_PLACE = "two containers had the same literal; it is one variable now"
OFFERED = ".env.example offers the variable, the container had a literal that it could not change"
NEVER_PASSED = ".env.example offers the variable, no container was given it"
PUBLIC_ADDRESS = "both pages are told the public addresses that .env.example offers"

WITHOUT_SECRETS = frozenset(("unset", "empty"))
WHEN_SET = frozenset(("changed", "empty"))
WHEN_EMPTY = frozenset(("empty",))
ALWAYS = frozenset(("unset", "example", "changed", "empty"))

INTENDED = {
    **dict.fromkeys(
        (
            ("name",),
            ("networks", "waddleperf-network", "name"),
            ("volumes", "mariadb_data", "name"),
        ),
        Intended("the folder no longer names the project", ALWAYS),
    ),
    **{
        (service, "environment", name): Intended(reason, cases)
        for reason, cases, service, names in (
            (NO_PUBLISHED_SECRET, WITHOUT_SECRETS, "mariadb", "MYSQL_ROOT_PASSWORD MYSQL_PASSWORD"),
            (EMPTY_STAYS, WHEN_EMPTY, "mariadb", "MYSQL_DATABASE MYSQL_USER"),
            (NO_PUBLISHED_SECRET, WITHOUT_SECRETS, "testserver", "MANAGER_KEY DB_PASS"),
            (EMPTY_STAYS, WHEN_EMPTY, "testserver", "DB_USER DB_NAME AUTH_ENABLED LOG_LEVEL"),
            (ONE_PLACE, WHEN_SET, "testserver", "DB_HOST DB_PORT"),
            (OFFERED, WHEN_SET, "testserver", "MAX_CONCURRENT_TESTS"),
            (
                NO_PUBLISHED_SECRET,
                WITHOUT_SECRETS,
                "unified-api",
                "MANAGER_KEY SECRET_KEY JWT_SECRET DB_PASS",
            ),
            (EMPTY_STAYS, WHEN_EMPTY, "unified-api", "DB_TYPE DB_USER DB_NAME MFA_REQUIRED"),
            (ONE_PLACE, WHEN_SET, "unified-api", "DB_HOST DB_PORT"),
            (NEVER_PASSED, ALWAYS, "unified-api", "JWT_EXPIRATION_HOURS"),
            (PUBLIC_ADDRESS, WHEN_SET, "managerserver-frontend", "VITE_API_URL"),
            (ONE_PLACE, WHEN_SET, "managerserver-frontend", "NODE_ENV"),
            (
                PUBLIC_ADDRESS,
                WHEN_SET,
                "webclient-frontend",
                "VITE_API_URL VITE_WS_URL VITE_TESTSERVER_URL",
            ),
            (ONE_PLACE, WHEN_SET, "webclient-frontend", "NODE_ENV"),
            (EMPTY_STAYS, WHEN_EMPTY, "containerclient", "AUTH_TYPE RUN_SECONDS"),
            (KEY_COMES_LATER, WITHOUT_SECRETS, "containerclient", "AUTH_APIKEY"),
            (NEVER_PASSED, ALWAYS, "containerclient", "AUTH_JWT AUTH_USER AUTH_PASS"),
            (
                OFFERED,
                WHEN_SET,
                "containerclient",
                "ENABLE_HTTP_TEST ENABLE_TCP_TEST ENABLE_UDP_TEST ENABLE_ICMP_TEST",
            ),
            (OFFERED, WHEN_SET | {"example"}, "containerclient", "DEVICE_SERIAL DEVICE_HOSTNAME"),
        )
        for name in names.split()
    },
}

# Variables that .env.example has in another way than the spec, by the reason.
INTENDED_EXAMPLES = {
    **dict.fromkeys(
        ("DB_ROOT_PASSWORD", "DB_PASS", "MANAGER_KEY", "SECRET_KEY", "JWT_SECRET", "AUTH_APIKEY"),
        "a secret has no example value",
    ),
    **dict.fromkeys(
        ("DB_HOST", "DB_PORT"), "commented out there, but the Compose file has a value for it"
    ),
}


@pytest.fixture(scope="module")
def inputs():
    return inputs_folder() / "waddleperf"


@pytest.fixture(scope="module")
def checked():
    return check_file(ROOT / "spec" / "waddleperf.yaml")


@pytest.fixture(scope="module")
def app(checked):
    return checked.environments["dev"].app


@pytest.fixture(scope="module")
def artifacts(checked):
    (compiled,) = compile_spec(checked)
    return {one.path: one for each in compiled.artifacts.values() for one in each}


@pytest.fixture(scope="module")
def compiled(artifacts):
    return artifacts["compose/docker-compose.yml"].text


@pytest.fixture(scope="module")
def original(inputs):
    return (inputs / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example(inputs):
    return (inputs / ".env.example").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def declarations(example):
    """The lines `NAME=value` of .env.example, the last of a name last."""
    return list(DECLARATION.finditer(example))


@pytest.fixture(scope="module")
def cases(original, compiled, declarations, example):
    """What a deployment sets, in four ways."""
    names = {
        *re.findall(r"\$\{(\w+)", original + compiled),
        *(one["name"] for one in declarations),
    }
    return {
        "unset": {},
        "example": dotenv_values(stream=StringIO(example)),
        "changed": {name: f"changed {name}" for name in names},
        "empty": dict.fromkeys(names, ""),
    }


def test_spec_has_no_findings(checked):
    assert [f"{one.code} {one.message}" for one in checked.findings] == []


def test_nothing_is_left_to_be_told(artifacts):
    assert {one.path: one.notices for one in artifacts.values() if one.notices} == {}


@pytest.mark.parametrize("case", sorted(ALWAYS))
def test_compose_file_says_what_the_original_says(case, cases, original, compiled):
    folder = (FOLDER / "compose").relative_to(ROOT).as_posix()
    before = read_compose(original, ".", cases[case])
    after = read_compose(compiled, folder, cases[case])
    differences = {
        path: (before.get(path, ABSENT), after.get(path, ABSENT))
        for path in before | after
        if before.get(path, ABSENT) != after.get(path, ABSENT)
    }
    listed = {path for path, one in INTENDED.items() if case in one.cases}
    assert {path: both for path, both in differences.items() if path not in listed} == {}
    assert listed - differences.keys() == set(), "listed, but no longer a difference"


def test_containers_refuse_to_start_without_their_secrets(cases, compiled):
    after = read_compose(compiled, ".", cases["unset"])
    refused = {value for value in after.values() if str(value).startswith("refused without ")}
    secrets = ("DB_PASS", "DB_ROOT_PASSWORD", "JWT_SECRET", "MANAGER_KEY", "SECRET_KEY")
    assert refused == {f"refused without {name}" for name in secrets}


def test_published_secrets_are_nowhere(original, declarations, artifacts, app):
    defaults = re.findall(r"\$\{(\w+):-([^}]*)\}", original)
    values = [*defaults, *((one["name"], one["value"]) for one in declarations)]
    published = {text for name, text in values if app.deployment.variables[name].sensitive}
    assert len(published) == 13
    spec = (ROOT / "spec" / "waddleperf.yaml").read_text(encoding="utf-8")
    texts = {"spec": spec} | {path: one.text for path, one in artifacts.items()}
    assert [path for path, text in texts.items() if any(one in text for one in published)] == []


def test_env_example_offers_what_the_original_offers(declarations, artifacts, app):
    offered = dotenv_values(stream=StringIO(artifacts["env/.env.example"].text))
    expected: dict[str, str] = {}
    for one in declarations:  # a production value, commented out, is no default
        expected.setdefault(one["name"], "" if one["comment"] else one["value"])
    missing = [name for name in expected if name not in app.deployment.variables]
    assert missing == []
    differences = {name for name, text in expected.items() if offered[name] != text}
    assert differences == set(INTENDED_EXAMPLES)


def test_variables_commented_out_are_optional(declarations, app):
    stated = {one["name"] for one in declarations if not one["comment"]} | {"DB_HOST", "DB_PORT"}
    optional = [one["name"] for one in declarations if one["name"] not in stated]
    assert optional == ["AUTH_JWT", "AUTH_USER", "AUTH_PASS", "CORS_ORIGINS"]
    variables = [app.deployment.variables[name] for name in optional]
    assert [(one.default, one.required) for one in variables] == [(None, False)] * 4


def test_settings_table_has_the_same_rows(inputs, artifacts, app):
    (migration,) = (inputs / "database" / "migrations").glob("*config*.sql")
    text = migration.read_text(encoding="utf-8")
    insert = re.search(r"INSERT INTO system_config .*?(?=\nON DUPLICATE)", text, re.DOTALL)
    seeds = [artifacts[f"sql/sqlite/{name}.sql"].text for name in ("01_schema", "02_config_seed")]
    before, after = _rows(seeds[0] + insert[0] + ";"), _rows("".join(seeds))
    assert len(before) == 16
    assert {key: row[:2] for key, row in before.items()} == {
        key: row[:2] for key, row in after.items()
    }
    assert [key for key, row in after.items() if not row[2]] == []
    assert [key for key, row in after.items() if row[2] == before[key][2]] == []
    assert {one.category for one in app.settings.values()} <= {*app.categories, "security"}


def _rows(script):
    """Type, typed value and description of each row of `system_config`, by key."""
    read = {"json": json.loads, "integer": int, "boolean": json.loads, "string": str}
    with sqlite3.connect(":memory:") as database:
        database.executescript(script)
        rows = database.execute(
            "SELECT config_key, config_type, config_value, description FROM system_config"
        ).fetchall()
    database.close()
    return {key: (kind, read[kind](value), text) for key, kind, value, text in rows}


def test_settings_table_has_its_own_columns(artifacts):
    schema = artifacts["sql/sqlite/01_schema.sql"].text
    with sqlite3.connect(":memory:") as database:
        database.executescript(schema)
        columns = [row[1] for row in database.execute("PRAGMA table_info(system_config)")]
    database.close()
    assert columns == [
        "id",
        "config_key",
        "config_value",
        "config_type",
        "description",
        "updated_at",
        "created_at",
    ]


def test_gateway_gets_the_ports_that_containers_publish(original, artifacts):
    said = read_compose(original, ".", {})
    published = {
        (path[0], port)
        for path, port in said.items()
        if path[1:2] == ("ports",) and path[3] == "target"
    }
    services = json.loads(artifacts["marchproxy/services.json"].text)["services"]
    registered = {(one["ip_fqdn"], one["port"]) for one in services}
    assert len(registered) == len(services)
    assert published - registered == {("mariadb", 3306), ("adminer", 8080)}
    assert registered - published == set()


def test_gateway_asks_for_health_where_containers_do(original, artifacts):
    said = read_compose(original, ".", {})
    services = json.loads(artifacts["marchproxy/services.json"].text)["services"]
    asked = {
        one["ip_fqdn"]: one["health_check_path"] for one in services if one["protocol"] == "http"
    }
    urls = {name: said[name, "healthcheck", "test"][-1] for name in asked}
    assert asked == {name: re.sub(r"^http://[^/]*", "", url) or "/" for name, url in urls.items()}
    intervals = {one["health_check_interval"] for one in services}
    assert intervals == {30}
