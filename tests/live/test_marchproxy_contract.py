"""What every dialect must do, told once: plan and apply as a user runs them, and every fault."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from penguin_compile.live.marchproxy import DIALECTS
from tests.live.gateway_harness import FAULTS, OPEN, UPDATE, Gateway
from tests.live.gateway_shop import APPLY, QUICK_FAULTS, Run, edit, has, is_settled, settle


def test_every_dialect_is_held_to_this(gateway: Gateway, penguin: Run) -> None:
    assert penguin("plan", "--env", "dev").code == 0
    assert gateway.name in DIALECTS
    assert set(DIALECTS) <= set(OPEN)


def test_apply_twice_is_apply_once(penguin: Run, gateway: Gateway) -> None:
    first = penguin(*APPLY)
    assert first.code == 0, first
    assert gateway.name in first.out
    rows = gateway.rows()
    assert set(rows) == {"shop-api", "shop-web", "shop-queue"}
    assert has(rows["shop-api"], port=8080, auth_type="jwt", health_check_path="/healthz")
    assert has(rows["shop-web"], ip_fqdn="frontend", collection="shop", cluster_id=1)
    assert rows["shop-api"]["jwt_secret"]
    start = len(gateway.requests)
    assert penguin(*APPLY).code == 0
    assert not [one for one in gateway.requests[start:] if one.startswith(("PUT", "PATCH", "DEL"))]
    assert gateway.rows() == rows
    assert is_settled(penguin)


def test_fields_are_compared_one_by_one(penguin: Run, gateway: Gateway, spec: Path) -> None:
    settle(penguin)
    gateway.edit("shop-web", port=99, health_check_interval=77)
    edit(spec, "port: 8080", "port: 8081")
    plan = penguin("plan", "--env", "dev")
    assert "99 → 80 (edited live)" in plan.out
    assert "8080 → 8081" in plan.out
    settle(penguin)
    rows = gateway.rows()
    assert has(rows["shop-web"], port=80, health_check_interval=77)
    assert has(rows["shop-api"], port=8081, auth_type="jwt")
    assert is_settled(penguin)


def test_a_delete_needs_prune_and_a_name_comes_back(
    penguin: Run, gateway: Gateway, spec: Path
) -> None:
    settle(penguin)
    line = "  queue: {port: 5672, protocol: tcp, health_check: false}\n"
    edit(spec, line, "")
    settle(penguin)
    assert "shop-queue" in gateway.rows()
    settle(penguin, "--prune")
    assert "shop-queue" not in gateway.rows()
    edit(spec, "environments:", line + "environments:")
    settle(penguin)
    assert has(gateway.rows()["shop-queue"], port=5672, collection="shop")
    assert is_settled(penguin)


def test_a_foreign_name_is_refused_and_untouched(penguin: Run, gateway: Gateway) -> None:
    gateway.add("shop-web", collection="other", port=7)
    before = gateway.rows()["shop-web"].copy()
    refused = penguin(*APPLY)
    assert refused.code == 3
    assert "owned by collection other" in refused.out
    assert "--use-spec service/shop-web" in refused.out
    assert "--keep-live" not in refused.out  # it is nobody's to keep, and would settle nothing
    assert gateway.rows() == {"shop-web": before}
    assert penguin(*APPLY, "--skip-conflicts").code == 3
    assert gateway.rows()["shop-web"] == before
    assert penguin(*APPLY, "--use-spec", "service/shop-web").code == 0
    assert has(gateway.rows()["shop-web"], port=80, collection="shop")


def test_another_cluster_is_left_alone_until_a_person_says_so(
    penguin: Run, gateway: Gateway, spec: Path
) -> None:
    settle(penguin)
    gateway.remove("shop-web")
    gateway.add("shop-web", collection="shop", cluster_id=2, port=7)
    before = gateway.rows()["shop-web"]
    refused = penguin(*APPLY)
    assert (refused.code, "owned by cluster 2" in refused.out) == (3, True)
    assert gateway.rows()["shop-web"] == before
    decided = ("--use-spec", "service/shop-web")
    if "cluster_id" in DIALECTS.load(gateway.name).abilities.immutable:
        plan = penguin("plan", "--env", "dev", *decided, "--out", "plan.json").out
        assert "± service/shop-web   replace: cluster_id can't be changed in place" in plan
        assert "cluster_id 2 → 1" in plan
        assert "1 to create, 0 to update, 1 to delete" in plan
        for form in ("markdown", "html"):
            shown = penguin("plan", "--env", "dev", *decided, "--format", form)
            assert (shown.code, "cluster_id can't be" in unescape(shown.out)) == (0, True)
        text = spec.read_text()
        edit(spec, "port: 80, protocol: http,", "port: 80, protocol: http, protected: true,")
        refused = penguin(*APPLY, *decided)
        assert (refused.code, "would be deleted and created anew" in refused.err) == (4, True)
        assert gateway.rows()["shop-web"] == before
        spec.write_text(text)
        assert penguin("apply", "plan.json").code == 0
        assert gateway.rows()["shop-web"]["id"] != before["id"]
    else:
        assert penguin(*APPLY, *decided).code == 0
        gateway.edit("shop-web", cluster_id=2)  # and nothing else
        plan = penguin("plan", "--env", "dev", *decided)
        assert "~ service/shop-web   taken over: owned by cluster 2" in plan.out
        assert penguin(*APPLY, *decided).code == 0
    assert has(gateway.rows()["shop-web"], port=80, cluster_id=1)
    assert is_settled(penguin)


def test_what_nobody_manages_is_untouched(penguin: Run, gateway: Gateway) -> None:
    gateway.add("shop-other", collection="shop")
    gateway.add("unrelated", collection=None)
    before = gateway.rows()
    settle(penguin, "--prune")
    assert {name: gateway.rows()[name] for name in before} == before


@pytest.mark.parametrize("fault", QUICK_FAULTS)
@pytest.mark.parametrize("method", ["POST", UPDATE, "DELETE"])
def test_repetition_converges(
    penguin: Run, gateway: Gateway, spec: Path, method: str, fault: str
) -> None:
    gateway.add("foreign", collection="other")
    foreign = gateway.rows()["foreign"].copy()
    edit(spec, "services:\n", "services:\n  old: {port: 1, health_check: false}\n")
    settle(penguin)
    edit(spec, "  old: {port: 1, health_check: false}\n", "  new: {port: 2, health_check: false}\n")
    edit(spec, "port: 8080", "port: 8081")
    gateway.fail(method, fault)
    results = settle(penguin, "--prune", "--max-deletes", "1")
    assert [one.code for one in results] in ([0], [7, 0])
    if results[0].code == 7:
        name = {UPDATE: gateway.update}.get(method, method)
        told = "said that it is" if fault == "lie" else f"{name} {gateway.url}/api/v1/services"
        assert told in results[0].out.replace("came back is not", "said that it is")
    rows = gateway.rows()
    assert set(rows) == {"foreign", "shop-api", "shop-web", "shop-queue", "shop-new"}
    assert has(rows["shop-api"], port=8081)
    assert rows["foreign"] == foreign
    assert is_settled(penguin)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_fails_for_long_leaves_a_state_to_go_on_from(
    penguin: Run, gateway: Gateway, fault: str
) -> None:
    gateway.fail("POST", fault, 1000)
    first = penguin(*APPLY)
    # A server that does the work and loses every answer is read back, and needs no more.
    # Each answer that makes no sense stops its own change, even where the work was done.
    assert first.code == (0 if fault in {"lost", "done-500", "half"} else 7)
    gateway.recover()
    settle(penguin)
    assert set(gateway.rows()) == {"shop-api", "shop-web", "shop-queue"}
    assert is_settled(penguin)


def test_a_server_that_forgets_gets_it_all_again(penguin: Run, gateway: Gateway) -> None:
    settle(penguin)
    for name in list(gateway.rows()):
        gateway.remove(name)
    assert "(deleted live)" in penguin("plan", "--env", "dev").out
    settle(penguin)
    assert set(gateway.rows()) == {"shop-api", "shop-web", "shop-queue"}


def test_a_saved_plan_is_stale_where_something_moved(penguin: Run, gateway: Gateway) -> None:
    settle(penguin)
    gateway.edit("shop-web", port=99)
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    gateway.edit("shop-web", port=98)
    before = gateway.rows()
    stale = penguin("apply", "plan.json")
    assert (stale.code, "service/shop-web" in stale.err) == (5, True)
    assert gateway.rows() == before


@pytest.mark.parametrize("parallelism", [1, 3, None])
def test_never_more_requests_at_once_than_allowed(
    penguin: Run, gateway: Gateway, spec: Path, parallelism: int | None
) -> None:
    many = "".join(f"  n{one}: {{port: {one + 1}, health_check: false}}\n" for one in range(12))
    edit(spec, "services:\n", "services:\n" + many)
    gateway.slow_down()  # enough for all hands to be needed
    flags = () if parallelism is None else ("--parallelism", str(parallelism))
    settle(penguin, *flags)
    assert len(gateway.rows()) == 15
    assert gateway.most_at_once == (parallelism or 4)


def test_an_import_is_one_request_where_there_is_one(
    penguin: Run, gateway: Gateway, spec: Path
) -> None:
    edit(
        spec,
        "environments:",
        "routes:\n  r: {from: [external], to: [api], listen: {port: 443, "
        "protocol: https}}\nenvironments:",
    )
    result = penguin(*APPLY, "--import")
    if not DIALECTS.load(gateway.name).abilities.imports:
        assert (result.code, "has no import" in result.err) == (64, True)
        assert gateway.rows() == {}
        return
    assert result.code == 0, result
    assert [one for one in gateway.requests if one.startswith("P")] == [
        "POST /api/v1/services/import"
    ]
    edit(spec, "port: 8080", "port: 8081")
    settle(penguin, "--import")
    assert has(gateway.rows()["shop-api"], port=8081)
    assert is_settled(penguin)


def test_routes_are_applied_or_told(penguin: Run, gateway: Gateway, spec: Path) -> None:
    edit(
        spec,
        "environments:",
        "routes:\n  r: {from: [external], to: [api], listen: {port: 443, "
        "protocol: https}}\nenvironments:",
    )
    plan = penguin("plan", "--env", "dev")
    strict = penguin("plan", "--env", "dev", "--strict")
    if "mapping" in DIALECTS.load(gateway.name).abilities.kinds:
        assert "mapping/shop-r" in plan.out
        assert strict.code == 0, strict
    else:
        assert "not supported by" in plan.out
        assert "shop-r" in plan.out
        assert strict.code == 1
        assert "--strict" in strict.err
        assert penguin(*APPLY, "--strict").code == 1
        assert gateway.rows() == {}
    settle(penguin)
    assert is_settled(penguin)


def test_requests_are_shown_without_secrets(penguin: Run, gateway: Gateway) -> None:
    shown = penguin(*APPLY, "--log-http").err
    assert "> POST" in shown
    assert "< 201 POST" in shown
    for row in gateway.rows().values():
        for name in ("jwt_secret", "token_base64"):
            assert row[name] is None or row[name] not in shown
