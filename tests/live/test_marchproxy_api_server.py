"""The `api-server` dialect over real sockets: what only it does, and all that can go wrong."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.core.secret import Masked
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.live.marchproxy.login import read_life
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.live.marchproxy.one_time_code import one_time_code
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.model.record import Desired, Live
from tests.live.small_api_server import ERROR, HANG_UP, PASSWORD, Reply, SmallApiServer, serve_small
from tests.models import read_app

QUICK = Patience(connect=2, read=2, first_wait=0.01, longest_wait=0.05, total=5)
TOTP = "JBSWY3DPEHPK3PXP"
SPEC = """
penguin: 1
app: {name: shop, version: 1.2.3}
services:
  api: {port: 8080, auth: jwt, tls: {enabled: true, verify: false}}
  web: {host: frontend, port: 80, health_check: false}
  worker: {port: 50051, protocol: grpc}
routes:
  external: {from: [external], to: [web, api], listen: {port: 443, protocol: https}}
environments:
  default:
    marchproxy: %s
"""
API, WEB, WORKER = (Address("service", f"shop-{name}") for name in ("api", "web", "worker"))


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_PASSWORD", PASSWORD)
    monkeypatch.setenv("MP_TOTP", TOTP)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[SmallApiServer]:
    with serve_small(SmallApiServer()) as running:
        yield running


@pytest.fixture
def backend(server: SmallApiServer) -> Iterator[MarchProxyBackend]:
    with closing(connect(server.url)) as one:
        yield one


def connect(url: str, manners: Manners | None = None, **changes: Any) -> MarchProxyBackend:
    given = {
        "url": url,
        "username": "admin",
        "password": {"secret": "env:MP_PASSWORD"},
        "protocol_map": {"grpc": "https"},
        **changes,
    }
    app = read_app(SPEC % json.dumps({k: one for k, one in given.items() if one is not None}))
    assert app.environment.gateway is not None
    return MarchProxyBackend(app.environment.gateway, app, patience=QUICK, manners=manners)


def wanted(backend: MarchProxyBackend, address: Address) -> Desired:
    return next(one for one in backend.project(backend._app) if one.address == address)


def create(desired: Desired) -> Change:
    return Change(
        address=desired.address,
        klass=ChangeClass.CREATE,
        action=Action.CREATE,
        writes=desired.fields,
    )


def change(live: Live, action: Action, **writes: object) -> Change:
    return Change(
        address=live.address,
        klass=ChangeClass.UPDATE,
        action=action,
        writes=writes or None,
        precondition=live.digest,
    )


def make(backend: MarchProxyBackend, address: Address) -> Live:
    live = backend.write(create(wanted(backend, address)))
    assert live is not None
    return live


def strike(
    server: SmallApiServer, method: str, reply: Reply, times: int = 1, *, done: bool
) -> None:
    """Answer so many requests of a method to services otherwise, the work done or not."""
    left = [reply] * times

    def hook(given: str, path: str, _: Any) -> Reply | None:
        meant = given == method and path.startswith("/api/v1/services")
        return left.pop() if meant and left else None

    if done:
        server.after = hook
    else:
        server.before = hook


# What it is, and who we are.


@pytest.mark.parametrize("document", [True, False])
def test_it_is_found_out(server: SmallApiServer, *, document: bool) -> None:
    server.document = document
    with closing(connect(server.url)) as backend:
        assert backend.read().live == {}
        version = " 1.0.0" if document else ""
        assert backend.describe() == f"{server.url} (api-server{version})"
        assert backend.kinds == ("service",)


def test_reading_is_one_pass_and_one_login(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    backend.read()
    backend.read()
    pages = [one for one in server.requests if one.startswith("GET /api/v1/services?")]
    assert pages == ["GET /api/v1/services?skip=0&limit=1000&active_only=false"] * 2
    assert server.requests.count("POST /api/v1/auth/login") == 1


def test_routes_are_told_as_not_supported(backend: MarchProxyBackend) -> None:
    (warning,) = backend.read().warnings
    assert "api-server" in warning
    assert "1 route (shop-external)" in warning


def test_the_second_factor(server: SmallApiServer) -> None:
    server.totp = lambda: one_time_code(TOTP, time.time())
    with closing(connect(server.url)) as backend:
        with pytest.raises(GatewayDenied, match="needs a second factor") as caught:
            backend.read()
        assert "totp" in (caught.value.hint or "")
    with closing(connect(server.url, totp={"secret": "env:MP_TOTP"})) as backend:
        assert backend.read().live == {}


def test_a_wrong_password_stops_the_run_and_is_not_told(
    server: SmallApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MP_PASSWORD", "canary-wrong-one")
    with closing(connect(server.url)) as backend:
        with pytest.raises(GatewayDenied, match="401: Invalid credentials") as caught:
            backend.read()
        assert "canary" not in caught.value.message + (caught.value.hint or "")
        assert "user admin" in (caught.value.hint or "")


@pytest.mark.parametrize("missing", ["username", "password"])
def test_missing_credentials_are_named(server: SmallApiServer, missing: str) -> None:
    with (
        closing(connect(server.url, **{missing: None})) as backend,
        pytest.raises(GatewayDenied, match=r"environments\.default\.marchproxy"),
    ):
        backend.read()


def test_a_token_of_the_spec_is_used_as_it_is(
    server: SmallApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MP_TOKEN", server._grant()["access_token"])
    with closing(connect(server.url, username=None, token={"secret": "env:MP_TOKEN"})) as backend:
        assert backend.read().live == {}
        server.tokens.clear()
        with pytest.raises(GatewayDenied, match="401") as caught:
            backend.read()
        assert "env:MP_TOKEN" in (caught.value.hint or "")
    assert not [one for one in server.requests if "login" in one]


def test_a_token_is_renewed_before_its_own_end(server: SmallApiServer) -> None:
    server.life = 0.5
    with closing(connect(server.url)) as backend:
        backend.read()
        time.sleep(0.42)
        server.life = 1800
        backend.read()
    assert "POST /api/v1/auth/refresh" in server.requests
    assert server.requests.count("POST /api/v1/auth/login") == 1


def test_a_refresh_that_is_refused_is_a_login(server: SmallApiServer) -> None:
    server.life = 0.5
    with closing(connect(server.url)) as backend:
        backend.read()
        time.sleep(0.42)
        server.refresh_tokens.clear()
        backend.read()
    assert server.requests.count("POST /api/v1/auth/login") == 2


def test_a_401_in_the_middle_logs_in_once_more_and_then_stops(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    backend.read()
    server.tokens.clear()
    assert make(backend, WEB).fields["port"] == 80
    assert server.requests.count("POST /api/v1/auth/login") == 2
    server.tokens.clear()
    with pytest.raises(GatewayDenied) as caught:
        backend.read()
    assert caught.value.fatal
    assert server.requests.count("POST /api/v1/auth/login") == 2


def test_a_deactivated_user_is_no_missing_service(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    live = make(backend, WEB)
    server.before = lambda *_: Reply(404, {"detail": "User not found"})
    for action in (Action.DELETE, Action.UPDATE):
        with pytest.raises(GatewayDenied, match="still active"):
            backend.write(change(live, action, port=1))
    assert server.named("shop-web")[0]["is_active"]


def test_no_secret_in_the_log_of_requests(server: SmallApiServer) -> None:
    lines: list[str] = []
    server.totp = lambda: one_time_code(TOTP, time.time())
    manners = Manners(log=lines.append)
    with closing(connect(server.url, manners, totp={"secret": "env:MP_TOTP"})) as backend:
        make(backend, API)
        shown = "\n".join(lines)
    assert "> POST" in shown
    assert "< 201 POST" in shown
    assert '"ip_fqdn": "api"' in shown
    row = server.named("shop-api")[0]
    for secret in (PASSWORD, TOTP, row["jwt_secret"], *server.tokens, *server.refresh_tokens):
        assert secret not in shown


def test_a_clock_that_says_nothing_is_no_reason_to_log_in_all_the_time(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    server._grant = lambda: {"access_token": "a." + "e30" + ".b"}  # type: ignore[method-assign]
    server.tokens["a.e30.b"] = time.time() + 60
    for _ in range(3):
        backend.read()
    assert server.requests.count("POST /api/v1/auth/login") == 1
    past = base64.urlsafe_b64encode(json.dumps({"exp": time.time() - 7200}).encode()).decode()
    assert read_life(Masked(f"a.{past}.b")) == math.inf
    assert read_life(Masked(f"a.{past}.b".replace("=", ""))) == math.inf
    told = base64.urlsafe_b64encode(json.dumps({"exp": 5000, "iat": 3200}).encode()).decode()
    assert read_life(Masked(f"a.{told}.b")) == 1800
    assert read_life(Masked("no-jwt")) == math.inf


# Clusters.


def test_a_cluster_by_name(server: SmallApiServer) -> None:
    with closing(connect(server.url, cluster="edge")) as backend:
        assert make(backend, WEB).remote["cluster_id"] == 2
    with (
        closing(connect(server.url, cluster="nowhere")) as backend,
        pytest.raises(GatewayDenied, match=r"no cluster 'nowhere'.*edge, main"),
    ):
        backend.read()


def test_another_cluster_or_collection_owns_its_names(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    server.add("shop-api", collection="other")
    server.add("shop-web", collection="shop", cluster_id=2)
    server.add("shop-worker", collection="other", is_active=False)
    owners = {address: live.owner for address, live in backend.read().live.items()}
    kept = "collection other, deleted there but keeping its name"
    assert owners == {API: "collection other", WEB: "cluster 2", WORKER: kept}


def test_a_cluster_cannot_be_changed_in_place(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    old = server.add("shop-web", collection="shop", cluster_id=2)
    live = backend.read().live[WEB]
    assert live.fixed == {"cluster_id": (2, 1)}
    fields = dict(wanted(backend, WEB).fields)
    made = backend.write(change(live, Action.REPLACE, **fields, cluster_id=1))
    assert made is not None
    (row,) = server.named("shop-web")
    assert (row["cluster_id"], row["id"] != old["id"]) == (1, True)
    assert f"DELETE /api/v1/services/{old['id']}?permanent=true" in server.writes
    assert backend.read().live[WEB] == made


# Reading.


def test_all_pages_are_read(server: SmallApiServer, backend: MarchProxyBackend) -> None:
    for number in range(2500):
        server.add(f"shop-{number}", collection="shop")
    assert len(backend.read().live) == 2500
    assert len([one for one in server.requests if "limit=1000" in one]) == 3


def test_a_list_that_moves_is_read_again(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    for number in range(1500):
        server.add(f"shop-{number}", collection="shop")
    moves = [1, 1]

    def move(_method: str, path: str, _body: Any) -> None:
        if "skip=1000" in path and moves:
            moves.pop()
            server.add(f"shop-new-{len(moves)}", collection="shop")

    server.before = move
    assert len(backend.read().live) == 1502
    moves.extend([1] * 100)
    with pytest.raises(GatewayFailure, match="changed while it was read, 5 times"):
        backend.read()


def test_a_list_that_counts_more_than_it_shows(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    """A service that was assigned to a user twice is counted and shown twice, to that user."""
    for number in range(1200):
        server.add(f"shop-{number}", collection="shop")
    server.assigned_twice |= {"shop-3", "shop-700", "shop-1100"}
    with pytest.raises(GatewayFailure, match="there are 1203 services and shows 1200") as caught:
        backend.read()
    assert f"GET {server.url}/api/v1/services" in caught.value.message
    server.admin = False
    assert len(backend.read().live) == 1200


def test_a_count_of_what_nobody_sees_is_no_hidden_page(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    """A server that counts first and hides then: rows may stand behind an empty page."""
    server.admin = False
    for number in range(5):
        server.add(f"shop-{number}", collection="shop")

    def hide(method: str, path: str, _: Any) -> Reply | None:
        if method != "GET" or "/services?" not in path:
            return None
        shown = [one for one in server.rows.values() if one["id"] < 3]
        return Reply(body={"total": 5, "services": shown if "skip=0&" in path else []})

    server.before = hide
    assert len(backend.read().live) == 2


def test_a_poisoned_list_says_how_to_mend_it(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    server.add("someones", protocol="grpc")
    with pytest.raises(GatewayFailure, match="500") as caught:
        backend.read()
    assert "/api/v1/config/" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(502, b"<html>", "text/html"), "502"),
        (Reply(200, b"<html>Sign in</html>", "text/html"), "text/html, not JSON"),
        (Reply(302, headers={"Location": "https://login.example.com/"}), "redirects"),
        (Reply(200, b'{"services": [', length=500), "hung up before"),
        (Reply(200, {"services": []}), "tells no total"),
        (Reply(200, {"items": []}), "no list of services"),
        (Reply(200, b"[1]"), "no JSON object"),
        (HANG_UP, "hung up|cut before"),
    ],
)
def test_an_answer_that_is_none_is_told_plainly(
    server: SmallApiServer, backend: MarchProxyBackend, reply: Reply, told: str
) -> None:
    strike(server, "GET", reply, 99, done=False)
    with pytest.raises(GatewayFailure, match=told) as caught:
        backend.read()
    assert f"{server.url}/api/v1/services" in caught.value.message
    assert caught.value.hint


# Writing.


def test_only_what_differs_is_sent_and_read_back(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    live = make(backend, WEB)
    server.named("shop-web")[0].update(jwt_expiry=900, health_check_interval=77)
    live = backend.read().live[WEB]
    start = len(server.requests)
    changed = backend.write(change(live, Action.UPDATE, port=81))
    assert changed is not None
    path = f"/api/v1/services/{live.remote['id']}"
    assert server.requests[start:] == [f"PATCH {path}", f"GET {path}"]
    assert {"port": 81} in server.bodies
    assert changed.fields["health_check_interval"] == 77


def test_nothing_that_poisons_is_sent(server: SmallApiServer, backend: MarchProxyBackend) -> None:
    live = make(backend, WEB)
    before = server.writes
    for name, value in (("protocol", "grpc"), ("auth_type", "oauth"), ("port", 0)):
        with pytest.raises(GatewayFailure, match=r"nothing was sent|doesn't take|takes 1"):
            backend.write(change(live, Action.UPDATE, **{name: value}))
    with pytest.raises(GatewayFailure, match="tls_enabled is null"):
        backend.write(change(live, Action.UPDATE, tls_enabled=None))
    assert server.writes == before


def test_a_protocol_without_a_map_is_a_problem_with_a_way_out(server: SmallApiServer) -> None:
    with closing(connect(server.url, protocol_map=None)) as backend:
        backend.read()
        (problem,) = backend.problems(wanted(backend, WORKER))
    assert problem.startswith("service/shop-worker: an `api-server` MarchProxy doesn't take")
    assert "environments.default.marchproxy.protocol_map" in problem


def test_a_deleted_name_is_revived(server: SmallApiServer, backend: MarchProxyBackend) -> None:
    live = make(backend, API)
    assert backend.write(change(live, Action.DELETE)) is None
    assert server.named("shop-api")[0]["is_active"] is False
    assert API not in backend.read().live
    assert server.rows.keys() == {live.remote["id"]}
    again = make(backend, API)
    assert (again.remote["id"], server.rows[again.remote["id"]]["is_active"]) == (
        live.remote["id"],
        True,
    )
    assert again.fields == live.fields


def test_a_foreign_deleted_name_is_revived_where_a_person_decided_so(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    server.add("shop-web", collection="other", is_active=False)
    live = backend.read().live[WEB]
    backend.write(change(live, Action.UPDATE, **wanted(backend, WEB).fields))
    (row,) = server.named("shop-web")
    assert (row["is_active"], row["collection"]) == (True, "shop")


def test_a_name_that_only_an_admin_sees(server: SmallApiServer, backend: MarchProxyBackend) -> None:
    server.add("shop-web", collection="shop")
    server.hidden.add("shop-web")
    with pytest.raises(GatewayFailure, match=r"already exists.*in no list that this user may see"):
        make(backend, WEB)


def test_a_name_taken_between_plan_and_apply(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    backend.read()
    row = dict(server.add("shop-web", collection="other"))
    with pytest.raises(GatewayFailure, match="owned by collection other") as caught:
        make(backend, WEB)
    assert "--use-spec service/shop-web" in (caught.value.hint or "")
    assert server.named("shop-web") == [row]


def test_a_change_of_auth_type_gets_a_secret(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    live = make(backend, WEB)
    for kind, secret in (("jwt", "jwt_secret"), ("base64", "token_base64")):
        changed = backend.write(change(live, Action.UPDATE, auth_type=kind))
        assert changed is not None
        live = changed
        stored = server.named("shop-web")[0][secret]
        assert stored
        assert stored not in repr(live)
        assert {"auth_type": kind} in server.bodies
    assert [one for one in server.writes if "rotate" in one] == [
        f"POST /api/v1/services/{live.remote['id']}/rotate-token"
    ] * 2


def test_a_secret_that_a_killed_run_left_out_is_seen(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    live = make(backend, API)
    server.named("shop-api")[0]["jwt_secret"] = None
    seen = backend.read().live[API]
    assert seen.fields["auth_type"] == "jwt without a secret"
    backend.write(change(seen, Action.UPDATE, auth_type="jwt"))
    assert server.named("shop-api")[0]["jwt_secret"]
    assert backend.read().live[API].fields == live.fields


def test_a_server_that_lies(server: SmallApiServer, backend: MarchProxyBackend) -> None:
    live = make(backend, WEB)

    def lie(method: str, path: str, body: Any) -> Reply | None:
        if method == "PATCH":
            return Reply(body=server.rows[int(path.split("/")[4])] | body)
        return Reply(204) if method == "DELETE" else None

    server.before = lie
    with pytest.raises(GatewayFailure, match="came back is not what was sent: port"):
        backend.write(change(live, Action.UPDATE, port=81))
    with pytest.raises(GatewayFailure, match="still there"):
        backend.write(change(live, Action.DELETE))


FAULTS = {
    "busy": (Reply(503), False),
    "later": (Reply(429, headers={"Retry-After": "0"}), False),
    "proxy": (Reply(502, b"<html>", "text/html"), False),
    "reset": (HANG_UP, False),
    "lost": (HANG_UP, True),
    "half": (Reply(200, b'{"id": 1, ', length=500), True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_what_passes_is_survived_and_done_once(
    server: SmallApiServer, backend: MarchProxyBackend, method: str, fault: str
) -> None:
    reply, done = FAULTS[fault]
    web = make(backend, WEB)
    strike(server, method, reply, done=done)
    make(backend, API)
    changed = backend.write(change(web, Action.UPDATE, port=81))
    assert changed is not None
    assert changed.fields["port"] == 81
    assert backend.write(change(changed, Action.DELETE)) is None
    assert [(one["name"], one["is_active"]) for one in server.rows.values()] == [
        ("shop-web", False),
        ("shop-api", True),
    ]
    assert set(backend.read().live) == {API}


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_500_is_read_back_and_never_repeated(
    server: SmallApiServer, backend: MarchProxyBackend, method: str, *, done: bool
) -> None:
    live = make(backend, WEB)
    strike(server, method, ERROR, done=done)
    todo = {
        "POST": create(wanted(backend, API)),
        "PATCH": change(live, Action.UPDATE, port=81),
        "DELETE": change(live, Action.DELETE),
    }[method]
    start = len(server.writes)
    if done:
        backend.write(todo)
    else:
        with pytest.raises(GatewayFailure, match="500"):
            backend.write(todo)
    assert len(server.writes) == start + 1
    if not done:
        backend.write(todo)
    assert len({one["name"] for one in server.rows.values()}) == len(server.rows)


def test_a_500_between_auth_type_and_its_secret_is_finished_by_the_next_run(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    live = make(backend, WEB)
    strike(server, "POST", ERROR, done=False)
    with pytest.raises(GatewayFailure, match=r"rotate-token.*500"):
        backend.write(change(live, Action.UPDATE, auth_type="jwt"))
    seen = backend.read().live[WEB]
    assert seen.fields["auth_type"] != "jwt"
    backend.write(change(seen, Action.UPDATE, auth_type="jwt"))
    assert backend.read().live[WEB].fields["auth_type"] == "jwt"


def test_a_replacement_that_was_cut_in_half_is_created_by_the_next_run(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    server.add("shop-web", collection="shop", cluster_id=2)
    live = backend.read().live[WEB]
    strike(server, "POST", ERROR, done=False)
    with pytest.raises(GatewayFailure, match=r"500.*deleted to be created anew"):
        backend.write(change(live, Action.REPLACE, **wanted(backend, WEB).fields))
    assert WEB not in backend.read().live
    make(backend, WEB)
    assert len(server.named("shop-web")) == 1


def test_two_applies_at_once_make_one_service(
    server: SmallApiServer, backend: MarchProxyBackend
) -> None:
    with closing(connect(server.url)) as other:
        backend.read()
        other.read()
        theirs, ours = make(other, WEB), make(backend, WEB)
    assert (theirs.remote["id"], theirs.fields) == (ours.remote["id"], ours.fields)
    assert len(server.named("shop-web")) == 1


def test_an_answer_that_comes_too_late_is_read_back(server: SmallApiServer) -> None:
    with closing(connect(server.url)) as backend:
        backend.read()
        backend._client.patience = replace(backend._client.patience, read=0.2)
        late = [True]

        def dawdle(method: str, path: str, _: Any) -> None:
            if method == "POST" and "/services" in path and late:
                late.pop()
                time.sleep(0.5)

        server.after = dawdle
        make(backend, WEB)
        assert len(server.writes) == 1


def test_the_most_connections_are_those_of_the_manners(server: SmallApiServer) -> None:
    with closing(connect(server.url, Manners(parallelism=2))) as backend:
        backend.read()
        server.after = lambda *_: time.sleep(0.02)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: backend.read(), range(12)))
    assert server.most_at_once == 2
