"""Logs and metrics on their way to a real receiver that refuses, stalls, comes and goes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from penguin_compile.pipeline import check_file
from penguin_compile.runtime.telemetry import Telemetry, open_telemetry
from penguin_compile.runtime.telemetry_catalogue import (
    Catalogue,
    DeclaredMetric,
    SenderSettings,
    TelemetryError,
    UndeclaredMetric,
    read_catalogue,
)
from penguin_compile.runtime.telemetry_trace import continue_trace, parse_traceparent
from penguin_compile.targets.log_schema import log_schema
from penguin_compile.targets.telemetry import catalogue as compile_catalogue
from penguin_compile.targets.telemetry import sender
from tests.runtime.killkrill import run_killkrill
from tests.runtime.license_servers import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
TRACE = "0af7651916cd43dd8448eb211c80319c"
METRICS = {
    "http.requests.total": DeclaredMetric(type="counter", labels=frozenset({"endpoint", "status"})),
    "users.active": DeclaredMetric(type="gauge", labels=frozenset()),
    "http.request.duration_ms": DeclaredMetric(type="histogram", labels=frozenset({"endpoint"})),
}
SETTINGS = SenderSettings(flush_interval=0.1, max_entries=1000)
Open = Callable[..., Telemetry]


@pytest.fixture
def local() -> list[dict[str, Any]]:
    """What local logs got instead of KillKrill."""
    return []


@pytest.fixture
def opened(local: list[dict[str, Any]]) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(url: str | None, **changes: Any) -> Telemetry:
            more = {
                name: changes.pop(name)
                for name in ("credentials", "timeout", "development")
                if name in changes
            }
            catalogue = Catalogue(app="shop", metrics=METRICS, sender=replace(SETTINGS, **changes))
            telemetry = Telemetry(
                catalogue,
                url=url,
                version="1.2",
                write_local=lambda line: local.append(json.loads(line)),
                **more,
            )
            stack.callback(telemetry.close, 0.5)
            return telemetry

        yield open_one


def test_single_records_have_what_todays_receiver_reads(opened: Open) -> None:
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url)
        assert telemetry.health_check()
        telemetry.log("info", "Login", user_id="u1", team_id="t1", ip_address="192.168.1.1")
        telemetry.metric("http.requests.total", 1, labels={"endpoint": "/a", "status": "200"})
        telemetry.metric("http.requests.total", 2, labels={"endpoint": "/a", "status": "200"})
        telemetry.metric("http.requests.total", 1, labels={"endpoint": "/b", "status": "200"})
        telemetry.metric("users.active", 3)
        telemetry.metric("users.active", 4)
        telemetry.metric("http.request.duration_ms", 5.5, "histogram", {"endpoint": "/a"})
        telemetry.metric("http.request.duration_ms", 6.5, "histogram", {"endpoint": "/a"})
        assert telemetry.flush()
    assert [(one["log_level"], one["message"], one["service_name"]) for one in killkrill.logs] == [
        ("info", "Login", "shop")
    ]
    (record,) = (one for one in killkrill.bodies if "message" in one)
    assert record["@timestamp"].endswith("Z")
    assert (record["user.id"], record["organization.id"], record["source.ip"]) == (
        *("u1", "t1"),
        "192.168.1.1",
    )
    told = [(one["name"], one["type"], one["value"]) for one in killkrill.metrics]
    assert told == [
        ("http.requests.total", "counter", 3),
        ("http.requests.total", "counter", 1),
        ("users.active", "gauge", 4),
        ("http.request.duration_ms", "histogram", 5.5),
        ("http.request.duration_ms", "histogram", 6.5),
    ]
    assert killkrill.metrics[0]["labels"] == {"endpoint": "/a", "status": "200"}
    assert killkrill.connections == 2  # one for health, one for all of the rest


def test_batches_of_the_standards_go_with_credentials(opened: Open) -> None:
    with run_killkrill(credentials=("app", "s3cret")) as killkrill:
        telemetry = opened(killkrill.url, dialect="batch", credentials=("app", "s3cret"))
        for number in range(700):
            telemetry.log("info", f"number {number}")
        telemetry.metric("users.active", 4)
        assert telemetry.flush()
    assert [one["message"] for one in killkrill.logs] == [f"number {one}" for one in range(700)]
    assert [one["value"] for one in killkrill.metrics] == [4]
    assert killkrill.requests < 6
    assert telemetry.statistics.sent == 701


def test_batches_go_by_time_and_early_where_many_wait(opened: Open) -> None:
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url, flush_interval=0.5, max_entries=100)
        telemetry.log("info", "one")
        time.sleep(0.1)
        assert not killkrill.logs
        assert wait_until(lambda: killkrill.logs, 1)
        slow = opened(killkrill.url, flush_interval=60, max_entries=100, dialect="batch")
        for _ in range(60):
            slow.log("info", "many")
        assert wait_until(lambda: len(killkrill.logs) >= 51, 2)


def test_credentials_that_are_refused_switch_it_off_with_one_error(
    opened: Open, local: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with run_killkrill(credentials=("app", "s3cret")) as killkrill:
        telemetry = opened(killkrill.url, dialect="batch", credentials=("app", "wr0ng-canary"))
        telemetry.log("info", "first")
        assert wait_until(lambda: local)
        for number in range(20):
            telemetry.log("info", f"later {number}")
            time.sleep(0.01)
        assert wait_until(lambda: len(local) == 21)
        assert killkrill.requests == 1
    errors = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "refuses the credentials (status 401); it is switched off" in errors[0].getMessage()
    assert "wr0ng-canary" not in caplog.text


def test_down_at_start_queues_and_logs_locally_until_it_answers(
    opened: Open, local: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    telemetry = opened(f"http://127.0.0.1:{port}")
    assert not telemetry.health_check()
    for number in range(10):
        telemetry.log("info", f"number {number}")
    telemetry.metric("users.active", 7)
    assert wait_until(lambda: len(local) == 10)
    assert telemetry.statistics.queued == 11
    time.sleep(0.3)  # several more tries
    assert len(local) == 10
    assert caplog.text.count("can't be reached") == 1
    with run_killkrill(port) as killkrill:
        assert wait_until(lambda: len(killkrill.logs) == 10)
        assert wait_until(lambda: killkrill.metrics)
        assert [one["message"] for one in killkrill.logs] == [f"number {one}" for one in range(10)]
    assert "it answers again" in caplog.text


@pytest.mark.parametrize("dialect", ["single", "batch"])
def test_going_down_later_loses_nothing_and_keeps_the_order(opened: Open, dialect: str) -> None:
    port = free_port()
    with run_killkrill(port) as first:
        telemetry = opened(f"http://127.0.0.1:{port}", dialect=dialect)
        telemetry.log("info", "0")
        assert telemetry.flush()
    for number in range(1, 50):
        telemetry.log("info", str(number))
        time.sleep(0.005)
    with run_killkrill(port) as second:
        assert wait_until(lambda: len(second.logs) == 49)
    assert [one["message"] for one in first.logs + second.logs] == [str(one) for one in range(50)]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 404])
def test_statuses_of_an_outage_are_outlived(opened: Open, status: int) -> None:
    with run_killkrill() as killkrill:
        killkrill.status = status
        telemetry = opened(killkrill.url)
        telemetry.log("error", "kept")
        assert wait_until(lambda: killkrill.requests >= 2)
        assert telemetry.statistics.queued == 1
        killkrill.status = 200
        assert wait_until(lambda: killkrill.logs)


def test_what_a_receiver_cant_digest_is_given_up_and_told_locally(
    opened: Open, local: list[dict[str, Any]]
) -> None:
    with run_killkrill() as killkrill:
        killkrill.status = 500
        telemetry = opened(killkrill.url, flush_interval=0.02)
        telemetry.log("error", "indigestible")
        assert wait_until(lambda: telemetry.statistics.refused == 1)
        killkrill.status = 400
        telemetry.log("error", "refused")
        assert wait_until(lambda: telemetry.statistics.refused == 2)
        killkrill.status = 200
        telemetry.log("error", "fine")
        assert wait_until(lambda: killkrill.logs)
    assert [one["message"] for one in killkrill.logs] == ["fine"]
    assert [one["message"] for one in local] == ["indigestible"]


def test_a_full_buffer_drops_the_oldest_and_keeps_errors(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    telemetry = opened(f"http://127.0.0.1:{port}", max_entries=10, flush_interval=0.3)
    telemetry.log("info", "before")
    assert wait_until(lambda: "can't be reached" in caplog.text)
    for number in range(20):
        telemetry.log("error" if number in (3, 4) else "info", str(number))
    assert telemetry.statistics.queued == 10
    assert telemetry.statistics.dropped == 11
    with run_killkrill(port) as killkrill:
        assert wait_until(lambda: len(killkrill.logs) == 10)
    assert [one["message"] for one in killkrill.logs] == ["3", "4", *map(str, range(12, 20))]
    assert wait_until(lambda: "11 records were dropped" in caplog.text)


def test_a_receiver_that_stalls_delays_no_caller(opened: Open) -> None:
    with run_killkrill() as killkrill:
        killkrill.stall = 1
        telemetry = opened(killkrill.url, timeout=0.2)
        telemetry.log("info", "first")
        time.sleep(0.15)
        slowest = 0.0
        for _ in range(500):
            start = time.perf_counter()
            telemetry.log("info", "next")
            slowest = max(slowest, time.perf_counter() - start)
        assert slowest < 0.05
        killkrill.stall = 0
        assert wait_until(lambda: telemetry.statistics.queued == 0, 10)


def test_closing_writes_locally_what_cant_be_delivered(
    opened: Open, local: list[dict[str, Any]]
) -> None:
    with run_killkrill() as killkrill:
        killkrill.stall = 3
        telemetry = opened(killkrill.url, flush_interval=0.01)
        telemetry.log("info", "under way")
        time.sleep(0.1)
        telemetry.log("info", "waiting")
        telemetry.metric("users.active", 7)
        start = time.monotonic()
        telemetry.close(0.2)
        assert time.monotonic() - start < 2
        telemetry.log("info", "after the end")
    assert [one.get("message", one.get("name")) for one in local] == [
        "under way",
        "waiting",
        "users.active",
        "after the end",
    ]


def test_without_killkrill_logs_are_local(opened: Open, local: list[dict[str, Any]]) -> None:
    telemetry = opened(None)
    telemetry.log("info", "here")
    telemetry.log("debug", "below the level")
    telemetry.metric("users.active", 7)
    telemetry.close()
    assert [one["message"] for one in local] == ["here"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("user.active", 1), "did you mean users.active"),
        (("users.active", 1, "counter"), "declared as gauge, not counter"),
        (("users.active", 1, None, {"team": "a"}), 'no label "team" in the spec; it has: none'),
        (("users.active", float("nan")), "is no number"),
    ],
)
def test_what_the_spec_doesnt_declare(
    opened: Open, caplog: pytest.LogCaptureFixture, arguments: Any, problem: str
) -> None:
    with pytest.raises(UndeclaredMetric, match=problem):
        opened(None, development=True).metric(*arguments)
    telemetry = opened(None)
    telemetry.metric(*arguments)
    telemetry.metric(*arguments)
    assert telemetry.statistics.undeclared == 2
    assert telemetry.statistics.queued == 0
    assert caplog.text.count(problem) == 1


def test_records_fit_the_schema_that_the_spec_compiles_to(opened: Open) -> None:
    app = check_file(ROOT / "spec" / "myapp.yaml").environments["dev"].app
    assert app is not None
    assert app.telemetry is not None
    schema = jsonschema_rs.validator_for(log_schema(app.name, app.telemetry))
    with run_killkrill() as killkrill:
        telemetry = opened(
            killkrill.url, dialect="batch", log_fields=frozenset(app.telemetry.log_fields)
        )
        logger = logging.getLogger("shop.own")
        logger.addHandler(telemetry.handler())
        logger.setLevel(logging.DEBUG)
        logger.log(35, "a level of its own", extra={"user_id": "u1", "thing": object()})
        telemetry.log("info", "all", user_id=7, team_id="t", action="login", outcome="success", n=1)
        telemetry.log("warning", "odd", outcome="maybe", ip_address="nowhere", path=["a", 1])
        telemetry.log("error", "not JSON", ratio=float("inf"), tags={"a"}, body={"b": b"c"})
        with continue_trace(f"00-{TRACE}-b7ad6b7169203331-01"):
            telemetry.log("info", "traced", password="canary", duration_ms=1.5)
        assert telemetry.flush()
    assert len(killkrill.logs) == 5
    for record in killkrill.logs:
        schema.validate(record)
    own, every, odd, _, traced = killkrill.logs
    assert (own["log.level"], own["user.id"]) == ("warning", "u1")
    assert every["team.id"] == "t"
    assert every["labels"] == {"n": "1"}
    assert odd["labels"]["outcome"] == "maybe"
    assert (traced["trace.id"], traced["event.duration"]) == (TRACE, 1_500_000)
    assert "canary" not in json.dumps(killkrill.bodies)


def test_huge_records_are_cut(opened: Open) -> None:
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url)
        telemetry.log("info", "x" * 20_000_000, blob="y" * 20_000_000)
        assert telemetry.flush()
    assert len(killkrill.logs[0]["message"]) == 32_768


def test_logging_hands_over_records_exceptions_and_extras(opened: Open) -> None:
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url, dialect="batch")
        logger = logging.getLogger("shop.orders")
        logger.addHandler(telemetry.handler())
        logger.setLevel(logging.DEBUG)
        logger.debug("below the level")
        logger.info("order %s", 7, extra={"user_id": "u1"})
        try:
            int("none")
        except ValueError:
            logger.exception("failed")
        assert telemetry.flush()
    order, failed = killkrill.logs
    assert (order["message"], order["log.logger"], order["user.id"]) == (
        *("order 7", "shop.orders"),
        "u1",
    )
    assert (failed["error.type"], failed["error.message"]) == (
        "ValueError",
        "invalid literal for int() with base 10: 'none'",
    )
    assert 'int("none")' in failed["error.stack_trace"]
    assert failed["log.level"] == "error"


def test_on_the_root_logger_the_sending_doesnt_log_itself(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url)
        handler = telemetry.handler(logging.DEBUG)
        root.addHandler(handler)
        try:
            logging.getLogger("shop").info("one")
            assert telemetry.flush()
            time.sleep(0.5)
        finally:
            root.removeHandler(handler)
            root.setLevel(before)
    assert [one["message"] for one in killkrill.logs] == ["one"]
    assert not [one for one in caplog.records if one.name == "httpx"]


def test_what_other_handlers_have_isnt_logged_locally_again(
    opened: Open, local: list[dict[str, Any]]
) -> None:
    telemetry = opened(f"http://127.0.0.1:{free_port()}")
    alone, beside = (logging.getLogger(f"shop.{one}") for one in ("alone", "beside"))
    alone.propagate = beside.propagate = False
    for logger in (alone, beside):
        logger.addHandler(telemetry.handler())
    beside.addHandler(logging.NullHandler())
    beside.error("told")
    alone.error("only here")
    assert wait_until(lambda: local)
    telemetry.close(0.1)
    assert [one["message"] for one in local] == ["only here"]


def test_tracked_actions(opened: Open) -> None:
    with run_killkrill() as killkrill:
        telemetry = opened(killkrill.url, dialect="batch")

        @telemetry.track("team_creation")
        def create(name: str) -> str:
            return name.upper()

        assert create("a") == "A"
        with pytest.raises(AttributeError):
            create(None)  # type: ignore[arg-type]
        assert telemetry.flush()
    outcomes = [(one["event.action"], one["event.outcome"]) for one in killkrill.logs]
    assert outcomes == [("team_creation", "success"), ("team_creation", "failure")]


APP = """
import os, sys, threading
from penguin_compile.runtime.telemetry import open_telemetry
telemetry = open_telemetry(sys.argv[1])
def work():
    for number in range(100):
        telemetry.log("info", f"thread {number}")
