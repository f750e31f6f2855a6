"""Everything that a gateway may do to us, on every dialect, as a user meets it.

After each: the same command converges, nothing is there twice, nobody else's service is touched,
and a failure names the request and what to do. Faults of single writes are in the contract.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from penguin_compile.live.marchproxy import patience as patience_module
from tests.live.gateway_harness import FAULTS, UPDATE, Gateway
from tests.live.gateway_shop import APPLY, Result, Run, edit, has, is_settled, settle
from tests.live.relay import Relay

ALL = {"shop-api", "shop-web", "shop-queue"}


@pytest.fixture
def impatient(penguin: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A program that waits for no answer for long."""
    defaults = patience_module.Patience.__init__.__kwdefaults__ | {"read": 0.3}
    monkeypatch.setattr(patience_module.Patience.__init__, "__kwdefaults__", defaults)
    return penguin


def check_told(result: Result, *words: str) -> None:
    """A failure that names the request, and what to do on a line of its own."""
    for word in words:
        assert word in result.err + result.out
    assert result.err.count("\n") >= 2


def test_nobody_listens(penguin: Run, gateway: Gateway, spec: Path) -> None:
    with Relay(gateway.url) as relay:
        spec.write_text(spec.read_text().replace(gateway.url, relay.url))
        assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
        relay.cut()
        for command in (("plan", "--env", "dev"), APPLY, ("apply", "plan.json")):
            refused = penguin(*command)
            assert refused.code == 1
            check_told(refused, f"GET {relay.url}/", "Connection refused", "marchproxy.url")
        assert gateway.rows() == {}
        relay.connect()
        settle(penguin)
    assert set(gateway.rows()) == ALL


@pytest.mark.parametrize("method", ["POST", UPDATE, "DELETE"])
def test_it_goes_away_in_the_middle(
    penguin: Run, gateway: Gateway, spec: Path, method: str
) -> None:
    gateway.add("foreign", collection="other")
    foreign = gateway.rows()["foreign"]
    with Relay(gateway.url) as relay:
        spec.write_text(spec.read_text().replace(gateway.url, relay.url))
        edit(spec, "services:\n", "services:\n  old: {port: 1, health_check: false}\n")
        settle(penguin)
        edit(spec, "  old: {port: 1,", "  new: {port: 2,")
        edit(spec, "port: 8080", "port: 8081")
        gateway.before_first(gateway.update if method == UPDATE else method, relay.cut)
        flags = ("--prune", "--max-deletes", "1")
        broken = penguin(*APPLY, *flags)
        assert broken.code == 7
        assert f"{relay.url}/api/v1/services" in broken.out
        relay.connect()
        settle(penguin, *flags)
        rows = gateway.rows()
        assert is_settled(penguin)
    assert set(rows) == {*ALL, "shop-new", "foreign"}
    assert has(rows["shop-api"], port=8081)
    assert rows["foreign"] == foreign


@pytest.mark.parametrize("method", ["GET", "POST", UPDATE, "DELETE"])
def test_answers_that_come_too_late(
    impatient: Run, gateway: Gateway, spec: Path, method: str
) -> None:
    edit(spec, "services:\n", "services:\n  old: {port: 1, health_check: false}\n")
    settle(impatient)
    edit(spec, "  old: {port: 1,", "  new: {port: 2,")
    edit(spec, "port: 8080", "port: 8081")
    gateway.dawdle(method, 0.6)
    settle(impatient, "--prune", "--max-deletes", "1")
    assert set(gateway.rows()) == {*ALL, "shop-new"}
    assert has(gateway.rows()["shop-api"], port=8081)
    assert is_settled(impatient)


@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in {"lie", "lost", "429"}])
def test_a_list_that_is_none_stops_before_the_first_write(
    penguin: Run, gateway: Gateway, fault: str
) -> None:
    gateway.fail("GET", fault, 1000)
    for command in (("plan", "--env", "dev"), APPLY, ("drift", "--env", "dev")):
        result = penguin(*command)
        assert result.code == 1
        check_told(result, f"GET {gateway.url}/api/v1/services")
    gateway.recover()
    assert gateway.rows() == {}
    settle(penguin)
    assert set(gateway.rows()) == ALL


