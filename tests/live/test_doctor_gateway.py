"""doctor before a gateway of every dialect: what it sees, what it mends, and what it leaves."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.live.marchproxy import DIALECTS
from tests.live.gateway_harness import FAULTS, Gateway
from tests.live.gateway_shop import APPLY, Run, edit, has, is_settled, settle
from tests.live.relay import Relay

DOCTOR = ("doctor", "--env", "dev")
Found = dict[str, list[dict[str, Any]]]


def examine(penguin: Run, code: int = 0, *flags: str) -> Found:
    """The checks by their subjects."""
    result = penguin(*DOCTOR, "--format", "json", *flags)
    assert result.code == code, result
    found: Found = {}
    for one in json.loads(result.out)["checks"]:
        found.setdefault(one["subject"], []).append(one)
    return found


def levels(found: Found) -> set[str]:
    return {one["level"] for every in found.values() for one in every}


def words(found: Found, subject: str) -> str:
    return " ".join(f"{one['text']} {one['advice']} {one['repair']}" for one in found[subject])


@pytest.fixture
def poisonable(gateway: Gateway, spec: Path) -> Gateway:
    """A gateway that can be poisoned, and a spec that has the cluster's key, too."""
    if gateway.name == "api-server":
        edit(spec, '"url"', '"token": {"secret": "env:CLUSTER_API_KEY"}, "url"')
    return gateway


def is_poisoned(penguin: Run) -> bool:
    return "500" in penguin("plan", "--env", "dev").err


# What it sees.


