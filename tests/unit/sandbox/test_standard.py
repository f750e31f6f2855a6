"""The `standard` dialect over a real socket: what it keeps, what it refuses, and in which words."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from penguin_compile.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = {
    "name": "shop-api",
    "ip_fqdn": "api",
    "port": 8080,
    "protocol": "grpc",
    "collection": "shop",
    "auth_type": "jwt",
    "tls_enabled": True,
    "health_check_enabled": True,
    "health_check_path": "/healthz",
    "health_check_interval": 10,
}
MAPPING = {
    "name": "shop-external",
    "description": "From outside",
    "source_services": ["external"],
    "dest_services": ["shop-api"],
    "listen_port": 443,
    "protocol": "https",
    "path_prefix": "/api/v1",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer any-key"}
    with httpx.Client(
        base_url=f"{sandbox.url}/api/v1", headers=headers, trust_env=False, verify=False
    ) as one:
        yield one


def test_a_service_is_created_listed_replaced_and_gone(client: httpx.Client) -> None:
    made = client.post("/services", json=SERVICE)
    assert made.status_code == 201
    service = made.json()
    assert {key: service[key] for key in SERVICE} == SERVICE
    assert (service["cluster_id"], service["is_active"], service["tls_verify"]) == (1, True, True)
    assert service["jwt_secret"]
    assert service["token_base64"]
    assert datetime.fromisoformat(service["created_at"]).tzinfo is None
    assert client.get("/services").json() == {"services": [service]}

    smaller = {"name": "shop-web", "ip_fqdn": "web", "port": 80}
    replaced = client.put(f"/services/{service['id']}", json=smaller).json()
    assert {key: replaced[key] for key in smaller} == smaller
    assert (replaced["protocol"], replaced["collection"]) == ("tcp", None)
    assert (replaced["auth_type"], replaced["health_check_enabled"]) == ("none", False)
    assert replaced["id"] == service["id"]
    assert replaced["created_at"] == service["created_at"] < replaced["updated_at"]
    assert client.get("/services").json() == {"services": [replaced]}

    gone = client.delete(f"/services/{service['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get("/services").json() == {"services": []}
    again = client.post("/services", json=smaller)
    assert again.status_code == 201, "a hard delete frees the name"
    assert again.json()["id"] != service["id"]


def test_names_are_unique_and_case_sensitive(client: httpx.Client) -> None:
    first = client.post("/services", json=SERVICE).json()
    taken = client.post("/services", json=SERVICE)
    assert taken.status_code == 400
    assert taken.json() == {"detail": "Service with name 'shop-api' already exists"}
    other = client.post("/services", json=SERVICE | {"name": "Shop-API"}).json()
    renamed = client.put(f"/services/{other['id']}", json=SERVICE)
    assert renamed.status_code == 400
    assert client.put(f"/services/{first['id']}", json=SERVICE).status_code == 200


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"protocol": "udp"}, "literal_error"),
        ({"auth_type": "base64"}, "literal_error"),
        ({"port": 0}, "greater_than_equal"),
        ({"port": 65536}, "less_than_equal"),
        ({"port": "8080"}, "int_type"),
        ({"port": True}, "int_type"),
        ({"name": ""}, "string_too_short"),
        ({"name": "x" * 101}, "string_too_long"),
        ({"name": None}, "string_type"),
        ({"collection": "x" * 101}, "string_too_long"),
        ({"tls_enabled": None}, "bool_type"),
        ({"tls_enabled": 1}, "bool_type"),
        ({"health_check_interval": 4}, "greater_than_equal"),
        ({"health_check_interval": 2**31}, "less_than_equal"),
        ({"jwt_expiry": 299}, "greater_than_equal"),
    ],
)
def test_a_wrong_field_is_422_and_echoed(
    client: httpx.Client, change: dict[str, object], kind: str
) -> None:
    ((field, value),) = change.items()
    made = client.post("/services", json=SERVICE | change)
    assert made.status_code == 422
    (problem,) = made.json()["detail"]
    assert problem.pop("msg")
    assert problem == {"type": kind, "loc": ["body", field], "input": value}
    assert client.get("/services").json() == {"services": []}


def test_all_problems_are_told_at_once(client: httpx.Client) -> None:
    made = client.post("/services", json={"name": 7, "protocol": "smtp"})
    told = [(problem["type"], problem["loc"]) for problem in made.json()["detail"]]
    assert told == [
        ("string_type", ["body", "name"]),
        ("missing", ["body", "ip_fqdn"]),
        ("missing", ["body", "port"]),
        ("literal_error", ["body", "protocol"]),
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "json_invalid"),
        (b"\xff", "json_invalid"),
        (b'{"port": NaN}', "json_invalid"),
        (b'{"port": 1e999}', "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"", "missing"),
        (b"[]", "model_attributes_type"),
        (b'{"name": "\\ud800", "ip_fqdn": "x", "port": 1}', "string_unicode"),
    ],
)
def test_a_body_that_is_no_service_is_422(client: httpx.Client, body: bytes, kind: str) -> None:
    headers = {"Content-Type": "application/json"}
    refused = client.post("/services", content=body, headers=headers)
    assert refused.status_code == 422
    assert [problem["type"] for problem in refused.json()["detail"]] == [kind]


def test_json_has_to_be_called_json(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = client.post("/services", content=b"{}", headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["input"] == "{}"


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("PUT", "/services/99", 404, "Service not found"),
        ("DELETE", "/services/99", 404, "Service not found"),
        ("GET", "/config/99", 404, "Cluster not found"),
        ("GET", "/nothing", 404, "Not Found"),
        ("PATCH", "/services/1", 405, "Method Not Allowed"),
        ("GET", "/services/import", 405, "Method Not Allowed"),
    ],
)
def test_what_is_not_there(
    client: httpx.Client, method: str, path: str, status: int, detail: str
) -> None:
    answer = client.request(method, path, json=SERVICE)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_an_unknown_cluster_is_404(client: httpx.Client) -> None:
    made = client.post("/services", json=SERVICE | {"cluster_id": 2})
    assert (made.status_code, made.json()) == (404, {"detail": "Cluster not found"})
    assert client.get("/services").json() == {"services": []}


@pytest.mark.parametrize("number", ["one", "1.5", "1" * 30, "%0d%0ax"])
def test_an_id_has_to_be_a_number(client: httpx.Client, number: str) -> None:
    answer = client.delete(f"/services/{number}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "int_parsing"


def test_a_trailing_slash_is_redirected_and_injects_nothing(client: httpx.Client) -> None:
    answer = client.get("/services/?a=b")
    assert answer.status_code == 307
    assert answer.headers["Location"] == "/api/v1/services?a=b"
    sly = client.get("/services/%0d%0aX-Sly:1/")
    assert sly.headers["Location"] == "/api/v1/services/%0d%0aX-Sly:1"
    assert "X-Sly" not in sly.headers
    assert client.get("/nothing/").status_code == 404


def test_an_import_upserts_by_name_and_never_deletes(client: httpx.Client) -> None:
    kept = client.post("/services", json=SERVICE | {"name": "shop-old"}).json()
    body = {"services": [SERVICE], "mappings": [MAPPING], "metadata": {"app_name": "shop"}}
    assert client.post("/services/import", json=body).json() == {
        "created": 2,
        "updated": 0,
        "failed": [],
    }
    config = client.get("/config/1").json()
    (mapping,) = config["mappings"]
    assert {key: mapping[key] for key in MAPPING} == MAPPING
    assert kept in config["services"]
    assert config["cluster_id"] == 1

    body = {"services": [SERVICE | {"port": 9090}], "mappings": [MAPPING | {"listen_port": 8443}]}
    answer = client.post("/services/import", json=body).json()
    assert answer == {"created": 0, "updated": 2, "failed": []}
    config = client.get("/config/1").json()
    assert [service["port"] for service in config["services"]] == [9090, 8080]
    assert [(one["id"], one["listen_port"]) for one in config["mappings"]] == [
        (mapping["id"], 8443)
    ]


def test_an_import_does_what_it_can_and_names_the_rest(client: httpx.Client) -> None:
    services: list[object] = [
        SERVICE,
        SERVICE | {"name": "shop-dns", "protocol": "udp"},
        {"port": "my-secret"},
        "text",
        SERVICE | {"name": "shop-far", "cluster_id": 7},
    ]
    mappings = [MAPPING, MAPPING | {"name": "shop-void", "dest_services": []}]
    imported = client.post("/services/import", json={"services": services, "mappings": mappings})
    assert imported.status_code == 200
    assert "my-secret" not in imported.text
    answer = imported.json()
    assert (answer["created"], answer["updated"]) == (2, 0)
    failed = {one["name"]: one["error"] for one in answer["failed"]}
    assert failed == {
        "shop-dns": "protocol: Input should be one of http, https, grpc, tcp",
        "services[2]": "name: Field required; ip_fqdn: Field required; "
        "port: Input should be a valid integer",
        "services[3]": "Input should be a valid dictionary or object to extract fields from",
        "shop-far": "Cluster not found",
        "shop-void": "dest_services: Number of items should be at least 1",
    }
    assert [one["name"] for one in client.get("/services").json()["services"]] == ["shop-api"]


def test_an_import_of_no_lists_is_422(client: httpx.Client) -> None:
    refused = client.post("/services/import", json={"services": {}, "mappings": None})
    assert refused.status_code == 422
    assert [problem["loc"] for problem in refused.json()["detail"]] == [
        ["body", "services"],
        ["body", "mappings"],
    ]


def test_one_name_at_once_is_created_once(client: httpx.Client) -> None:
    statuses: list[int] = []
    start = threading.Barrier(8)

    def create() -> None:
        start.wait()
        statuses.append(client.post("/services", json=SERVICE).status_code)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [400] * 7
    assert len(client.get("/services").json()["services"]) == 1


@pytest.mark.parametrize("method_path", ["GET /services", "POST /services", "GET /config/1"])
@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 403),
        ("Bearer", 403),
        ("Basic right-key", 403),
        ("Bearer wrong", 401),
        ("Bearer schlüssel", 401),
        ("bearer right-key", 200),
    ],
)
def test_every_request_needs_the_clusters_key(
    method_path: str, header: str | None, status: int
) -> None:
    method, path = method_path.split()
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    with Sandbox(cluster_key="right-key") as sandbox:
        answer = httpx.request(
            method,
            f"{sandbox.url}/api/v1{path}",
            headers=headers,
            json=SERVICE,
            trust_env=False,
            verify=False,
        )
    assert answer.status_code == (201 if (method, status) == ("POST", 200) else status)
    if status != 200:
        assert isinstance(answer.json()["detail"], str)
        assert "right-key" not in answer.text


def test_health_and_document_need_no_key(sandbox: Sandbox) -> None:
    health = httpx.get(f"{sandbox.url}/healthz", trust_env=False, verify=False)
    assert (health.status_code, health.json()) == (200, {"status": "healthy"})
    assert (
        httpx.get(f"{sandbox.url}/api/openapi.json", trust_env=False, verify=False).status_code
        == 200
    )