@pytest.mark.parametrize("fault", ["502", "503", "reset", "lost", "half"])
def test_a_list_that_fails_once_is_read_again(penguin: Run, gateway: Gateway, fault: str) -> None:
    settle(penguin)
    gateway.fail("GET", fault)
    assert is_settled(penguin)


def test_a_server_restored_from_a_backup(penguin: Run, gateway: Gateway, spec: Path) -> None:
    gateway.add("foreign", collection="other")
    settle(penguin)
    restore = gateway.back_up()
    edit(spec, "services:\n", "services:\n  new: {port: 2, health_check: false}\n")
    edit(spec, "port: 8080", "port: 8081")
    settle(penguin)
    gateway.edit("foreign", port=9)
    restore()
    foreign = gateway.rows()["foreign"]
    drift = penguin("drift", "--env", "dev")
    assert (drift.code, "shop-new" in drift.out) == (2, True)
    settle(penguin)
    assert set(gateway.rows()) == {*ALL, "shop-new", "foreign"}
    assert has(gateway.rows()["shop-api"], port=8081)
    assert gateway.rows()["foreign"] == foreign
    assert is_settled(penguin)


@pytest.mark.parametrize("method", ["POST", UPDATE, "DELETE"])
def test_what_was_not_done_is_not_remembered_as_done(
    penguin: Run, gateway: Gateway, spec: Path, method: str
) -> None:
    """A server that lies: whatever it answers, what is there is read back."""
    edit(spec, "services:\n", "services:\n  old: {port: 1, health_check: false}\n")
    settle(penguin)
    edit(spec, "  old: {port: 1,", "  new: {port: 2,")
    edit(spec, "port: 8080", "port: 8081")
    gateway.fail(method, "lie", 3)
    flags = ("--prune", "--max-deletes", "1")
    first = penguin(*APPLY, *flags)
    address = {"POST": "shop-new", UPDATE: "shop-api", "DELETE": "shop-old"}[method]
    assert first.code == 7
    assert f"failed  service/{address}: " in first.out
    assert "plan again to see what is live now" in first.out
    history = penguin("show", "2", "--env", "dev").out
    assert f"service/{address}" in history
    assert "failed" in history
    gateway.recover()
    settle(penguin, *flags)
    assert set(gateway.rows()) == {*ALL, "shop-new"}
    assert is_settled(penguin)


def test_reading_back_takes_few_lists(penguin: Run, gateway: Gateway, spec: Path) -> None:
    """A server that shows no service by itself is asked for all, not once for each write."""
    many = "".join(f"  n{one}: {{port: {one + 1}, health_check: false}}\n" for one in range(250))
    edit(spec, "services:\n", "services:\n" + many)
    start = len(gateway.requests)
    settle(penguin)
    lists = [one for one in gateway.requests[start:] if one.split("?")[0].endswith("/services")]
    reads = [one for one in lists if one.startswith("GET")]
    assert len(gateway.rows()) == 253
    # Plan, apply's own look, and for `standard` after 64, 128 and the rest: fewer where answers
    # come many at a time.
    assert len(reads) in (range(3, 6) if gateway.name == "standard" else {2})


def test_a_name_taken_between_plan_and_apply(penguin: Run, gateway: Gateway) -> None:
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    gateway.add("shop-web", collection="other", port=7)
    before = gateway.rows()
    refused = penguin("apply", "plan.json")
    assert (refused.code, "service/shop-web" in refused.err) == (5, True)
    assert gateway.rows() == before


def test_a_name_taken_while_apply_runs(penguin: Run, gateway: Gateway) -> None:
    gateway.before_first("POST", lambda: gateway.add("shop-web", collection="other", port=7))
    result = penguin(*APPLY, "--parallelism", "1")
    assert result.code == 7
    assert f"POST {gateway.url}/api/v1/services" in result.out
    assert "service/shop-web is owned by collection other" in result.out
    assert "--use-spec service/shop-web" in result.out
    assert has(gateway.rows()["shop-web"], port=7, collection="other")
    assert set(gateway.rows()) == ALL, "the others were done"
    assert penguin(*APPLY).code == 3
    assert has(gateway.rows()["shop-web"], port=7, collection="other")