thread = threading.Thread(target=work)
telemetry.log("info", "parent before")
child = os.fork()
telemetry.log("info", "child" if child == 0 else "parent")
thread.start()
if child:
    os.waitpid(child, 0)
"""


def test_a_normal_exit_delivers_all_of_parent_and_child_once(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps({"app": "shop", "metrics": [], "sender": {"flush_interval": 60}}))
    with run_killkrill() as killkrill:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", APP, str(file)],
            env={**os.environ, "KILLKRILL_API_URL": killkrill.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert (done.returncode, done.stderr) == (0, "")
    told = sorted(one["message"] for one in killkrill.logs)
    assert told == sorted(
        ["parent before", "parent", "child", *(f"thread {one}" for one in range(100) for _ in "ab")]
    )


def test_a_normal_exit_without_the_receiver_leaves_all_in_local_logs(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps({"app": "shop", "metrics": [], "sender": {"flush_interval": 60}}))
    done = subprocess.run(
        [sys.executable, "-c", APP.replace("os.fork()", "0"), str(file)],
        env={**os.environ, "KILLKRILL_API_URL": f"http://127.0.0.1:{free_port()}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    told = [json.loads(one)["message"] for one in done.stderr.splitlines() if one[0] == "{"]
    assert len(told) == 102


def test_opened_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = check_file(ROOT / "spec" / "myapp.yaml").environments["dev"].app
    assert app is not None
    assert app.telemetry is not None
    file = tmp_path / "metrics.json"
    file.write_text(
        json.dumps(
            {
                **compile_catalogue(app.name, app.telemetry.metrics),
                "sender": sender(app.telemetry),
            }
        )
    )
    monkeypatch.setenv("KILLKRILL_ENABLED", "false")
    monkeypatch.setenv("KILLKRILL_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("RELEASE_MODE", "false")
    lines: list[str] = []
    with open_telemetry(file, write_local=lines.append) as telemetry:
        telemetry.metric("features.used", 1, labels={"feature": "sso"})
        telemetry.log("info", "here")
        with pytest.raises(UndeclaredMetric):
            telemetry.metric("features.unused", 1)
    assert len(lines) == 1
    settings = read_catalogue(file).sender
    assert settings.log_fields == {"team.id"}
    assert (settings.flush_interval, settings.max_entries) == (5, 10_000)
    with pytest.raises(TelemetryError, match="run penguin-compile compile"):
        open_telemetry(tmp_path / "none.json")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-b7ad6b7169203331-01-more",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
    ],
)
def test_an_invalid_traceparent_begins_a_new_trace(text: str | None) -> None:
    assert parse_traceparent(text) is None
    with continue_trace(text) as trace:
        assert parse_traceparent(trace.header) == trace


def test_a_trace_goes_on() -> None:
    with continue_trace(f"00-{TRACE}-b7ad6b7169203331-00") as trace:
        assert trace.trace_id == TRACE
        assert trace.span_id != "b7ad6b7169203331"
        assert trace.flags == 0
    later = parse_traceparent(f"01-{TRACE}-b7ad6b7169203331-01-more")
    assert later is not None
    assert later.trace_id == TRACE
