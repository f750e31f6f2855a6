"""The schema in a real editor's language server: completion, hover and complaints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editor.language_server import HERE, ROOT, LanguageServer, running_server

SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
        "schemas": {},
    }
}
HEAD = "penguin: 1\napp: {name: shop}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with running_server(tmp_path_factory.mktemp("editor"), SETTINGS) as one:
        yield one


@pytest.fixture
def opened(server: LanguageServer, tmp_path: Path) -> Any:
    def call(text: str, schema: str = "spec") -> tuple[str, list[str]]:
        """The document's URI, and its lines."""
        known = (ROOT / "schemas" / f"{schema}.schema.json").as_uri()
        whole = f"# yaml-language-server: $schema={known}\n{text}"
        return server.open(tmp_path / f"{schema}.yaml", whole), whole.split("\n")

    return call


def labels(answer: Any) -> set[str]:
    items = answer["items"] if isinstance(answer, dict) else answer
    return {one["label"] for one in items}


SERVICE = HEAD + "services:\n  api:\n    port: 8080\n    "
OVERRIDES = (
    HEAD + "environments:\n  prod:\n    overrides:\n      services:\n        api:\n          "
)
IMPORTING = "penguin: 1\nimports: [a.yaml]\nservices:\n  api:\n    "


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "schema", "wanted"),
    [
        ("", "spec", {"penguin", "app", "services", "environments"}),
        (SERVICE, "spec", {"host", "protocol", "health_check", "container", "environment"}),
        (SERVICE + "protocol: ", "spec", {"http", "https", "grpc", "tcp", "udp"}),
        (HEAD + "config:\n  theme:\n    check:\n      ", "spec", {"min", "pattern", "format"}),
        (OVERRIDES, "spec", {"host", "protocol", "health_check", "container", "environment"}),
        (IMPORTING, "spec", {"host", "protocol", "health_check"}),
        ("services:\n  api:\n    ", "spec-fragment", {"host", "protocol", "health_check"}),
    ],
)
def test_names_and_values_are_completed(
    server: LanguageServer, opened: Any, text: str, schema: str, wanted: set[str]
) -> None:
    uri, lines = opened(text, schema)
    place = (len(lines) - 1, len(lines[-1]))
    assert wanted <= labels(server.at("textDocument/completion", uri, *place))


@pytest.mark.slow
def test_a_field_is_explained_with_its_default_and_an_example(
    server: LanguageServer, opened: Any
) -> None:
    uri, lines = opened(
        HEAD + "services: {api: {health_check: {interval: 30s}}}\n"
        "environments: {prod: {overrides: {services: {api: {port: 1}}}}}\n"
    )
    for field, line, words in (
        ("interval", 3, ["Time between checks", "Default: `30s`"]),
        (
            "health_check",
            3,
            ["Enabled by default", "health_check: {path: /healthz, interval: 30s}"],
        ),
        ("port", 4, ["Port that it listens on."]),
    ):
        text = server.at("textDocument/hover", uri, line, lines[line].index(field) + 1)
        assert text is not None, field
        assert all(word in text["contents"]["value"] for word in words), text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "schema", "line", "words"),
    [
        (HEAD + "services: {api: {port: 99999}}\n", "spec", 3, "65535"),
        (HEAD + "services: {api: {prot: http}}\n", "spec", 3, "prot"),
        (HEAD + "services: {api: {auth: jwtt}}\n", "spec", 3, '"jwt"'),
        ("penguin: 1\n", "spec", 1, '"app"'),
        (HEAD + "routes: {public: {to: [api]}}\n", "spec", 3, '"from"'),
        (
            HEAD + "environments:\n  prod:\n    overrides: {services: {api: {auth: jwtt}}}\n",
            "spec",
            5,
            '"jwt"',
        ),
        ("services: {api: {port: 99999}}\n", "spec-fragment", 1, "65535"),
    ],
)
def test_a_mistake_is_told_where_it_is(
    server: LanguageServer, opened: Any, text: str, schema: str, line: int, words: str
) -> None:
    uri, _ = opened(text, schema)
    found = server.diagnostics(uri)
    assert [one["range"]["start"]["line"] for one in found] == [line], found
    assert words in found[0]["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ((ROOT / "spec" / "myapp.yaml").read_text(encoding="utf-8"), "spec"),
        ((ROOT / "spec" / "waddleperf.yaml").read_text(encoding="utf-8"), "spec"),
        ("imports: [a.yaml]\nroutes: {public: {path_prefix: /x}}\n", "spec"),
        ("routes: {public: {path_prefix: /x}}\nx-note: 1\n", "spec-fragment"),
        (
            HEAD + "environments: {prod: {extends: dev, tier: null, overrides: {license: null}}}\n",
            "spec",
        ),
        (HEAD + "config: {a: {type: json, check: {type: object}}}\n", "spec"),
    ],
    ids=["myapp", "waddleperf", "imports", "fragment", "overrides", "json check"],
)
def test_what_is_right_is_not_complained_about(
    server: LanguageServer, opened: Any, text: str, schema: str
) -> None:
    uri, _ = opened(text, schema)
    assert server.diagnostics(uri) == []


def test_the_pinned_packages_name_no_host() -> None:
    text = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in one for name, one in packages.items() if name)
