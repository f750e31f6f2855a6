"""Several specs in one run: no app takes from another what both need."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (("shop", "api-web"), ("shop-api", "web"), "shop-api-web"),
        (("shop", "api"), ("shop", "api"), "shop-api"),
    ],
)
def test_two_apps_that_share_a_name_on_the_gateway_are_told(
    penguin: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: tuple[str, str],
    second: tuple[str, str],
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, (app, service) in (("a.yaml", first), ("b.yaml", second)):
        Path(file).write_text(
            f"penguin: 1\napp: {{name: {app}}}\nservices:\n  {service}: {{port: 80}}\n"
            "environments: {dev: {}, prod: {}}\n"
        )
    result = penguin("validate", "a.yaml", "b.yaml")
    assert result.code == 1
    assert result.out.count("PC211") == 1
    assert f'one name on MarchProxy: "{name}"' in result.out.replace("\n  ", " ")
    assert "b.yaml:4:3" in result.out
    assert "a.yaml:4:3" in result.out
    assert penguin("validate", "a.yaml").code == 0
    assert penguin("validate", "b.yaml").code == 0


def write(name: str, text: str) -> None:
    Path(f"{name}.yaml").write_text(f"penguin: 1\napp: {{name: {name}}}\n{dedent(text)}")


ROUTE = """\
services: {api: {port: 80, auth: jwt}}
routes:
  r: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /x}
"""
SETTING = "config: {theme: {default: light, description: Colours}}\n"


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("", "", True),
        ("environments: {dev: {}}", "environments: {dev: {}}", True),
        ("environments: {dev: {}}", "environments: {prod: {}}", False),
        (
            "environments: {a: {marchproxy: {url: 'http://g/'}}}",
            "environments: {b: {marchproxy: {url: 'http://g', cluster: 1}}}",
            True,
        ),
        (
            "environments: {a: {marchproxy: {url: 'http://g', cluster: 2}}}",
            "environments: {a: {marchproxy: {url: 'http://g'}}}",
            False,
        ),
        (
            "environments: {a: {marchproxy: {url: 'http://g'}}}",
            "environments: {a: {marchproxy: {url: 'http://h'}}}",
            False,
        ),
    ],
)
def test_two_apps_on_one_port_and_path_of_a_gateway_are_told(
    penguin: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
    second: str,
    clash: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    write("shop", ROUTE + first)
    write("billing", ROUTE + second)
    result = penguin("validate", ".")
    assert (result.code, result.out.count("PC213")) == ((1, 1) if clash else (0, 0)), result.out


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("postgresql://db/x", "postgresql+psycopg://someone@db:5432/x", True),
        ("postgresql://db/x", "postgresql://db:5433/x", False),
        ("sqlite:///x.db", "sqlite:///x.db", True),
        ("sqlite://", "sqlite://", False),
        ("{secret: 'vault:s/x#url'}", "{secret: 'vault:s/x#url'}", True),
        ("{secret: 'env:DATABASE_URL'}", "{secret: 'env:DATABASE_URL'}", False),
    ],
)
def test_two_apps_with_one_config_table_are_told(
    penguin: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
    second: str,
    clash: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, url in (("shop", first), ("billing", second)):
        quoted = url if url.startswith("{") else f"'{url}'"
        write(name, f"{SETTING}environments: {{a: {{database: {{url: {quoted}}}}}}}\n")
    result = penguin("validate", ".")
    assert (result.code, result.out.count("PC215")) == ((1, 1) if clash else (0, 0)), result.out
    assert "someone" not in result.out.split("-->")[0]
    write("shop", SETTING + "outputs: {sql: {table: shop_config}}\n")
    assert penguin("validate", ".").code == 0


def test_a_route_from_a_service_that_another_app_lacks_is_told(
    penguin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    route = "routes: {r: {from: [shop/api, shop/db, shop/apy, other/x], to: [api]}}\n"
    write("billing", "services: {api: {port: 80}}\n" + route)
    assert penguin("validate", ".").code == 0
    write("shop", "services: {api: {port: 80}, db: {gateway: false}}\n")
    result = penguin("validate", ".")
    assert result.out.count("PC214") == 2
    assert 'did you mean "shop/api"?' in result.out
    assert "other/x" not in result.out.split("help:")[0].split("routes:")[0]
