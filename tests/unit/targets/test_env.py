from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from penguin_compile.model.service import FromVariable
from penguin_compile.targets.env import quote_env
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import environment, resolve_text
from tests.models import example_app, example_apps, read_app, render

SHELLS = [shell for shell in ("bash", "dash") if shutil.which(shell)]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12) | st.text(
    "a'\"\\$`{}# \n=!~*-:n", max_size=10
)


def in_a_shell(path, shell="bash"):
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [shell, "-c", 'set -a; . "$1"; exec "$2" -I -c "$3"', "-", path, sys.executable, program],
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def in_compose(path, names):
    """As Compose reads a file of the deployment, and one that a service names."""
    asked = {name: f"${{{name}-nothing is set}}" for name in names}
    services = {
        "filled": {"image": "x", "environment": asked},
        "named": {"image": "x", "env_file": path.name},
    }
    text = yaml_text({"name": "env", "services": services})
    resolved = resolve_text(text, path.parent, env_file=path)
    return environment(resolved, "filled"), environment(resolved, "named")


@pytest.mark.slow
@settings(max_examples=12)
@given(values=st.lists(TEXTS, min_size=1, max_size=30))
def test_dotenv_compose_and_shells_read_the_same(values, tmp_path_factory):
    written = {f"V{index}": value for index, value in enumerate(values)}
    quoted = {name: quote_env(value) for name, value in written.items()}
    lines = [f"{name}={text}\n" for name, text in quoted.items() if text is not None]
    path = tmp_path_factory.mktemp("env") / "test.env"
    path.write_text("".join(lines), encoding="utf-8", newline="")
    expected = {name: value for name, value in written.items() if quoted[name] is not None}
    assert dotenv_values(path) == expected
    for program in SHELLS:
        shell = in_a_shell(path, program)
        assert {name: shell[name] for name in expected} == expected
    assert in_compose(path, expected) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", ""),
        ("plain", "'plain'"),
        ("$HOME `id` #", "'$HOME `id` #'"),
        ("it's $5", '"it\'s ${__:-$}5"'),
        ("a\\b", '"a\\\\b"'),
        ("${A}", '"${__:-$}{A}"'),
        ('"', "'\"'"),
        ("it's `id`", None),
        ("\\`", None),
        ("a\rb", None),
        ("a\0b", None),
    ],
)
def test_quoting(text, quoted):
    assert quote_env(text) == quoted


def test_every_variable_once_and_no_value_of_a_secret():
    app = example_app()
    text = render("env", app)["env/.env.example"].text
    names = re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(app.deployment.variables) < set(names)
    assert set(names) - set(app.deployment.variables) == {"MARCHPROXY_API", "CLUSTER_API_KEY"}
    assert "# Database password\n# (required, secret)\nDB_PASS=\n" in text
    assert "# SMTP username\nSMTP_USER=\n" in text


@pytest.mark.parametrize("app", example_apps())
def test_every_reader_takes_a_file_for_the_defaults(app, tmp_path):
    for path, one in render("env", app).items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(one.text, encoding="utf-8")
        service = file.name.removesuffix(".env.example")
        given_to_it = app.deployment.containers.get(service, {}).values()
        defaults = {one.name: one.default or "" for one in app.deployment.variables.values()}
        defaults |= {
            one.name: one.default
            for one in given_to_it
            if isinstance(one, FromVariable) and one.default is not None
        }
        read = dotenv_values(file)
        known = {name: text for name, text in read.items() if name in defaults}
        assert read.keys() - known.keys() <= {"MARCHPROXY_API", "CLUSTER_API_KEY"}
        assert known == {name: defaults[name] for name in known}
        assert known
        assert read.items() <= in_a_shell(file).items()
        assert in_compose(file, read) == (read, read)


SPEC = """
penguin: 1
app: {name: shop}
services:
  web:
    port: 80
    container: {image: web}
    environment:
      URL: {template: "db://${DB_USER}@db"}
      PORT_ALIAS: {variable: WEB_PORT}
      TOKEN: {secret: "env:WEB_TOKEN"}
      LITERAL: text
      MODE: {variable: MODE, default: web}
  worker: {gateway: false, container: {image: worker}}
  outside: {port: 81, environment: {A: {variable: WEB_PORT}}}
variables:
  MODE: {default: all, description: "first\\nsecond\\r\\nDB_USER=evil"}
  WEB_PORT: {type: integer, default: 0}
  DB_USER: {default: "it's `odd`"}
  UNUSED: {default: x}
"""


def test_a_container_is_shown_what_it_is_given_by_the_deployments_names():
    artifacts = render("env", read_app(SPEC))
    assert sorted(artifacts) == ["env/.env.example", "env/web.env.example"]
    text = artifacts["env/web.env.example"].text
    assert re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE) == [
        ("MODE", "'web'"),
        ("WEB_PORT", "'0'"),
        ("WEB_TOKEN", ""),
    ]
    assert "# DB_USER: no env file can hold its default" in text


def test_a_description_stays_a_comment():
    text = render("env", read_app(SPEC))["env/.env.example"].text
    assert "# first\n# second\n# DB_USER=evil\nMODE='all'\n" in text


IDLE = """
penguin: 1
app: {name: app}
services:
  api: {port: 80, CONTAINER}
variables: {OWN: {default: own}}
config:
  theme: {default: light}
  text: {default: "one\\ntwo"}
  key: {sensitive: true}
license: {product: app}
integrations: {waddleai: {container: {image: ai}}}
"""


def offered(container):
    text = render("env", read_app(IDLE.replace("CONTAINER", container)))["env/.env.example"].text
    head, _, idle = text.partition("## Given to no container: setting them does nothing\n")
    values = dotenv_values(stream=StringIO(text))
    return values, [line for line in idle.splitlines() if line], head


def test_what_no_container_is_given_is_shown_and_not_offered():
    values, idle, _ = offered("container: {image: api}")
    assert values["OWN"] == "own", "PC312 tells it: the file does not take it away"
    assert {"THEME", "TEXT", "KEY", "LICENSE_KEY", "APP_VERSION"}.isdisjoint(values)
    assert "# THEME='light'" in idle
    assert "# KEY=" in idle
    assert "# TEXT: its default is more than a line holds." in idle
    assert all(line.startswith("# ") for line in idle)
    assert "WADDLEAI_MAX_WORKERS" in values, "its own container is given it"


def test_without_containers_who_runs_the_app_is_offered_everything():
    values, idle, head = offered("gateway: true")
    assert idle == []
    assert "docker-compose.yml holds" not in head
    assert {"THEME", "TEXT", "KEY", "LICENSE_KEY", "APP_VERSION"} <= values.keys()


def test_compose_text_that_names_a_variable_is_given_it():
    values, _, _ = offered('container: {image: "api:${APP_VERSION}", config: none}')
    assert "APP_VERSION" in values
    assert "LICENSE_KEY" not in values


def test_a_default_that_compose_copies_is_said_to_be_one():
    _, _, head = offered("config: [text, theme], container: {image: api}")
    remark = "# (docker-compose.yml holds this value itself: another one is set there)\n"
    assert f"{remark}TEXT='one\ntwo'" in head
    assert head.count(remark) == 1