def test_all_is_well_and_nothing_is_written(penguin: Run, gateway: Gateway) -> None:
    found = examine(penguin)
    assert levels(found) == {"ok"}
    assert f"{gateway.url} ({gateway.name} 1.0.0): reached" in words(found, "marchproxy")
    settle(penguin)
    start = len(gateway.requests)
    found = examine(penguin)
    assert levels(found) == {"ok"}
    assert "3 resources of shop" in words(found, "services")
    assert not [
        one for one in gateway.requests[start:] if not one.startswith(("GET", "POST /api/v1/auth"))
    ]
    able = DIALECTS.load(gateway.name).abilities
    assert ("--import" in words(found, "abilities")) == able.imports
    assert "protocols " + ", ".join(able.protocols) in words(found, "abilities")
    text = penguin(*DOCTOR).out
    assert "problem" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_who_we_are(
    penguin: Run, gateway: Gateway, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if gateway.name == "standard":
        assert "the cluster's key" in words(examine(penguin), "login")
        monkeypatch.setenv("GATEWAY_SECRET", "another")
        found = examine(penguin, 1)
        assert "401" in words(found, "login")
        assert "cluster" not in found
        return
    assert words(examine(penguin), "login").startswith("admin, an admin")
    monkeypatch.setenv("GATEWAY_SECRET", "not-the-password")
    (told,) = examine(penguin, 1)["login"]
    assert told["level"] == "problem"
    assert "POST " in told["text"]
    assert "401" in told["text"]


def test_who_is_no_admin_is_told_what_that_means(
    penguin: Run, gateway: Gateway, spec: Path
) -> None:
    if gateway.name == "standard":
        return  # it has no users
    if hasattr(gateway, "server"):
        gateway.server.admin = False
    else:
        edit(spec, '"admin"', '"plain"')
    found = examine(penguin)
    assert found["login"][0]["level"] == "warning"
    assert "no admin: sees and changes only the services assigned to it" in words(found, "login")
    assert "resources of shop that this user sees" in words(found, "services")


def test_a_token_at_its_end_is_told(
    penguin: Run, gateway: Gateway, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(gateway, "server"):
        return  # told by the token itself, whoever made it
    gateway.server.life = 200
    monkeypatch.setenv("GATEWAY_SECRET", gateway.server._grant()["access_token"])
    edit(spec, '"username": "admin", "password"', '"token"')
    found = examine(penguin)
    assert [one["level"] for one in found["login"]] == ["ok", "warning"]
    assert "the token ends in 3 minutes, and can't be renewed" in words(found, "login")


@pytest.mark.parametrize("cluster", [9, "nowhere"])
def test_a_cluster_that_is_not_there(
    penguin: Run, gateway: Gateway, spec: Path, cluster: object
) -> None:
    edit(spec, '"url"', f'"cluster": {json.dumps(cluster)}, "url"')
    found = examine(penguin, 1)
    told = words(found, "cluster")
    assert "environments.dev.marchproxy.cluster" in told
    assert str(cluster) in told
    if gateway.name == "api-server":
        assert "edge" in told


def test_what_the_server_can_not_do(penguin: Run, gateway: Gateway, spec: Path) -> None:
    edit(spec, "port: 5672, protocol: tcp", "port: 5672, protocol: grpc")
    edit(
        spec,
        "environments:",
        "routes:\n  r: {from: [external], to: [api], listen: {port: 443, "
        "protocol: https}}\nenvironments:",
    )
    if gateway.name == "standard":
        assert levels(examine(penguin)) == {"ok"}
        return
    found = examine(penguin, 1)
    assert [one["level"] for one in found["abilities"]] == ["problem", "warning"]
    assert "shop.yaml:" in words(found, "abilities")
    assert "protocol_map" in words(found, "abilities")
    assert "1 route (shop-r)" in words(found, "abilities")
    edit(spec, '"url"', '"protocol_map": {"grpc": "https"}, "url"')
    assert "registered: grpc as https" in words(examine(penguin), "abilities")


def test_a_dialect_that_is_not_the_servers(penguin: Run, gateway: Gateway, spec: Path) -> None:
    edit(spec, '"url"', f'"dialect": "{gateway.name}", "url"')
    assert levels(examine(penguin)) == {"ok"}
    other = next(one for one in DIALECTS if one != gateway.name)
    edit(spec, f'"dialect": "{gateway.name}"', f'"dialect": "{other}"')
    found = examine(penguin, 1)
    assert f"the server's own document is that of {gateway.name} 1.0.0" in words(
        found, "marchproxy"
    )


def test_names_that_others_have(penguin: Run, gateway: Gateway) -> None:
    gateway.add("shop-web", collection="other")
    gateway.add("shop-api", collection="shop", cluster_id=2)
    found = examine(penguin, 1)
    told = words(found, "names")
    assert "service/shop-web is taken there: owned by collection other" in told
    assert "service/shop-api is taken there: owned by cluster 2" in told
    assert "--use-spec service/shop-web" in told


def test_names_of_deleted_services(penguin: Run, gateway: Gateway, spec: Path) -> None:
    settle(penguin)
    line = "  queue: {port: 5672, protocol: tcp, health_check: false}\n"
    edit(spec, line, "")
    settle(penguin, "--prune", "--max-deletes", "1")
    edit(spec, "environments:", line + "environments:")
    found = examine(penguin)
    assert ("shop-queue" in json.dumps(found.get("names", []))) == (gateway.name == "api-server")


@pytest.mark.parametrize("fault", ["refused", *(one for one in FAULTS if one != "lie")])
def test_whatever_it_answers_is_told(
    penguin: Run, gateway: Gateway, spec: Path, fault: str
) -> None:
    with Relay(gateway.url) as relay:
        if fault == "refused":
            spec.write_text(spec.read_text().replace(gateway.url, relay.url))
            relay.cut()
        else:
            gateway.fail("GET", fault, 1000)
        result = penguin(*DOCTOR)
        assert result.code == 1
        assert "GET " in result.out
        assert "→ " in result.out


# What it mends.

POISONS = [
    {"protocol": "grpc"},
    {"auth_type": "oauth"},
    {"tls_enabled": None},
    {"tls_verify": None, "health_check_enabled": None},
    {"protocol": "ftp", "auth_type": None},
]


@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_service_of_ours_is_mended(
    penguin: Run, poisonable: Gateway, spec: Path, poison: dict[str, Any]
) -> None:
    gateway = poisonable
    gateway.add("foreign", collection="other")
    settle(penguin)
    if gateway.name == "standard":
        return  # PUT takes nothing that it can't show
    before, foreign = gateway.stored("shop-api"), gateway.stored("foreign")
    gateway.spoil("shop-api", **poison)
    assert is_poisoned(penguin)
    found = examine(penguin, 1)
    told = words(found, "services")
    assert "the list is poisoned" in told
    assert f"service/shop-api (id {before['id']}) can't be shown" in told
    refused = penguin(*DOCTOR, "--repair")
    assert (refused.code, "add --yes" in refused.err) == (64, True)
    assert is_poisoned(penguin), "without an answer nothing is written"
    result = penguin(*DOCTOR, "--repair", "--yes")
    assert result.code == 0, result
    assert "gave service/shop-api " in result.out
    assert "All is well now" in result.out
    after = gateway.stored("shop-api")
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}, "its secret, too"
    assert gateway.stored("foreign") == foreign
    assert is_settled(penguin)


@pytest.mark.parametrize("key", [True, False], ids=["key", "no-key"])
def test_a_poisoned_service_of_others_is_left_to_them(
    penguin: Run, gateway: Gateway, spec: Path, *, key: bool
) -> None:
    if gateway.name == "standard":
        return
    if key:
        edit(spec, '"url"', '"token": {"secret": "env:CLUSTER_API_KEY"}, "url"')
    for number in range(8):
        gateway.add(f"other-{number}", collection="other")
    settle(penguin)
    gateway.spoil("other-3", protocol="grpc", is_active=True)
    gateway.spoil("other-4", tls_verify=None)
    gateway.spoil("other-7", protocol="ftp", is_active=False)  # no config shows it
    rows = {name: gateway.stored(name) for name in ("other-3", "other-4", "other-7")}
    found = examine(penguin, 1, "--repair", "--yes")
    told = words(found, "services")
    assert "3 services with a value" in told
    for row in rows.values():
        assert f"PATCH /api/v1/services/{row['id']}" in told
    assert told.count("owned by collection other") == (2 if key else 0)
    assert ("CLUSTER_API_KEY" in told) != key
    assert not [one for one in found["services"] if one["repair"]]
    assert {name: gateway.stored(name) for name in rows} == rows


def test_mended_by_another_meanwhile(penguin: Run, poisonable: Gateway, spec: Path) -> None:
    """Between question and repair: what can be shown again is left alone."""
    if poisonable.name == "standard":
        return
    settle(penguin)
    poisonable.spoil("shop-web", protocol="grpc")
    poisonable.spoil("shop-queue", protocol="grpc")
    poisonable.before_first("PATCH", lambda: poisonable.spoil("shop-web", protocol="https"))
    result = penguin(*DOCTOR, "--repair", "--yes", "--format", "json")
    done = json.loads(result.out)["repairs"]
    assert [one["done"] for one in done] == [True, True]
    assert result.code == 0
    assert penguin(*APPLY).code == 0
    assert has(poisonable.stored("shop-web"), protocol="http")


def test_a_repair_that_fails_is_told(penguin: Run, poisonable: Gateway, spec: Path) -> None:
    if poisonable.name == "standard":
        return
    settle(penguin)
    poisonable.spoil("shop-web", protocol="grpc")
    poisonable.fail("PATCH", "503", 100)
    result = penguin(*DOCTOR, "--repair", "--yes")
    assert result.code == 1
    told = " ".join(result.out.split())
    assert "could not give service/shop-web" in told
    assert "PATCH http" in told
    assert "Left now:" in told
    poisonable.recover()
    assert penguin(*DOCTOR, "--repair", "--yes").code == 0


def test_a_protected_environment_is_asked_for(
    penguin: Run, poisonable: Gateway, spec: Path
) -> None:
    if poisonable.name == "standard":
        return
    settle(penguin)
    poisonable.spoil("shop-web", protocol="grpc")
    edit(spec, "dev: {", "dev: {protected: true, ")
    refused = penguin(*DOCTOR, "--repair", "--yes")
    assert (refused.code, "protected" in refused.err) == (4, True)
    assert poisonable.stored("shop-web")["protocol"] == "grpc"


def test_many_rows_are_searched_by_halves(penguin: Run, poisonable: Gateway, spec: Path) -> None:
    if poisonable.name == "standard":
        return
    settle(penguin)
    for number in range(1500):
        poisonable.add(f"other-{number}", collection="other")
    poisonable.spoil("shop-web", protocol="grpc")
    start, began = len(poisonable.requests), time.monotonic()
    found = examine(penguin, 1)
    assert "service/shop-web" in words(found, "services")
    assert len(poisonable.requests) - start < 60
    assert time.monotonic() - began < 20
