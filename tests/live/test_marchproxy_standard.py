"""The `standard` dialect against a server over real sockets: read, write, and every way to fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from penguin_compile import __version__
from penguin_compile.core.errors import (
    GatewayDenied,
    GatewayFailure,
    PenguinError,
    SecretUnavailable,
)
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.model.record import Desired, Live
from penguin_compile.sandbox.server import Sandbox
from tests.live.scripted_gateway import Reply, serve
from tests.models import read_app

KEY = "canary-2f9c41d0e7"
QUICK = Patience(connect=2, read=2, first_wait=0.01, longest_wait=0.05, total=5)
SPEC = """
penguin: 1
app: {name: shop, version: 1.2.3}
services:
  api: {port: 8080, auth: jwt, tls: {enabled: true, verify: false}}
  web: {host: frontend, port: 80, health_check: false}
  worker: {port: 50051, protocol: grpc, protected: true}
  db: {gateway: false}
routes:
  external: {from: [external], to: [web, api], listen: {port: 443, protocol: https}}
environments:
  default:
    marchproxy: %s
"""
API, WEB, WORKER = (Address("service", f"shop-{name}") for name in ("api", "web", "worker"))
EXTERNAL = Address("mapping", "shop-external")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(cluster_key=KEY) as running:
        yield running


@pytest.fixture
def backend(sandbox: Sandbox) -> Iterator[MarchProxyBackend]:
    with closing(connect(sandbox.url)) as one:
        yield one


def connect(url: object, patience: Patience = QUICK, **changes: Any) -> MarchProxyBackend:
    given = {"url": url, "token": {"secret": "env:CLUSTER_API_KEY"}, **changes}
    app = read_app(SPEC % json.dumps({k: one for k, one in given.items() if one is not None}))
    assert app.environment.gateway is not None
    return MarchProxyBackend(app.environment.gateway, app, patience=patience)


def ask(sandbox: Sandbox, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{sandbox.url}/api/v1{path}"
    answer = httpx.request(method, url, json=body, headers=headers, trust_env=False)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def wanted(backend: MarchProxyBackend) -> dict[Address, Desired]:
    return {one.address: one for one in backend.project(backend._app)}


def create(desired: Desired) -> Change:
    return Change(
        address=desired.address,
        klass=ChangeClass.CREATE,
        action=Action.CREATE,
        writes=desired.fields,
    )


def update(live: Live, **writes: object) -> Change:
    return Change(
        address=live.address,
        klass=ChangeClass.UPDATE,
        action=Action.UPDATE,
        writes=writes,
        precondition=live.digest,
    )


def delete(live: Live) -> Change:
    return replace(update(live), klass=ChangeClass.DELETE, action=Action.DELETE, writes=None)


def create_all(backend: MarchProxyBackend) -> dict[Address, Live]:
    made = {}
    for address, desired in wanted(backend).items():
        live = backend.write(create(desired))
        assert live is not None
        made[address] = live
    return made


def writes_of(sandbox: Sandbox) -> list[str]:
    return [line for line in sandbox.requests if not line.startswith("GET ")]


def test_what_is_created_reads_back_as_it_was_wanted(backend: MarchProxyBackend) -> None:
    assert backend.read().live == {}
    made = create_all(backend)
    live = backend.read().live
    assert live == made
    for address, desired in wanted(backend).items():
        assert {name: live[address].fields[name] for name in desired.fields} == desired.fields
    assert live[EXTERNAL].fields["dest_services"] == ["shop-api", "shop-web"]
    assert set(live[EXTERNAL].fields) == {
        "source_services",
        "dest_services",
        "listen_port",
        "protocol",
    }


def test_the_server_is_described_with_the_version_that_it_tells(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    assert backend.describe() == f"{sandbox.url} (standard)"
    backend.read()
    assert backend.describe() == f"{sandbox.url} (standard 1.0.0)"


def test_reading_is_one_request_for_each_list(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    backend.read()
    backend.read()
    lists = ["GET /api/v1/services", "GET /api/v1/config/1"]
    assert sandbox.requests == ["GET /api/openapi.json", *lists, *lists]


def test_no_secret_of_the_server_is_kept(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    create_all(backend)
    rows = ask(sandbox, "GET", "/services")["services"]
    secrets = [row[name] for row in rows for name in ("jwt_secret", "token_base64")]
    assert len(secrets) == 6
    shown = repr(backend.read().live)
    assert not [one for one in secrets if one in shown]


def test_an_update_keeps_what_others_have_set(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    made = create_all(backend)[WEB]
    row = next(
        one for one in ask(sandbox, "GET", "/services")["services"] if one["name"] == WEB.name
    )
    others = {"jwt_expiry": 900, "jwt_algorithm": "HS512", "health_check_interval": 77}
    ask(sandbox, "PUT", f"/services/{row['id']}", row | others | {"tls_verify": False})
    live = backend.read().live[WEB]
    assert live.digest != made.digest
    changed = backend.write(update(live, port=8081))
    assert changed is not None
    assert changed.fields == {**live.fields, "port": 8081}
    after = next(
        one for one in ask(sandbox, "GET", "/services")["services"] if one["name"] == WEB.name
    )
    assert {name: after[name] for name in others} == others
    assert (after["port"], after["tls_verify"], after["cluster_id"]) == (8081, False, 1)


def test_a_mapping_is_updated_by_import_and_keeps_the_rest(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    live = create_all(backend)[EXTERNAL]
    row = ask(sandbox, "GET", "/config/1")["mappings"][0]
    edited = row | {"description": "by hand", "dest_services": ["shop-web", "shop-api"]}
    ask(sandbox, "POST", "/services/import", {"mappings": [edited]})
    live = backend.read().live[EXTERNAL]
    changed = backend.write(update(live, path_prefix="/v2"))
    assert changed is not None
    assert changed.fields == {**live.fields, "path_prefix": "/v2"}
    assert changed.fields["description"] == "by hand"
    assert changed.remote["id"] == row["id"]


def test_the_ends_of_a_mapping_are_sets(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    create_all(backend)
    before = backend.read().live[EXTERNAL]
    row = ask(sandbox, "GET", "/config/1")["mappings"][0]
    ask(
        sandbox,
        "POST",
        "/services/import",
        {"mappings": [row | {"dest_services": ["shop-web", "shop-api"]}]},
    )
    assert backend.read().live[EXTERNAL].digest == before.digest


def test_a_service_is_deleted_and_one_that_is_gone_is_done(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    made = create_all(backend)
    ask(sandbox, "DELETE", f"/services/{made[WEB].remote['id']}")
    for address in (API, WEB):
        assert backend.write(delete(made[address])) is None
        assert writes_of(sandbox)[-1] == f"DELETE /api/v1/services/{made[address].remote['id']}"
    assert set(backend.read().live) == {WORKER, EXTERNAL}


def test_a_mapping_cannot_be_deleted(backend: MarchProxyBackend) -> None:
    live = create_all(backend)[EXTERNAL]
    assert (backend.can_delete("service"), backend.can_delete("mapping")) == (True, False)
    with pytest.raises(GatewayFailure, match="can't delete a mapping"):
        backend.write(delete(live))
    assert EXTERNAL in backend.read().live


def test_whose_it_is(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    service = {"ip_fqdn": "x", "port": 1}
    for name, collection in (
        ("shop-api", "other"),
        ("shop-web", None),
        ("shop-old", "shop"),
        ("elsewhere", "shop"),
        ("shop-stray", "other"),
        ("unrelated", None),
    ):
        ask(sandbox, "POST", "/services", service | {"name": name, "collection": collection})
    mapping = {"source_services": ["external"], "dest_services": ["x"]}
    names = ("shop-external", "shop-old", "shopping-list", "other")
    mappings = [mapping | {"name": name} for name in names]
    ask(sandbox, "POST", "/services/import", {"mappings": mappings})
    owners = {str(address): live.owner for address, live in backend.read().live.items()}
    assert owners == {
        "service/shop-api": "collection other",
        "service/shop-web": "no collection",
        "service/shop-old": None,
        "service/elsewhere": None,
        "mapping/shop-external": None,
        "mapping/shop-old": None,
    }


def test_a_foreign_resource_is_taken_over_where_a_person_decided_so(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    body = {"name": "shop-api", "ip_fqdn": "x", "port": 1, "collection": "other"}
    ask(sandbox, "POST", "/services", body)
    live = backend.read().live[API]
    backend.write(update(live, **wanted(backend)[API].fields))
    taken = backend.read().live[API]
    assert (taken.owner, taken.fields) == (None, wanted(backend)[API].fields)


def test_writing_what_the_plan_did_not_see_is_refused(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    planned = create_all(backend)
    row = next(
        one for one in ask(sandbox, "GET", "/services")["services"] if one["name"] == API.name
    )
    ask(sandbox, "PUT", f"/services/{row['id']}", row | {"port": 9})
    ask(sandbox, "DELETE", f"/services/{planned[WEB].remote['id']}")
    backend.read()
    before = writes_of(sandbox)
    for change in (
        update(planned[API], port=1),
        delete(planned[API]),
        create(wanted(backend)[API]),
        update(planned[WEB], port=1),
    ):
        with pytest.raises(GatewayFailure, match="is no longer what the plan saw"):
            backend.write(change)
    assert writes_of(sandbox) == before


def test_a_change_after_a_change_needs_no_reading(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    live = create_all(backend)[API]
    for port in (1, 2):
        changed = backend.write(update(live, port=port))
        assert changed is not None
        live = changed
    backend.write(delete(live))
    assert backend.write(create(wanted(backend)[API])) is not None
    assert "GET /api/v1/services" not in sandbox.requests


def test_a_service_that_vanished_is_no_update(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    live = create_all(backend)[API]
    ask(sandbox, "DELETE", f"/services/{live.remote['id']}")
    with pytest.raises(GatewayFailure, match="was deleted after the plan"):
        backend.write(update(live, port=1))


def test_somebody_else_was_faster_with_the_same(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    desired = wanted(backend)[API]
    row = ask(sandbox, "POST", "/services", {**desired.fields, "name": "shop-api"})
    live = backend.write(create(desired))
    assert live is not None
    assert live.remote["id"] == row["id"]


def test_somebody_else_was_faster_with_something_else(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    desired = wanted(backend)[API]
    ask(sandbox, "POST", "/services", {**desired.fields, "name": "shop-api", "port": 9})
    with pytest.raises(GatewayFailure) as caught:
        backend.write(create(desired))
    assert "already exists" in caught.value.message
    assert "port: sent 8080, came 9" in caught.value.message
    assert "plan again" in (caught.value.hint or "")


# Faults of the way: what was done, and what it took.


@pytest.mark.parametrize("fault", ["503:x2", "429:x4", "reset:x2", "lost:x1", "502:x1"])
@pytest.mark.parametrize("what", ["GET /services", "GET /config", "GET /openapi.json"])
def test_reading_survives_what_passes(sandbox: Sandbox, what: str, fault: str) -> None:
    with closing(connect(sandbox.url)) as backend:
        made = create_all(backend)
    with closing(connect(sandbox.url)) as backend:
        sandbox.faults.add(f"{what}:{fault}")
        assert backend.read().live == made


@pytest.mark.parametrize("fault", ["503:x2", "429:x2", "504:x1", "reset:x2", "lost:x1"])
@pytest.mark.parametrize("kind", ["service", "mapping"])
def test_a_create_is_done_exactly_once(sandbox: Sandbox, kind: str, fault: str) -> None:
    address = {"service": API, "mapping": EXTERNAL}[kind]
    with closing(connect(sandbox.url)) as backend:
        sandbox.faults.add(f"POST /services:{fault}")
        live = backend.write(create(wanted(backend)[address]))
        assert backend.read().live == {address: live}


def test_a_create_whose_answer_was_lost_is_read_back_and_not_repeated(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    sandbox.faults.add("POST /services:lost")
    backend.write(create(wanted(backend)[API]))
    assert writes_of(sandbox) == ["POST /api/v1/services"]


def test_a_create_that_was_not_done_is_read_back_before_it_is_repeated(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    sandbox.faults.add("POST /services:reset:x1")
    backend.write(create(wanted(backend)[API]))
    post, read = "POST /api/v1/services", "GET /api/v1/services"
    assert sandbox.requests == ["GET /api/openapi.json", post, read, post]


def test_a_create_is_not_repeated_where_it_cannot_be_read_back(sandbox: Sandbox) -> None:
    with closing(connect(sandbox.url)) as backend:
        backend.read()
        sandbox.faults.add("POST /services:reset")
        sandbox.faults.add("GET /services:503")
        with pytest.raises(GatewayFailure, match="what became of it can't be read") as caught:
            backend.write(create(wanted(backend)[API]))
        assert caught.value.message.startswith("POST ")
        assert writes_of(sandbox) == ["POST /api/v1/services"]


@pytest.mark.parametrize("what", ["POST /services", "POST /import"])
def test_patience_ends_after_five_tries(sandbox: Sandbox, what: str) -> None:
    with closing(connect(sandbox.url)) as backend:
        sandbox.faults.add(f"{what}:503")
        address = EXTERNAL if "import" in what else API
        with pytest.raises(GatewayFailure, match=r"503.*\(5 tries\)"):
            backend.write(create(wanted(backend)[address]))
        assert len(writes_of(sandbox)) == 5


@pytest.mark.parametrize("fault", ["503:x2", "reset:x2", "lost:x2", "lost"])
def test_an_update_and_a_delete_may_be_repeated(sandbox: Sandbox, fault: str) -> None:
    with closing(connect(sandbox.url)) as backend:
        live = create_all(backend)[API]
        sandbox.faults.add(f"PUT /services:{fault}")
        sandbox.faults.add(f"DELETE /services:{fault}")
        live = backend.write(update(live, port=1))
        assert live is not None
        assert backend.read().live[API].fields["port"] == 1
        assert backend.write(delete(live)) is None
        assert API not in backend.read().live


@pytest.mark.parametrize("kind", ["service", "mapping"])
def test_a_500_is_read_back_and_never_repeated(sandbox: Sandbox, kind: str) -> None:
    address = {"service": API, "mapping": EXTERNAL}[kind]
    with closing(connect(sandbox.url)) as backend:
        sandbox.faults.add("POST /services:500:x1")
        with pytest.raises(GatewayFailure, match="500"):
            backend.write(create(wanted(backend)[address]))
        assert len(writes_of(sandbox)) == 1
        assert sandbox.requests[-1].startswith("GET "), "it was looked up"
        assert backend.write(create(wanted(backend)[address])) is not None


def serve_sandbox(sandbox: Sandbox, spoil: dict[str, Reply]) -> Any:
    """The sandbox behind a server that does the work and then answers something else."""

    def answer(line: str) -> Reply:
        method, path = line.split()
        body = bodies.pop(0) if method in ("POST", "PUT") else None
        headers = {"Authorization": f"Bearer {KEY}"}
        real = httpx.request(
            method, sandbox.url + path, json=body, headers=headers, trust_env=False
        )
        spoilt = next((one for start, one in spoil.items() if line.startswith(start)), None)
        return spoilt or Reply(status=real.status_code, body=real.content)

    bodies: list[object] = []
    return serve(answer), bodies


@pytest.mark.parametrize("kind", ["service", "mapping"])
def test_a_500_of_a_write_that_was_done_is_settled(sandbox: Sandbox, kind: str) -> None:
    server, bodies = serve_sandbox(sandbox, {"POST": Reply(status=500, body=b"oops")})
    with server as seen, closing(connect(seen.url)) as backend:
        desired = wanted(backend)[{"service": API, "mapping": EXTERNAL}[kind]]
        row = {**desired.fields, "name": desired.address.name}
        bodies.append(row if kind == "service" else {"mappings": [row]})
        live = backend.write(create(desired))
        assert live is not None
        assert live.fields.items() >= desired.fields.items()
        assert len([line for line in seen.requests if line.startswith("POST")]) == 1


def test_a_change_of_mind_of_the_server_is_told(sandbox: Sandbox) -> None:
    server, bodies = serve_sandbox(sandbox, {})
    with server as seen, closing(connect(seen.url)) as backend:
        desired = wanted(backend)[API]
        bodies.append({**desired.fields, "name": "shop-api", "port": 1, "tls_verify": True})
        with pytest.raises(GatewayFailure) as caught:
            backend.write(create(desired))
        assert "came back is not what was sent" in caught.value.message
        assert "port: sent 8080, came 1" in caught.value.message
        assert "tls_verify: sent False, came True" in caught.value.message


def test_after_a_500_the_next_request_takes_another_connection() -> None:
    row = {"id": 7, "name": "shop-api", "collection": "shop"}

    def answer(line: str) -> Reply:
        if line.startswith("DELETE"):
            deleted.append(line)
            return Reply(status=500, body=b"x" * 100_000)
        rows = [] if deleted else [row]
        return Reply(body=json.dumps({"services": rows, "mappings": []}).encode())

    deleted: list[str] = []
    with serve(answer) as seen, closing(connect(seen.url, dialect="standard")) as backend:
        live = backend.read().live[API]
        assert backend.write(delete(live)) is None
        assert seen.requests[-2:] == ["DELETE /api/v1/services/7", "GET /api/v1/services"]
        assert seen.ports[0] == seen.ports[1] == seen.ports[2] != seen.ports[3]


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_honoured(*, date: bool) -> None:
    def answer(_: str) -> Reply:
        if len(seen.requests) > 1:
            return Reply(body=b'{"services": []}')
        asked = formatdate(time.time() + 2, usegmt=True) if date else "1"
        return Reply(status=429, headers={"Retry-After": asked})

    with serve(answer) as seen, closing(connect(seen.url, dialect="standard")) as backend:
        started = time.monotonic()
        backend.connect().list_services()
        assert 0.9 <= time.monotonic() - started < 3


def test_a_wait_longer_than_the_limit_is_not_begun() -> None:
    busy = Reply(status=503, headers={"Retry-After": "3600"})
    with serve(lambda _: busy) as seen, closing(connect(seen.url, dialect="standard")) as backend:
        started = time.monotonic()
        with pytest.raises(GatewayFailure, match="503"):
            backend.read()
        assert time.monotonic() - started < 1
        assert len(seen.requests) == 1


def test_a_connection_refused_is_tried_again_until_it_is_there() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
    patience = replace(QUICK, first_wait=0.2, longest_wait=0.4)
    with closing(connect(f"http://127.0.0.1:{port}", patience)) as backend:
        with pytest.raises(GatewayFailure, match=r"Connection refused \(5 tries\)") as caught:
            connect(f"http://127.0.0.1:{port}").read()
        assert f"GET http://127.0.0.1:{port}/api/openapi.json" in caught.value.message
        assert "environments.default.marchproxy.url" in (caught.value.hint or "")
        made: list[Live | None] = []
        write = threading.Thread(
            target=lambda: made.append(backend.write(create(wanted(backend)[API])))
        )
        write.start()
        time.sleep(0.1)
        with Sandbox(port=port) as sandbox:
            write.join()
            assert [one.address for one in made if one] == [API]
            assert writes_of(sandbox) == ["POST /api/v1/services"]


def test_many_writes_at_once(sandbox: Sandbox, backend: MarchProxyBackend) -> None:
    changes = [create(one) for one in wanted(backend).values() if one.address.kind == "service"]
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(backend.write, changes))
    assert {one.address: one for one in made if one} == backend.read().live
    assert sandbox.requests.count("GET /api/openapi.json") == 1


# Answers that are none.

LISTS = {"GET /api/v1/services": "services", "GET /api/v1/config/1": "mappings"}


def html(_: str) -> Reply:
    page = f"<html>Sign in {KEY}</html>".encode()
    return Reply(body=page, headers={"Content-Type": "text/html; charset=utf-8"})


def cut(_: str) -> Reply:
    return Reply(body=b'{"services": [', length=5000)


def half(_: str) -> Reply:
    return Reply(body=b'{"services": [')


def redirect(_: str) -> Reply:
    target = f"https://login.example.com/?next={KEY}"
    return Reply(status=302, headers={"Location": target})


def array(_: str) -> Reply:
    return Reply(body=b"[]")


def nameless(_: str) -> Reply:
    return Reply(body=b'{"services": [{"id": 1}], "mappings": []}')


def paged(_: str) -> Reply:
    return Reply(body=b'{"services": [], "mappings": [], "total": 250}')


def nan(_: str) -> Reply:
    return Reply(body=b'{"services": [{"id": 1, "name": "a", "port": NaN}]}')


def nested(_: str) -> Reply:
    return Reply(body=b'{"services": ' + b"[" * 100_000)


def teapot(_: str) -> Reply:
    return Reply(status=418, body=json.dumps({"detail": f"no\n{KEY}\x1b[31m"}).encode())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (html, "text/html, not JSON"),
        (cut, "hung up before its answer was complete"),
        (half, "cut off or wrong"),
        (redirect, "redirects (302) to https://login.example.com"),
        (array, "no JSON object"),
        (nameless, "no list of services"),
        (paged, "0 of 250 services"),
        (nan, "cut off or wrong"),
        (nested, "cut off or wrong"),
        (teapot, "418: no *** [31m"),
    ],
)
def test_an_answer_that_is_none_is_told_plainly(answer: Any, told: str) -> None:
    with serve(answer) as seen, closing(connect(seen.url, dialect="standard")) as backend:
        with pytest.raises(GatewayFailure) as caught:
            backend.read()
        assert told in caught.value.message
        assert f"GET {seen.url}/api/v1/services" in caught.value.message
        assert caught.value.hint
        assert KEY not in caught.value.message + caught.value.hint


def test_a_server_without_document_is_read_as_standard() -> None:
    def answer(line: str) -> Reply:
        if line in LISTS:
            return Reply(body=b'{"services": [], "mappings": []}')
        return Reply(status=404)

    with serve(answer) as seen, closing(connect(seen.url)) as backend:
        assert backend.read().live == {}
        assert backend.describe() == f"{seen.url} (standard)"
        assert seen.headers[0]["User-Agent"] == f"penguin-compile/{__version__}"
        assert "Authorization" not in seen.headers[0], "the document is public"
        assert seen.requests[1] == "GET /api/v1/auth/login", "it has none to log in to"
        assert "Authorization" not in seen.headers[1]
        assert seen.headers[2]["Authorization"] == f"Bearer {KEY}"


def test_a_server_of_something_else_is_refused() -> None:
    document = Reply(body=b'{"paths": {"/pets": {"get": {}}}}')
    with (
        serve(lambda _: document) as seen,
        closing(connect(seen.url)) as backend,
        pytest.raises(GatewayFailure, match="no services API of MarchProxy"),
    ):
        backend.read()


# Credentials.


def test_a_wrong_key_stops_the_run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_API_KEY", "canary-wrong")
    with closing(connect(sandbox.url)) as backend:
        with pytest.raises(GatewayDenied) as caught:
            backend.read()
        assert caught.value.fatal
        assert "401: Invalid cluster API key" in caught.value.message
        assert "env:CLUSTER_API_KEY" in (caught.value.hint or "")
        with pytest.raises(GatewayDenied):
            backend.write(create(wanted(backend)[API]))
        assert sandbox.requests[1:] == ["GET /api/v1/services", "POST /api/v1/services"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_that_comes_late_stops_the_run(sandbox: Sandbox, status: int) -> None:
    with closing(connect(sandbox.url)) as backend:
        live = create_all(backend)[API]
        sandbox.faults.add(f"PUT /services:{status}")
        with pytest.raises(GatewayDenied):
            backend.write(update(live, port=1))


def test_a_missing_variable_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLUSTER_API_KEY")
    with (
        closing(connect(sandbox.url)) as backend,
        pytest.raises(SecretUnavailable, match="CLUSTER_API_KEY"),
    ):
        backend.read()


def test_no_token_in_the_spec(sandbox: Sandbox) -> None:
    with (
        closing(connect(sandbox.url, token=None)) as backend,
        pytest.raises(GatewayDenied, match=r"environments\.default\.marchproxy has no token"),
    ):
        backend.read()


@pytest.mark.parametrize("key", ["canary\nX", "canary ", "canary\u00e9", "canary\x00"])
def test_a_key_that_no_header_can_carry(sandbox: Sandbox, key: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(key, encoding="utf-8")
    with (
        closing(connect(sandbox.url, token={"secret": f"file:{file}"})) as backend,
        pytest.raises(GatewayDenied, match="no header can carry") as caught,
    ):
        backend.read()
    assert "canary" not in caught.value.message
    assert str(file) in caught.value.message


def test_a_secret_url_is_resolved_late_and_shown_without_its_path(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(connect({"secret": "env:GATEWAY_URL"})) as backend:
        assert backend.describe() == "env:GATEWAY_URL (standard)"
        monkeypatch.setenv("GATEWAY_URL", f"{sandbox.url}/canary-path")
        with pytest.raises(GatewayFailure) as caught:
            backend.read()
        assert "canary" not in caught.value.message
        assert backend.describe() == f"{sandbox.url} (standard)"


@pytest.mark.parametrize(
    "url",
    [
        "marchproxy:8000",
        "ftp://x",
        "http://",
        "http://u:canary@x",
        "http://x?canary=1",
        "http://x:99999",
    ],
)
def test_a_url_that_is_of_no_use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_URL", url)
    for given in (url, {"secret": "env:GATEWAY_URL"}):
        with closing(connect(given)) as backend:
            with pytest.raises(GatewayDenied, match=r"marchproxy\.url") as caught:
                backend.read()
            shown = f"{caught.value.message} {caught.value.hint} {backend.describe()}"
            assert "canary" not in shown


@pytest.mark.parametrize("cluster", ["production", "1.5"])
def test_a_cluster_by_name_is_refused(sandbox: Sandbox, cluster: str) -> None:
    with closing(connect(sandbox.url, cluster=cluster)) as backend:
        with pytest.raises(GatewayFailure, match="no list of clusters") as caught:
            backend.read()
        assert "default 1" in (caught.value.hint or "")
        assert sandbox.requests == ["GET /api/openapi.json"]


def test_a_cluster_that_is_not_there(sandbox: Sandbox) -> None:
    with (
        closing(connect(sandbox.url, cluster="9")) as backend,
        pytest.raises(GatewayFailure, match="cluster 9 isn't there"),
    ):
        backend.read()


def test_another_cluster_is_not_ours(sandbox: Sandbox) -> None:
    body = {"name": "shop-api", "ip_fqdn": "x", "port": 1, "collection": "shop"}
    for name in ("shop-api", "shop-old"):
        ask(sandbox, "POST", "/services", body | {"name": name})

    def answer(line: str) -> Reply:
        if line == "GET /api/v1/services":
            return Reply(body=json.dumps(ask(sandbox, "GET", "/services")).encode())
        return Reply(body=b'{"mappings": []}')

    with serve(answer) as seen:
        backend = connect(seen.url, cluster=2, dialect="standard")
        with closing(backend):
            owners = {one: live.owner for one, live in backend.read().live.items()}
    assert owners == {API: "cluster 1"}


# What the dialect refuses, before any request.


def test_a_refused_field_is_told_before_any_request(
    sandbox: Sandbox, backend: MarchProxyBackend
) -> None:
    live = create_all(backend)[API]
    before = list(sandbox.requests)
    with pytest.raises(GatewayFailure, match="protocol 'udp'"):
        backend.write(update(live, protocol="udp"))
    with pytest.raises(GatewayFailure, match="port is 0"):
        backend.write(update(live, port=0))
    assert sandbox.requests == before


def test_a_422_names_fields_and_not_what_was_sent(backend: MarchProxyBackend) -> None:
    live = create_all(backend)[API]
    with pytest.raises(GatewayFailure) as caught:
        backend.write(update(live, ip_fqdn=[f"canary {KEY}"]))
    assert "422: ip_fqdn: Input should be a valid string" in caught.value.message
    assert "canary" not in caught.value.message


def test_an_import_that_failed_is_told(backend: MarchProxyBackend) -> None:
    live = create_all(backend)[EXTERNAL]
    with pytest.raises(GatewayFailure) as caught:
        backend.write(update(live, description=[KEY]))
    assert "didn't import shop-external: description" in caught.value.message
    assert KEY not in caught.value.message


# Whatever goes wrong, the key shows nowhere.


@pytest.mark.parametrize(
    "status", [*range(300, 304), *range(400, 406), 409, 422, 429, 500, 503, 599]
)
def test_no_failure_ever_shows_the_key(status: int) -> None:
    echo = {"type": KEY, "loc": ["body", KEY], "msg": f"bad {KEY}", "input": KEY}
    details: list[object] = [KEY, [echo], {"x": KEY}, None]
    headers = {"Location": f"/{KEY}", "Content-Type": KEY, "Retry-After": KEY}

    def answer(_: str) -> Reply:
        detail = details[len(seen.requests) % len(details)]
        return Reply(status=status, body=json.dumps({"detail": detail}).encode(), headers=headers)

    with serve(answer) as seen:
        backend = connect(seen.url, replace(QUICK, tries=2), dialect="standard")
        live = Live(address=WEB, fields={"ip_fqdn": "x", "port": 1}, digest="d", remote={"id": 7})
        backend._seen[WEB] = live
        with closing(backend):
            failures = list(fail_at_everything(backend, live))
    assert len(failures) == (4 if status == 404 else 5), "a delete of what is not there is done"
    for failure in failures:
        assert KEY not in f"{failure} {failure!r} {failure.message} {failure.hint}"
        assert failure.message.partition(" ")[0] in ("GET", "POST", "PUT", "DELETE")


def fail_at_everything(backend: MarchProxyBackend, live: Live) -> Iterator[PenguinError]:
    desired = wanted(backend)
    for attempt in (
        backend.read,
        lambda: backend.write(create(desired[API])),
        lambda: backend.write(create(desired[EXTERNAL])),
        lambda: backend.write(update(live, port=2)),
        lambda: backend.write(delete(live)),
    ):
        try:
            attempt()
        except PenguinError as failure:
            yield failure