def test_two_applies_at_once_that_know_nothing_of_each_other(
    penguin: Run, gateway: Gateway, spec: Path, tmp_path: Path
) -> None:
    """Each has a memory of its own, so no lock keeps them apart."""
    many = "".join(f"  n{one}: {{port: {one + 1}, health_check: false}}\n" for one in range(15))
    edit(spec, "services:\n", "services:\n" + many)
    gateway.add("foreign", collection="other")
    foreign = gateway.rows()["foreign"]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        (folder / "spec").mkdir(parents=True)
        (folder / ".penguin").mkdir()
        (folder / "spec" / "shop.yaml").write_text(spec.read_text())
    outcomes: list[tuple[int, str]] = []

    def apply(folder: Path) -> None:
        command = [sys.executable, "-m", "penguin_compile", *APPLY]
        environment = os.environ | {"NO_PROXY": "127.0.0.1"}
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        outcomes.append((ended.returncode, ended.stdout + ended.stderr))

    for _ in range(2):  # at most one repetition
        runs = [threading.Thread(target=apply, args=(folder,)) for folder in folders]
        for one in runs:
            one.start()
        for one in runs:
            one.join()
    assert [code for code, _ in outcomes[2:]] == [0, 0], json.dumps(outcomes, indent=1)
    assert {code for code, _ in outcomes} <= {0, 5, 7}
    rows = gateway.rows()  # which looks for names that are there twice
    assert len(rows) == 19
    assert rows["foreign"] == foreign
    assert is_settled(penguin)


def test_a_list_that_grows_while_it_is_read_is_whole_or_told(
    penguin: Run, gateway: Gateway
) -> None:
    settle(penguin)
    for number in range(1200):
        gateway.add(f"other-{number}", collection="other")
    gateway.before_first("GET", lambda: gateway.add("late-1", collection="other"))
    assert is_settled(penguin)
    before = gateway.rows()
    assert penguin(*APPLY).code == 0
    assert gateway.rows() == before


def test_a_401_in_the_middle(penguin: Run, gateway: Gateway) -> None:
    """Who can log in again does so, once in all; then the run stops."""
    gateway.fail("POST", "401")
    result = penguin(*APPLY, "--parallelism", "1")
    assert result.code == (7 if gateway.name == "standard" else 0)
    gateway.recover()
    settle(penguin)
    assert set(gateway.rows()) == ALL
    for name in ALL:
        gateway.remove(name)
    start = len(gateway.requests)
    gateway.fail("POST", "401", 1000)
    result = penguin(*APPLY, "--parallelism", "1")
    assert result.code == 7
    assert f"POST {gateway.url}/api/v1/services: the server doesn't accept" in result.out
    assert result.out.count("the run was stopped") == 2
    tried = gateway.requests[start:]
    assert tried.count("POST /api/v1/services") == (1 if gateway.name == "standard" else 2)
    assert tried.count("POST /api/v1/auth/login") == (0 if gateway.name == "standard" else 2)
    assert gateway.rows() == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_import_converges(penguin: Run, gateway: Gateway, spec: Path, fault: str) -> None:
    """One request for many changes, and whatever becomes of it is read back."""
    if gateway.name != "standard":
        assert penguin(*APPLY, "--import").code == 64
        return
    gateway.add("foreign", collection="other")
    foreign = gateway.rows()["foreign"]
    edit(
        spec,
        "environments:",
        "routes:\n  r: {from: [external], to: [api], listen: {port: 443, "
        "protocol: https}}\nenvironments:",
    )
    gateway.fail("POST", fault)
    results = settle(penguin, "--import")
    assert [one.code for one in results] in ([0], [7, 0])
    assert set(gateway.rows()) == {*ALL, "foreign"}
    assert gateway.rows()["foreign"] == foreign
    assert is_settled(penguin)
