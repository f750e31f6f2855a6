"""What the backend wants, compares and refuses, without any server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from email.utils import formatdate
from types import NoneType
from typing import Any, get_args

import pytest

from penguin_compile.core.errors import UsageError
from penguin_compile.live.marchproxy import DIALECTS
from penguin_compile.live.marchproxy.answer import Answer, parse_retry_after
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.live.marchproxy.fields import canonical_fields
from penguin_compile.model.record import Desired
from penguin_compile.sections.environments import GatewayShape
from tests.models import example_app, read_app, render

SPEC = """
penguin: 1
app: {name: shop, version: 1.2.3}
services:
  api: {port: 8080, auth: jwt}
  dns: {port: 53, protocol: udp, health_check: false}
  old: {port: 80, auth: base64, protected: true}
  portless: {}
  long: {port: 80, host: %s}
  db: {port: 5432, gateway: false}
routes:
  lookup: {from: [external], to: [dns], listen: {port: 53, protocol: udp}, protected: true}
  inner: {from: [old, api, old], to: [api]}
environments:
  default:
    marchproxy:
      url: http://127.0.0.1:1
      token: {secret: "env:CLUSTER_API_KEY"}
      protocol_map: {http: https}
""" % ("h" * 255)


@pytest.fixture
def backend() -> MarchProxyBackend:
    return make_backend(SPEC)


def make_backend(text: str) -> MarchProxyBackend:
    app = read_app(text)
    assert app.environment.gateway is not None
    return MarchProxyBackend(app.environment.gateway, app)


def wanted(backend: MarchProxyBackend) -> dict[str, Desired]:
    return {str(one.address): one for one in backend.project(backend._app)}


def test_apply_wants_what_the_files_say() -> None:
    app = example_app()
    assert app.environment.gateway is not None
    backend = MarchProxyBackend(app.environment.gateway, app)
    files = render("marchproxy", app)
    for kind, key in (("service", "services"), ("mapping", "mappings")):
        artifact = next(one for path, one in files.items() if path.endswith(f"{key}.json"))
        rows = json.loads(artifact.text)[key]
        names = [row.pop("name") for row in rows]
        desired = [one for one in backend.project(app) if one.address.kind == kind]
        assert [one.address.name for one in desired] == names
        assert [one.fields for one in desired] == rows


def test_pointers_and_protection_come_along(backend: MarchProxyBackend) -> None:
    assert {name: (one.pointer, one.protected) for name, one in wanted(backend).items()} == {
        "service/shop-api": (("services", "api"), False),
        "service/shop-dns": (("services", "dns"), False),
        "service/shop-old": (("services", "old"), True),
        "service/shop-portless": (("services", "portless"), False),
        "service/shop-long": (("services", "long"), False),
        "mapping/shop-lookup": (("routes", "lookup"), True),
        "mapping/shop-inner": (("routes", "inner"), False),
    }


def test_the_protocol_map_is_of_services_alone(backend: MarchProxyBackend) -> None:
    desired = wanted(backend)
    assert desired["service/shop-api"].fields["protocol"] == "https"
    assert desired["service/shop-dns"].fields["protocol"] == "udp"
    assert desired["mapping/shop-lookup"].fields["protocol"] == "udp"


def test_the_ends_of_a_mapping_are_sorted_sets(backend: MarchProxyBackend) -> None:
    fields = wanted(backend)["mapping/shop-inner"].fields
    assert fields == {"source_services": ["shop-api", "shop-old"], "dest_services": ["shop-api"]}


def test_everything_that_the_dialect_refuses_is_told_with_a_way_out(
    backend: MarchProxyBackend,
) -> None:
    told = {str(one.address): backend.problems(one) for one in backend.project(backend._app)}
    assert {address for address, problems in told.items() if problems} == {
        "service/shop-dns",
        "service/shop-old",
        "service/shop-portless",
        "mapping/shop-lookup",
    }
    (dns,) = told["service/shop-dns"]
    assert "service/shop-dns" in dns
    assert "protocol 'udp', only http, https, grpc, tcp" in dns
    assert "change services.dns" in dns
    assert "gateway: false" in dns
    assert "auth_type 'base64', only none, jwt" in told["service/shop-old"][0]
    assert "port is missing" in told["service/shop-portless"][0]
    assert "change routes.lookup" in told["mapping/shop-lookup"][0]


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("name", "x" * 100, False),
        ("name", "x" * 101, True),
        ("name", "", True),
        ("ip_fqdn", "x" * 256, True),
        ("port", 65535, False),
        ("port", 65536, True),
        ("port", -1, True),
        ("collection", "x" * 101, True),
        ("health_check_interval", 5, False),
        ("health_check_interval", 4, True),
    ],
)
def test_bounds(backend: MarchProxyBackend, name: str, value: object, *, refused: bool) -> None:
    body = {"name": "a", "ip_fqdn": "b", "port": 1, "protocol": "tcp", name: value}
    problems = backend._find_problems("service", body)
    assert [problem.partition(" ")[0] for problem in problems] == [name] * refused


def test_fields_that_are_not_ours_do_not_count() -> None:
    row = {
        "name": "a",
        "id": 7,
        "port": 1,
        "health_check_path": None,
        "jwt_expiry": 900,
        "updated_at": "2026-01-01",
    }
    assert canonical_fields("service", row) == {"port": 1}
    odd = {"source_services": "all", "dest_services": [2, 1]}
    assert canonical_fields("mapping", odd) == odd


def test_secrets_are_stripped_at_any_depth_and_nothing_else() -> None:
    row: dict[str, Any] = {
        "name": "a",
        "jwt_secret": "canary",
        "token_base64": "canary",
        "api_key_hash": "canary",
        "API_KEY": "canary",
        "jwt_expiry": 900,
        "auth_type": "jwt",
        "tokens_left": 3,
    }
    body = json.dumps({"services": [row], "api_key": "canary", "password": ["canary"]})
    answer = Answer(request="GET x", status=200, body=body.encode())
    assert "canary" not in repr(answer)
    assert answer.parse() == {
        "services": [{"name": "a", "jwt_expiry": 900, "auth_type": "jwt", "tokens_left": 3}]
    }


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "Wed, 99 Foo 2026", "9" * 400])
def test_a_retry_after_that_is_none(text: str) -> None:
    assert parse_retry_after(text) is None


def test_a_retry_after_in_seconds_or_as_a_date() -> None:
    assert parse_retry_after(" 120 ") == 120
    ahead = parse_retry_after(formatdate(time.time() + 60, usegmt=True))
    assert ahead is not None
    assert 57 < ahead <= 60
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_nothing_is_asked_and_no_secret_is_needed_before_a_request(
    backend: MarchProxyBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLUSTER_API_KEY", raising=False)
    assert backend.describe() == "http://127.0.0.1:1 (standard)"
    assert backend.project(backend._app)
    backend.close()


def test_an_unknown_dialect_is_refused_without_a_request() -> None:
    app = read_app(SPEC)
    assert app.environment.gateway is not None
    with pytest.raises(UsageError, match='no MarchProxy dialect is called "fork"'):
        MarchProxyBackend(replace(app.environment.gateway, dialect="fork"), app)


def test_the_language_knows_every_dialect() -> None:
    stated = GatewayShape.model_fields["dialect"].annotation
    assert {*DIALECTS, None} == {*get_args(get_args(stated)[0]), None}
    assert get_args(stated)[1] is NoneType


def test_importing_the_backend_loads_nothing_heavy() -> None:
    code = (
        "import sys, penguin_compile.live.marchproxy.backend, "
        "penguin_compile.live.marchproxy.standard\n"
        "print([one for one in ('httpx', 'tenacity', 'sqlalchemy') if one in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
