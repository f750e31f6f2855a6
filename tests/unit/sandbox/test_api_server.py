"""The api-server dialect: what it answers, and the awkward sides that a client has to survive."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from penguin_compile.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = {"admin@example.com": "password", "bob@example.com": "password-of-bob"}
SERVICE = {"name": "shop-api", "ip_fqdn": "api", "port": 8080, "cluster_id": 1}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(
        dialect="api-server", users=USERS, clusters=["edge"], cluster_key="the-key"
    ) as running:
        yield running


@pytest.fixture
def admin(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with open_client(sandbox) as client:
        yield client


@contextmanager
def open_client(sandbox: Sandbox, user: str = "admin") -> Iterator[httpx.Client]:
    """Open a client that keeps no connection, as after a 500 it may not."""
    with httpx.Client(
        base_url=f"{sandbox.url}/api/v1",
        trust_env=False,
        verify=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    ) as client:
        login = {"username": user, "password": USERS[f"{user}@example.com"]}
        token = client.post("/auth/login", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def create(client: httpx.Client, name: str = "shop-api", **more: object) -> dict[str, Any]:
    made = client.post("/services", json={**SERVICE, "name": name, **more})
    assert made.status_code == 201, made.text
    service: dict[str, Any] = made.json()
    return service


def list_names(client: httpx.Client, **query: object) -> list[str]:
    answer = client.get("/services", params={name: str(query[name]) for name in query})
    assert answer.status_code == 200, answer.text
    return [service["name"] for service in answer.json()["services"]]


def read_claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def log_in(client: httpx.Client, **more: str) -> httpx.Response:
    body = {"username": "admin@example.com", "password": "password", **more}
    return client.post("/auth/login", json=body)


def test_a_login_gives_a_token_that_ends_earlier_than_it_says(admin: httpx.Client) -> None:
    before = int(time.time())
    answer = log_in(admin).json()
    assert answer["requires_2fa"] is False
    assert answer["expires_in"] == 3600
    claims = read_claims(answer["access_token"])
    assert claims["exp"] - claims["iat"] == 1800
    assert before <= claims["iat"] <= time.time()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "admin", "password": "wrong-password"}, 401),
        ({"username": "nobody", "password": "password"}, 401),
        ({"username": "admin", "password": "short"}, 422),
        ({"username": "admin"}, 422),
    ],
)
def test_a_wrong_login_is_refused(admin: httpx.Client, body: dict[str, str], status: int) -> None:
    assert admin.post("/auth/login", json=body).status_code == status


def test_a_second_factor_is_asked_for(sandbox: Sandbox, admin: httpx.Client) -> None:
    secret = b"12345678901234567890"
    sandbox.accounts.users[0].totp_secret = base64.b32encode(secret).decode()
    asked = log_in(admin)
    assert asked.status_code == 200
    assert asked.json()["requires_2fa"] is True
    assert asked.json()["access_token"] is None
    digest = hmac.digest(secret, (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1)
    number = int.from_bytes(digest[digest[-1] & 15 :][:4], "big") % 2**31 % 10**6
    code = f"{number:06}"
    wrong = f"{(number + 1) % 10**6:06}"
    assert log_in(admin, totp_code=wrong).status_code == 401
    assert log_in(admin, totp_code=code).json()["access_token"]


def test_a_token_is_refreshed_by_a_refresh_token_alone(admin: httpx.Client) -> None:
    tokens = log_in(admin).json()
    fresh = admin.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200
    token = {"Authorization": f"Bearer {fresh.json()['access_token']}"}
    assert admin.get("/auth/me", headers=token).json()["email"] == "admin@example.com"
    for wrong in (tokens["access_token"], "x.y.z", ""):
        assert admin.post("/auth/refresh", json={"refresh_token": wrong}).status_code == 401


def test_who_may_not_ask(sandbox: Sandbox, admin: httpx.Client) -> None:
    refresh = log_in(admin).json()["refresh_token"]
    statuses = [
        admin.get("/services", headers={"Authorization": header}).status_code
        for header in ("", "Basic x", "Bearer the-key", f"Bearer {refresh}")
    ]
    assert statuses == [403, 403, 401, 401]
    sandbox.accounts.users[0].is_active = False
    gone = admin.get("/services")
    assert (gone.status_code, gone.json()) == (404, {"detail": "User not found"})
    assert log_in(admin).status_code == 401


def test_an_old_token_is_401() -> None:
    with (
        Sandbox(dialect="api-server", users=USERS, token_seconds=0) as sandbox,
        open_client(sandbox) as client,
    ):
        assert client.get("/services").status_code == 401


def test_a_service_is_created_with_defaults_and_its_secret(admin: httpx.Client) -> None:
    plain, jwt, basic = (
        create(admin, auth_type, auth_type=auth_type) for auth_type in ("none", "jwt", "base64")
    )
    assert plain["protocol"] == "tcp"
    assert plain["jwt_expiry"] == 3600
    assert (plain["jwt_secret"], plain["token_base64"]) == (None, None)
    assert jwt["jwt_secret"]
    assert basic["token_base64"]
    assert admin.get(f"/services/{jwt['id']}").json() == jwt
    assert admin.get("/services").json()["services"] == [basic, jwt, plain]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"protocol": "grpc"}, "protocol"),
        ({"auth_type": "oauth"}, "auth_type"),
        ({"port": 0}, "port"),
        ({"health_check_interval": 4}, "health_check_interval"),
        ({"jwt_expiry": 299}, "jwt_expiry"),
        ({"collection": "x" * 101}, "collection"),
        ({"tls_enabled": None}, "tls_enabled"),
    ],
)
def test_creating_is_checked_and_echoes(
    admin: httpx.Client, change: dict[str, object], where: str
) -> None:
    refused = admin.post("/services", json=SERVICE | change)
    assert refused.status_code == 422
    (problem,) = refused.json()["detail"]
    assert problem["loc"] == ["body", where]
    assert problem["input"] == change[where]


def test_a_cluster_is_required_and_has_to_be_there(admin: httpx.Client) -> None:
    body = {name: SERVICE[name] for name in SERVICE if name != "cluster_id"}
    missing = admin.post("/services", json=body)
    assert missing.status_code == 422
    assert missing.json()["detail"][0]["type"] == "missing"
    assert missing.json()["detail"][0]["input"] == body
    assert admin.post("/services", json=SERVICE | {"cluster_id": 9}).status_code == 404


def test_a_name_is_taken_in_all_clusters_and_after_a_soft_delete(admin: httpx.Client) -> None:
    service = create(admin)
    create(admin, "Shop-API")
    assert admin.delete(f"/services/{service['id']}").status_code == 204
    taken = admin.post("/services", json=SERVICE | {"cluster_id": 2})
    assert taken.status_code == 400
    assert taken.json() == {"detail": "Service with name 'shop-api' already exists"}


def test_deleting_is_soft_unless_permanent(admin: httpx.Client) -> None:
    path = f"/services/{create(admin)['id']}"
    assert [admin.delete(path).status_code for _ in range(2)] == [204, 204]
    assert admin.get(path).json()["is_active"] is False
    assert list_names(admin) == []
    assert list_names(admin, active_only=False) == ["shop-api"]
    assert admin.patch(path, json={"is_active": True}).json()["is_active"] is True
    assert list_names(admin) == ["shop-api"]
    permanent = {"permanent": "true"}
    statuses = [admin.delete(path, params=permanent).status_code for _ in range(2)]
    assert statuses == [204, 404]
    create(admin)


def test_a_list_comes_in_pages_newest_first(admin: httpx.Client) -> None:
    for number in range(103):
        create(admin, f"s{number}", cluster_id=1 + number % 2)
    names = [f"s{number}" for number in reversed(range(103))]
    assert list_names(admin) == names[:100]
    assert list_names(admin, skip=100) == names[100:]
    assert list_names(admin, skip=2, limit=3) == names[2:5]
    assert list_names(admin, cluster_id=2, limit=1000) == names[1::2]
    assert list_names(admin, collection="nothing", limit=1000) == names, "not a filter"
    assert admin.get("/services?cluster_id=2&limit=1").json()["total"] == 51


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "skip=-1", "active_only=2", "cluster_id=a"]
)
def test_a_wrong_parameter_is_422(admin: httpx.Client, query: str) -> None:
    refused = admin.get(f"/services?{query}")
    name, _, sent = query.partition("=")
    assert refused.status_code == 422
    (problem,) = refused.json()["detail"]
    assert (problem["loc"], problem["input"]) == (["query", name], sent)


def test_a_patch_is_partial_and_ignores_what_it_does_not_know(admin: httpx.Client) -> None:
    before = create(admin, collection="shop")
    ignored = {"cluster_id": 2, "jwt_expiry": 600, "jwt_algorithm": "HS512", "colour": "red"}
    answer = admin.patch(
        f"/services/{before['id']}", json={"port": 81, "collection": None, **ignored}
    )
    after = answer.json()
    assert answer.status_code == 200
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before | {"port": 81, "collection": None}


@pytest.mark.parametrize(
    ("poison", "cure"),
    [
        ({"protocol": "grpc"}, {"protocol": "https"}),
        ({"auth_type": "oauth"}, {"auth_type": "none"}),
        ({"tls_enabled": None}, {"tls_enabled": False}),
        ({"health_check_interval": None}, {"health_check_interval": 5}),
        ({"collection": "x" * 101}, {"collection": None}),
    ],
)
def test_a_patch_poisons_the_list_until_it_is_mended(
    admin: httpx.Client, poison: dict[str, object], cure: dict[str, object]
) -> None:
    service = create(admin)
    create(admin, "newer")
    path = f"/services/{service['id']}"
    poisoned = admin.patch(path, json=poison)
    assert (poisoned.status_code, poisoned.text) == (500, "Internal Server Error")
    assert poisoned.headers["Content-Type"].startswith("text/plain")
    assert admin.get("/services").status_code == 500
    assert admin.get(path).status_code == 500
    assert list_names(admin, limit=1) == ["newer"], "a page without the row is fine"
    config = admin.get("/config/1", headers={"Cluster-API-Key": "the-key"}).json()
    rows = {row["name"]: row for row in config["services"]}
    row = rows["shop-api"]
    told = {
        "protocol": row["protocol"],
        "collection": row["collection"],
        "auth_type": row["auth"]["type"],
        "tls_enabled": row["tls"]["enabled"],
        "tls_verify": row["tls"]["verify"],
    }
    untold = {"health_check_enabled", "health_check_interval"}
    assert told.items() | dict.fromkeys(untold).items() >= poison.items()
    assert row["health_check"] is None
    assert admin.patch(path, json=cure).status_code == 200
    assert list_names(admin) == ["newer", "shop-api"]


@pytest.mark.parametrize("change", [{"name": "taken"}, {"name": None}, {"port": None}])
def test_a_patch_that_the_table_refuses_is_500_and_not_saved(
    admin: httpx.Client, change: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    create(admin, "taken")
    service = create(admin)
    assert admin.patch(f"/services/{service['id']}", json=change).status_code == 500
    assert admin.get(f"/services/{service['id']}").json() == service
    assert "IntegrityError" in capsys.readouterr().err


def test_what_a_patch_does_check(admin: httpx.Client) -> None:
    path = f"/services/{create(admin)['id']}"
    wrong: list[Any] = [{"port": 0}, {"name": ""}, {"tls_enabled": "perhaps"}, []]
    assert [admin.patch(path, json=body).status_code for body in wrong] == [422] * 4
    assert admin.patch("/services/9", json={}).status_code == 404


def test_a_change_of_auth_type_makes_no_secret_but_a_rotation_does(admin: httpx.Client) -> None:
    path = f"/services/{create(admin)['id']}"
    assert admin.patch(path, json={"auth_type": "jwt"}).json()["jwt_secret"] is None
    first, second = (
        admin.post(f"{path}/rotate-token", json={"auth_type": "jwt"}).json() for _ in range(2)
    )
    assert first["new_jwt_secret"] != second["new_jwt_secret"]
    assert admin.get(path).json()["jwt_secret"] == second["new_jwt_secret"]
    assert admin.post(f"{path}/rotate-token", json={"auth_type": "none"}).status_code == 400
    assert admin.post("/services/9/rotate-token", json={"auth_type": "jwt"}).status_code == 404


def test_what_is_not_there(admin: httpx.Client) -> None:
    create(admin)
    statuses = {
        "put": admin.put("/services/1", json=SERVICE).status_code,
        "import": admin.post("/services/import", json={}).status_code,
        "mappings": admin.get("/mappings").status_code,
        "slash": admin.get("/services/").status_code,
        "id": admin.get("/services/x").status_code,
    }
    assert statuses == {"put": 405, "import": 405, "mappings": 404, "slash": 307, "id": 422}
    assert admin.post("/services/import", json={}).headers["Allow"] == "GET"


def test_the_document_is_public_and_shows_what_can_be_done(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/api/openapi.json"
    paths = httpx.get(url, trust_env=False, verify=False).json()["paths"]
    assert paths["/api/v1/services/{service_id}"].keys() == {"get", "patch", "delete"}
    assert not [path for path in paths if "import" in path or "mapping" in path]


def test_a_cluster_shows_its_configuration_for_its_key(admin: httpx.Client) -> None:
    create(admin)
    create(admin, "far", cluster_id=2)
    gone = create(admin, "gone")
    admin.delete(f"/services/{gone['id']}")
    key = {"Cluster-API-Key": "the-key"}
    config = admin.get("/config/1", headers=key).json()
    assert [service["name"] for service in config["services"]] == ["shop-api"]
    assert config["mappings"] == []
    assert admin.get("/config/validate/1", headers=key).json()["valid"] is True
    first, second = (admin.get("/config/version/1", headers=key).json() for _ in range(2))
    assert first["config_version"] != second["config_version"]
    assert admin.get("/config/9", headers=key).status_code == 404
    assert admin.get("/config/1", headers={"Cluster-API-Key": "other"}).status_code == 401
    assert admin.get("/config/1").status_code == 422


def test_clusters_are_listed_with_the_hash_of_their_key(admin: httpx.Client) -> None:
    listed = admin.get("/clusters").json()
    assert listed["total"] == 2
    assert [cluster["name"] for cluster in listed["clusters"]] == ["edge", "default"]
    assert [cluster["is_default"] for cluster in listed["clusters"]] == [False, True]
    assert all(cluster["api_key_hash"] for cluster in listed["clusters"])


def test_a_user_sees_only_what_is_assigned(sandbox: Sandbox, admin: httpx.Client) -> None:
    create(admin)
    mine = create(admin, "mine")
    bob = sandbox.accounts.users[1]
    assignment = {"user_id": bob.id, "service_id": mine["id"]}
    path = f"/users/{bob.id}/service-assignments"
    assert admin.post(path, json=assignment).status_code == 201
    with open_client(sandbox, "bob") as client:
        assert client.get("/auth/me").json()["is_admin"] is False
        assert client.get("/services").json() == {"total": 1, "services": [mine]}
        assert client.get("/services/1").status_code == 403
        assert client.patch(f"/services/{mine['id']}", json={"port": 1}).status_code == 200
        assert client.post("/services", json=SERVICE).status_code == 400, "taken, though unseen"
        assert client.post(path, json=assignment).status_code == 403
    assert admin.delete(f"/services/{mine['id']}?permanent=true").status_code == 204


def test_one_name_at_once_is_created_once(sandbox: Sandbox) -> None:
    statuses: list[int] = []

    def post() -> None:
        with open_client(sandbox) as client:
            statuses.append(client.post("/services", json=SERVICE).status_code)

    run_at_once(8, post)
    assert sorted(statuses) == [201] + [400] * 7


def test_a_crowd_of_requests_stalls() -> None:
    rule = "GET /healthz:delay=60s"
    with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
        with Sandbox(dialect="api-server", users=USERS, stall_seconds=60, faults=[rule]) as sandbox:
            url = f"{sandbox.url}/healthz"
            crowd = [threading.Thread(target=client.get, args=(url,)) for _ in range(28)]
            for thread in crowd:
                thread.start()
            while sandbox.traffic.most_requests < 28:
                time.sleep(0.01)
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(
                    f"{sandbox.url}/api/openapi.json", trust_env=False, verify=False, timeout=0.2
                )
        for thread in crowd:
            thread.join()
    assert sandbox.traffic.most_requests == 29


def run_at_once(number: int, work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_it_counts_connections_and_requests_at_once(sandbox: Sandbox) -> None:
    with httpx.Client(trust_env=False, verify=False) as one:
        for _ in range(3):
            one.get(f"{sandbox.url}/healthz")
        assert sandbox.traffic.most_connections == 1
        with httpx.Client(trust_env=False, verify=False) as other:
            other.get(f"{sandbox.url}/healthz")
        assert sandbox.traffic.most_connections == 2
    assert sandbox.traffic.most_requests == 1


def test_a_file_keeps_services_and_assignments(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.db"
    arguments: dict[str, Any] = {"dialect": "api-server", "users": USERS, "clusters": ["edge"]}
    with Sandbox(database=database, **arguments) as first, open_client(first) as client:
        service = create(client, cluster_id=2)
        client.post(
            "/users/2/service-assignments", json={"user_id": 2, "service_id": service["id"]}
        )
        old = dict(client.headers)
    with Sandbox(database=database, **arguments) as second, open_client(second, "bob") as client:
        assert client.get("/services").json()["services"] == [service]
        assert client.get("/clusters").json()["total"] == 2
        assert client.get("/services", headers=old).status_code == 401, "tokens are not kept"
