"""The OpenAPI document: it says what is served, and agrees with the real server's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.requirements import api_server_document

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = {"name": "shop-api", "ip_fqdn": "api", "port": 8080}
MAPPING = {"name": "shop-all", "source_services": ["external"], "dest_services": ["shop-api"]}
# (method, template, numbers of its path, body, key): each status that the document lists.
CALLS: list[tuple[str, str, dict[str, int], object, str | None]] = [
    ("GET", "/healthz", {}, None, None),
    ("GET", "/api/v1/services", {}, None, "right"),
    ("GET", "/api/v1/services", {}, None, None),
    ("GET", "/api/v1/services", {}, None, "wrong"),
    ("POST", "/api/v1/services", {}, SERVICE | {"name": "shop-new"}, "right"),
    ("POST", "/api/v1/services", {}, SERVICE, "right"),
    ("POST", "/api/v1/services", {}, {"port": []}, "right"),
    ("POST", "/api/v1/services", {}, SERVICE | {"name": "far", "cluster_id": 9}, "right"),
    ("POST", "/api/v1/services", {}, {"name": "x" * 17_000_000}, "right"),
    ("POST", "/api/v1/services", {}, SERVICE, None),
    ("POST", "/api/v1/services", {}, SERVICE, "wrong"),
    ("POST", "/api/v1/services/import", {}, {"services": [SERVICE, {}]}, "right"),
    ("PUT", "/api/v1/services/{service_id}", {"service_id": 1}, SERVICE, "right"),
    ("PUT", "/api/v1/services/{service_id}", {"service_id": 9}, SERVICE, "right"),
    ("DELETE", "/api/v1/services/{service_id}", {"service_id": 1}, None, "right"),
    ("DELETE", "/api/v1/services/{service_id}", {"service_id": 9}, None, "right"),
    ("GET", "/api/v1/config/{cluster_id}", {"cluster_id": 1}, None, "right"),
    ("GET", "/api/v1/config/{cluster_id}", {"cluster_id": 9}, None, "right"),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(cluster_key="right") as running:
        body = {"services": [SERVICE], "mappings": [MAPPING]}
        call(running, "POST", "/api/v1/services/import", body, "right")
        yield running


def call(
    sandbox: Sandbox, method: str, path: str, body: object = None, key: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    sent = {} if body is None else {"json": body}
    url = sandbox.url + path
    return httpx.request(method, url, headers=headers, trust_env=False, verify=False, **sent)  # type: ignore[arg-type]


def read_document(sandbox: Sandbox) -> dict[str, Any]:
    document: dict[str, Any] = call(sandbox, "GET", "/api/openapi.json").json()
    return document


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that stands alone, and that lets no field pass which it does not name."""
    schemas = {
        name: one | ({} if name == "ValidationError" else {"additionalProperties": False})
        for name, one in document["components"]["schemas"].items()
    }
    return {**schema, "components": {"schemas": schemas}}


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_every_answer_is_as_described(sandbox: Sandbox, number: int) -> None:
    method, template, parameters, body, key = CALLS[number]
    document = read_document(sandbox)
    answer = call(sandbox, method, template.format(**parameters), body, key)
    described = document["paths"][template][method.lower()]["responses"][str(answer.status_code)]
    if "content" not in described:
        assert answer.content == b""
    else:
        schema = described["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), resolve(document, schema))


def test_the_calls_above_reach_every_operation(sandbox: Sandbox) -> None:
    described = {
        (method.upper(), path)
        for path, operations in read_document(sandbox)["paths"].items()
        for method in operations
    }
    assert described == {(method, template) for method, template, *_ in CALLS}


def test_a_body_that_the_document_refuses_is_refused(sandbox: Sandbox) -> None:
    document = read_document(sandbox)
    schema = resolve(document, {"$ref": "#/components/schemas/ServiceCreate"})
    jsonschema.validate(SERVICE, schema)
    for wrong in ({"port": 0}, {"protocol": "udp"}, {"name": ""}, {"jwt_expiry": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(SERVICE | wrong, schema)
        assert (
            call(sandbox, "POST", "/api/v1/services", SERVICE | wrong, "right").status_code == 422
        )


def test_the_standard_dialect_agrees_with_the_real_servers_document(sandbox: Sandbox) -> None:
    real = api_server_document()
    ours = read_document(sandbox)
    both = operations_of_both(ours, real)
    assert len(both) == 5
    for mine, theirs in both:
        assert success(mine) == success(theirs)
        assert bool(mine.get("requestBody")) == bool(theirs.get("requestBody"))
    assert ours["components"]["securitySchemes"] == real["components"]["securitySchemes"]
    assert_same_fields(ours, real, "ServiceCreate", "ServiceResponse")


def test_the_api_server_dialect_agrees_with_the_real_servers_document() -> None:
    real = api_server_document()
    with Sandbox(dialect="api-server", users={"admin@example.com": "password"}) as sandbox:
        ours = read_document(sandbox)
    both = operations_of_both(ours, real)
    assert len(both) == sum(len(operations) for operations in ours["paths"].values()), "no others"
    for mine, theirs in both:
        assert success(mine) == success(theirs)
        assert ("422" in mine["responses"]) >= ("422" in theirs["responses"])
        assert mine.get("security") == theirs.get("security")
        assert mine.get("requestBody") == theirs.get("requestBody")
        # Certificates are no part of the sandbox.
        expected = [one for one in parameters(theirs) if one[0] != "include_certificates"]
        assert parameters(mine) == expected
    bodies = [
        mine["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for mine, _ in both
        if "requestBody" in mine
    ]
    assert_same_fields(ours, real, *bodies, "ServiceResponse")
    schemas = ours["components"]["schemas"], real["components"]["schemas"]
    for body in bodies:
        mine, theirs = (each[body] for each in schemas)
        assert mine["required"] == theirs.get("required", []), body
    for answer in ("LoginResponse", "TokenResponse", "ServiceTokenRotateResponse"):
        mine, theirs = (each[answer] for each in schemas)
        assert mine["properties"].keys() == theirs["properties"].keys(), answer
    mine, theirs = (each["ClusterResponse"] for each in schemas)
    assert set(theirs["required"]) == set(mine["required"])


def operations_of_both(ours: dict[str, Any], real: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [
        (ours["paths"][path][method], real["paths"][path][method])
        for path, operations in ours["paths"].items()
        for method in operations
        if method in real["paths"].get(path, {})
    ]


def parameters(operation: dict[str, Any]) -> list[tuple[str, str, bool, Any]]:
    return [
        (one["name"], one["in"], one["required"], limits(one["schema"]))
        for one in operation.get("parameters", [])
    ]


def assert_same_fields(ours: dict[str, Any], real: dict[str, Any], *schemas: str) -> None:
    for schema in schemas:
        mine = ours["components"]["schemas"][schema]["properties"]
        theirs = real["components"]["schemas"][schema]["properties"]
        assert mine.keys() == theirs.keys()
        for field in theirs:
            expected = limits(theirs[field])
            # The tokens and the algorithm are always there, where the real server may leave them.
            if schema == "ServiceResponse" and field.startswith(("jwt_", "token_")):
                assert limits(mine[field])["type"] == expected["type"]
            else:
                assert limits(mine[field]).items() >= expected.items(), field


def success(operation: dict[str, Any]) -> list[str]:
    return [status for status in operation["responses"] if status.startswith("2")]


def limits(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a field may hold, without its words."""
    nullable = {"type": "null"} in schema.get("anyOf", [])
    inner = schema["anyOf"][0] if nullable else schema
    kept = {
        key: inner[key] for key in inner if key not in ("title", "description", "default", "enum")
    }
    return {**kept, "nullable": nullable, "default": schema.get("default")}
