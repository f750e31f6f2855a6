"""What plan and apply ask of a gateway of 10,000 services, counted by the gateway."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from penguin_compile.cli.planning import open_environment
from penguin_compile.cli.program import run
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.model.plan import Plan
from penguin_compile.pipeline import check_file
from penguin_compile.sandbox.server import Sandbox
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.outcome import Outcome
from tests.live.gateway_harness import (
    KEY,
    SECRETS,
    SandboxApiServer,
    StandardGateway,
)
from tests.live.small_api_server import PASSWORD

COUNT = 10_000
PAGES = {"standard": 1, "api-server": 10}
DEFAULTS = {"tls_enabled": False, "tls_verify": True, "protocol": "http", "auth_type": "none"}
LIST = "GET /api/v1/services"


@pytest.fixture(params=["standard", "api-server"])
def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StandardGateway]:
    monkeypatch.setenv("GATEWAY_SECRET", SECRETS[request.param])
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".penguin").mkdir()
    users = {"admin@example.com": PASSWORD} if request.param == "api-server" else {}
    key = None if users else KEY
    kind = SandboxApiServer if users else StandardGateway
    with (
        Sandbox(dialect=request.param, users=users, cluster_key=key) as sandbox,
        closing(kind(sandbox)) as one,
    ):
        yield one


def write_spec(gateway: StandardGateway, count: int, changed: int = 0) -> Path:
    services = "".join(
        f"  n{one}: {{host: h, port: {1 + one + (one < changed)}, protocol: http,"
        " health_check: false}\n"
        for one in range(count)
    )
    environments = f"environments: {{dev: {{marchproxy: {json.dumps(gateway.spec)}}}}}\n"
    path = Path("shop.yaml")
    path.write_text(
        f'penguin: 1\napp: {{name: shop, version: "1"}}\nservices:\n{services}{environments}'
    )
    return path


def fill(sandbox: Sandbox, count: int) -> None:
    store = sandbox._store
    with store.transaction():
        for one in range(count):
            own = {"name": f"shop-n{one}", "ip_fqdn": "h", "port": 1 + one, "cluster_id": 1}
            health = {"health_check_enabled": False, "health_check_interval": 30}
            row = DEFAULTS | own | health | {"collection": "shop", "jwt_expiry": 3600}
            store.insert("services", row)


def plan_and_apply(path: Path, manners: Manners | None = None) -> tuple[Plan, Outcome]:
    checked = check_file(path)
    resolved = checked.environments["dev"]
    with open_environment(resolved, checked.loaded.root, manners) as session:
        plan = session.plan(Decisions())
        return plan, session.apply(plan, plan_text="{}")


def asked(gateway: StandardGateway) -> Counter[str]:
    """How often each method and path were asked for, with ids told as one."""
    lines = [one.rstrip("0123456789") for one in gateway.requests]
    gateway.requests.clear()
    return Counter(one for one in lines if "/auth/" not in one and "openapi" not in one)


@pytest.mark.slow
def test_a_list_pass_and_what_changes(gateway: StandardGateway) -> None:
    fill(gateway.sandbox, COUNT)
    path = write_spec(gateway, COUNT)
    plan, outcome = plan_and_apply(path)
    assert (len(plan.changes), outcome.settled) == (COUNT, COUNT)

    gateway.requests.clear()
    config = {"GET /api/v1/config/": 1} if gateway.name == "standard" else {}
    once = Counter({LIST: PAGES[gateway.name], **config})
    plan, outcome = plan_and_apply(path)
    assert (plan.changes, outcome, plan.unchanged) == ((), Outcome(), {"service": COUNT})
    assert asked(gateway) == once

    plan, outcome = plan_and_apply(write_spec(gateway, COUNT, changed=10))
    assert (len(plan.changes), len(outcome.done)) == (10, 10)
    beside = asked(gateway)
    beside.subtract(once + once)  # for the plan, and again under the lock
    writes = {f"{gateway.update} /api/v1/services/": 10}
    # `standard` can't read a single one: one more list reads all of them back.
    reads = {"GET /api/v1/services/": 10} if gateway.name == "api-server" else {LIST: 1}
    assert +beside == Counter(writes | reads)
    assert min(beside.values()) == 0


@pytest.mark.parametrize("parallelism", [None, 1, 2, 7])
def test_never_more_connections_than_allowed(
    gateway: StandardGateway, parallelism: int | None
) -> None:
    fill(gateway.sandbox, 30)
    path = write_spec(gateway, 60, changed=20)
    gateway.slow_down()  # enough for all hands to be needed
    flags = [] if parallelism is None else ["--parallelism", str(parallelism)]
    assert run(["apply", str(path), "--env", "dev", "--yes", "--max-updates", "20", *flags]) == 0
    assert gateway.sandbox.traffic.most_connections == (parallelism or 4)
    assert len(gateway.rows()) == 60
