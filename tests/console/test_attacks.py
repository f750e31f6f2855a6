"""What somebody might try: injection, other files and hosts, broken headers; Schemathesis."""

from __future__ import annotations

import itertools
import socket
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.console.browsing import SESSION, Person
from tests.console.consoles import KEYS as CONFIG_KEYS
from tests.console.consoles import SECRET, apply_spec, running, write_spec

CONFIG = "/api/v1/config"
KEYS = ("theme", "page_size", "ratio", "maintenance", "menu", "smtp_host", "locked", "api_key")
CONFORMANCE = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
INJECTIONS = (
    "'; DROP TABLE config; --",
    "theme' OR '1'='1",
    'theme" OR ""="',
    "theme%' --",
    "theme\\' OR 1=1 #",
    "theme) UNION SELECT config_value FROM config --",
    "%(old_value)s",
    ":old_value",
    "theme/*!50000*/",
    "Theme",
    "theme ",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_is_never_text(everywhere, text) -> None:
    everything = "SELECT config_key, config_value FROM config ORDER BY config_key"
    before = everywhere.sql(everything)
    path = f"{CONFIG}/{quote(text, safe='')}"
    assert everywhere.get(path).status_code == 404
    assert everywhere.call("PUT", path, json={"value": "x"}).status_code == 404
    assert everywhere.call("DELETE", path).status_code == 404
    assert (
        everywhere.sql("SELECT config_key, config_value FROM config ORDER BY config_key") == before
    )
    assert everywhere.put("smtp_host", text).status_code == 200
    assert everywhere.get(f"{CONFIG}/smtp_host").json()["value"] == text


@pytest.mark.parametrize("text", INJECTIONS)
def test_neither_in_a_search(local, text) -> None:
    someone = Person(local)
    someone.log_in()
    for name in ("q", "category", "page"):
        assert someone.get("/settings", params={name: text}).status_code == 200
    assert len(local.get(CONFIG).json()["configs"]) == 9


@pytest.mark.parametrize(
    "path",
    [
        "/static/../application.py",
        "/static/..%2fapplication.py",
        "/static/%2e%2e/application.py",
        "/static/....//application.py",
        "/static//etc/passwd",
        "/static/%2Fetc%2Fpasswd",
        "/static/console.css%00.js",
        "/static/",
        "/static",
        "/promote/..%2f..%2f..%2fetc%2fpasswd",
        "/settings/..%2f..%2fetc%2fpasswd",
    ],
)
def test_no_other_file_is_served(local, path) -> None:
    someone = Person(local)
    someone.log_in()
    host, port = local.url.removeprefix("http://").split(":")
    cookies = "; ".join(f"{name}={one}" for name, one in someone.cookies.items())
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", f"Cookie: {cookies}"]
    request = "\r\n".join([*lines, "Connection: close", "", ""])
    answer = b""  # by hand: clients tidy such paths up
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(request.encode())
        while data := wire.recv(65536):
            answer += data
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"root:" not in answer
    assert b"build_application" not in answer


@pytest.mark.parametrize(
    "path", ["/\\evil.example.com", "//evil.example.com", "/login?next=https://evil.example.com"]
)
def test_nobody_is_sent_elsewhere(local, path) -> None:
    someone = Person(local)
    for _ in range(2):  # as a stranger, and logged in
        answer = someone.get(path)
        assert "evil" not in answer.headers.get("location", "")
        if not someone.cookies.get(SESSION):
            someone.log_in()


def test_headers_hold_no_line_of_somebody_else(local) -> None:
    someone = Person(local)
    someone.log_in()
    body = {"value": "a\r\nX-Evil: 1"}
    told = local.call("PUT", f"{CONFIG}/smtp_host", json=body)
    assert told.status_code == 200
    for key in ("x%0d%0aX-Evil:%201", "x%0aX-Evil:%201", "x%0dX-Evil:%201"):
        for answer in (
            someone.get(f"/settings/{key}"),
            someone.get(f"/promote/{key}"),
            someone.get(f"/settings?q={key}&category={key}"),
            local.get(f"{CONFIG}/{key}"),
            told,
        ):
            assert "x-evil" not in answer.headers
    name = {"email": "a\r\nX-Evil: 1"}
    headers = local.tokens.headers(**name)
    told = local.client.put(f"{CONFIG}/theme", json={"value": "dark"}, headers=headers)
    assert "x-evil" not in told.headers


def test_no_value_makes_the_console_ask_anybody(console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
        console.put("smtp_host", url)
        console.put("menu", {"$ref": url})
        token = console.tokens.sign(header={"jku": url, "x5u": url})
        console.client.get(CONFIG, headers={"Authorization": f"Bearer {token}"})
        with pytest.raises(TimeoutError):
            trap.accept()


def test_a_bug_shows_no_traceback(console, caplog, capfd) -> None:
    def broken():
        raise RuntimeError(SECRET)

    console.store.rows = broken
    answer = console.get(CONFIG)
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal error"})
    said = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in said
    assert "Traceback" not in said
    assert "RuntimeError, a bug" in said


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schemathesis")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PENGUIN_CONFIG_KEYS", CONFIG_KEYS)
        patch.setenv("SHOP_API_KEY", SECRET)
        patch.setenv("SHOP_DATABASE", "")
        spec = write_spec(folder, f"sqlite:///{folder}/app.db")
        apply_spec(spec)
        with running(spec, folder) as console:
            yield console


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_what_the_document_says_holds(served, mode) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(served.tokens.headers())
        document = session.get(f"{served.url}/openapi.json").json()
        schema = schemathesis.openapi.from_dict(document)
        asked = [
            ask(served, session, each.ok(), mode)
            for each in schema.get_all_operations()
            if mode is GenerationMode.POSITIVE or each.ok().body
        ]
    assert all(asked)
    assert len(asked) == (4 if mode is GenerationMode.POSITIVE else 1)


def ask(console, session, operation, mode) -> int:
    """Generated requests of one operation, half of them to keys that exist; how many."""
    numbers = itertools.count()
    wanted = list(CONFORMANCE)
    if mode is GenerationMode.NEGATIVE:
        wanted.append(checks.negative_data_rejection)

    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def check(case) -> None:
        number = next(numbers)
        if number % 2 and mode is GenerationMode.POSITIVE and operation.method != "delete":
            case.path_parameters = dict.fromkeys(case.path_parameters or {}, KEYS[number % 8])
        response = case.call(base_url=console.url, session=session)
        case.validate_response(response, checks=wanted)

    check()
    return next(numbers)
