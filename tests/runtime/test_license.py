"""The license of a running app, before a real license server that comes and goes."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.runtime.license import LicenseClient, Timing
from penguin_compile.runtime.license_errors import LicenseInvalid, UnknownFeature
from penguin_compile.runtime.license_opening import open_license
from penguin_compile.runtime.license_terms import parse_terms
from penguin_compile.sandbox.server import Sandbox
from tests.runtime.license_servers import (
    KEY,
    free_port,
    run_server,
    wait_until,
    write_entitlements,
)

FAST = Timing(refresh=0.1, keepalive=0.15, request=0.5)
Open = Callable[..., LicenseClient]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a license as an app does, and close it after the test."""
    for name in ("RELEASE_MODE", "PRODUCT_NAME", "LICENSE_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LICENSE_KEY", KEY)
    with ExitStack() as stack:

        def open_one(url: str, timing: Timing = FAST, **changes: Any) -> LicenseClient:
            monkeypatch.setenv("LICENSE_SERVER_URL", url)
            usage = changes.pop("usage", None)
            path = write_entitlements(tmp_path, **changes)
            client = open_license(
                path,
                version="1.2",
                usage=usage,
                cache_file=tmp_path / "license.json",
                timing=timing,
            )
            stack.callback(client.close)
            return client

        yield open_one


@pytest.mark.parametrize("dialect", ["header", "body"])
def test_features_limits_and_keepalives_with_usage(
    tmp_path: Path, opened: Open, dialect: str
) -> None:
    with run_server(tmp_path) as (sandbox, book):
        license_ = opened(sandbox.url, dialect=dialect, usage=lambda: {"active_users": 42})
        assert license_.tier == "professional"
        assert license_.has_feature("sso")
        assert not license_.has_feature("saml")
        assert license_.limit("users") is None
        assert wait_until(lambda: book.keepalives)
    told = book.keepalives[0]
    if dialect == "header":
        assert told["usage_stats"] == {"active_users": 42}
        assert told["product"] == "shop"
        assert str(told["server_id"]).startswith("srv_")
        assert {"hostname", "version", "uptime_seconds"} <= told.keys()
    else:
        assert told["usage"] == {"active_users": 42}


def test_a_server_that_is_down_at_start_leaves_the_lowest_tier_until_it_answers(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    license_ = opened(f"http://127.0.0.1:{port}")
    assert license_.has_feature("basic")
    assert not license_.has_feature("sso")
    assert license_.limit("users") == 5
    assert "can't be reached" in caplog.text
    with run_server(tmp_path, port=port):
        assert wait_until(lambda: license_.has_feature("sso"))


def test_a_start_without_the_server_goes_by_the_last_answer(tmp_path: Path, opened: Open) -> None:
    with run_server(tmp_path) as (sandbox, _):
        opened(sandbox.url).close()
    license_ = opened(sandbox.url)
    assert license_.has_feature("sso")
    assert not license_.has_feature("saml")


def test_an_answer_that_was_edited_or_is_another_keys_counts_for_nothing(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_server(tmp_path) as (sandbox, _):
        opened(sandbox.url).close()
    kept = tmp_path / "license.json"
    text = kept.read_text()
    assert KEY not in text
    edited = json.loads(text)
    for feature in edited["answer"]["features"]:
        feature["entitled"] = True
    kept.write_text(json.dumps(edited))
    assert not opened(sandbox.url).has_feature("saml")
    kept.write_text(text)
    monkeypatch.setenv("LICENSE_KEY", KEY.replace("ABCD", "EFGH"))
    assert not opened(sandbox.url).has_feature("sso")


def test_a_server_that_goes_down_later_is_outlived_for_the_grace(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with run_server(tmp_path) as (sandbox, _):
        license_ = opened(sandbox.url, Timing(refresh=0.1, grace=1.0, request=0.5))
        assert license_.has_feature("sso")
    assert wait_until(lambda: license_.standing.problem is not None)
    assert license_.has_feature("sso")
    assert "the last answer counts for" in caplog.text
    assert wait_until(lambda: not license_.has_feature("sso"))
    assert license_.has_feature("basic")


def test_an_outage_doesnt_outlast_the_license(tmp_path: Path, opened: Open) -> None:
    with run_server(tmp_path, days=0.000005) as (sandbox, _):
        license_ = opened(sandbox.url)
        assert license_.has_feature("sso")
    assert wait_until(lambda: not license_.has_feature("sso"))


@pytest.mark.parametrize("fault", ["500", "502", "429", "garbled", "reset", "lost", "half"])
def test_whatever_is_no_answer_is_an_outage_and_no_refusal(
    tmp_path: Path, opened: Open, fault: str
) -> None:
    with run_server(tmp_path) as (sandbox, _):
        license_ = opened(sandbox.url)
        sandbox.faults.add(f"* /validate:{fault}")
        assert wait_until(lambda: license_.standing.problem is not None)
        assert license_.has_feature("sso")
        sandbox.faults.clear()
        assert wait_until(lambda: license_.standing.problem is None, 10)


def test_a_server_that_stalls_is_waited_for_by_nobody(tmp_path: Path, opened: Open) -> None:
    with run_server(tmp_path) as (sandbox, _):
        license_ = opened(sandbox.url)
        sandbox.faults.add("* /validate:delay=2s")
        time.sleep(0.2)
        start = time.perf_counter()
        for _ in range(1000):
            assert license_.has_feature("sso")
        assert time.perf_counter() - start < 0.1


def test_release_mode_stops_an_app_that_has_no_valid_license(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with run_server(tmp_path) as (sandbox, book):
        book.revoke(KEY)
        with pytest.raises(SystemExit, match="license was revoked"):
            opened(sandbox.url)
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("key", "problem"), [("", "there is no license key"), ("PENG-short", "is no license key")]
)
def test_a_missing_or_broken_key_is_told_without_showing_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch, key: str, problem: str
) -> None:
    monkeypatch.setenv("LICENSE_KEY", key)
    with pytest.raises(SystemExit, match=problem) as caught:
        opened("http://127.0.0.1:1")
    assert not key or key not in str(caught.value)


def test_without_release_mode_every_feature_is_on_and_the_log_says_so(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELEASE_MODE", "false")
    monkeypatch.delenv("LICENSE_KEY")
    license_ = opened("http://127.0.0.1:1")
    assert license_.has_feature("saml")
    assert not license_.is_entitled("saml")
    assert "RELEASE_MODE is false by the environment: every license feature is on" in caplog.text
    assert "going on, because RELEASE_MODE is false" in caplog.text
    with pytest.raises(UnknownFeature, match="did you mean saml"):
        license_.has_feature("samml")


def test_release_mode_is_what_was_compiled_and_true_where_nobody_says(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with run_server(tmp_path) as (sandbox, _):
        assert not opened(sandbox.url, release_mode=False).release_mode
        assert "by the compiled entitlements" in caplog.text
        assert opened(sandbox.url, release_mode=None).release_mode
        assert "because nothing says otherwise" in caplog.text


def test_a_license_that_is_revoked_later_loses_its_features_and_the_app_goes_on(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with run_server(tmp_path) as (sandbox, book):
        license_ = opened(sandbox.url)
        book.revoke(KEY)
        assert wait_until(lambda: not license_.has_feature("sso"))
        assert license_.has_feature("basic")
        assert wait_until(lambda: "features above the lowest tier are off" in caplog.text)
        assert not (tmp_path / "license.json").exists()
        book.restore(KEY)
        assert wait_until(lambda: license_.has_feature("sso"))


def test_an_undeclared_feature_is_denied_in_release_and_told_once(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with run_server(tmp_path) as (sandbox, _):
        license_ = opened(sandbox.url)
        assert not license_.has_feature("ssso")
        assert not license_.has_feature("ssso")
    assert caplog.text.count('the spec declares no feature "ssso"; did you mean sso?') == 1


def test_a_forked_child_goes_on_asking(tmp_path: Path, opened: Open) -> None:
    with run_server(tmp_path) as (sandbox, book):
        license_ = opened(sandbox.url)
        license_.has_feature("sso")
        license_._stop.set()  # the parent asks no more: whatever comes now is the child's
        license_._thread.join()  # type: ignore[union-attr]
        license_._stop.clear()
        sandbox.requests.clear()
        child = os.fork()
        if child == 0:
            license_.has_feature("sso")
            time.sleep(1)
            os._exit(0)
        os.waitpid(child, 0)
        assert "POST /api/v2/validate" in sandbox.requests
        assert book.keepalives


def test_the_product_is_the_compiled_one_whatever_the_environment_says(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PRODUCT_NAME", "project-template")
    with run_server(tmp_path) as (sandbox, book):
        opened(sandbox.url)
        assert wait_until(lambda: book.keepalives)
    assert book.keepalives[0]["product"] == "shop"
    assert "PRODUCT_NAME is project-template" in caplog.text


def test_asking_the_server_itself(tmp_path: Path, opened: Open) -> None:
    with run_server(tmp_path) as (sandbox, book):
        license_ = opened(sandbox.url)
        assert license_._server is not None
        assert license_._server.check_feature("sso")
        assert not license_._server.check_feature("saml")
        book.revoke(KEY)
        with pytest.raises(LicenseInvalid, match="revoked"):
            license_.refresh()


@pytest.mark.parametrize(
    ("features", "entitled"),
    [
        ([{"name": "sso", "entitled": True, "units": 0}], True),
        ([{"name": "sso", "entitled": False}], False),
        (["sso"], True),
        ({"sso": {"enabled": True}}, True),
        ({"sso": True}, True),
        ({"sso": {"enabled": "true"}}, False),
        ([], None),
    ],
)
def test_the_forms_of_features_that_servers_answer(features: object, entitled: object) -> None:
    terms = parse_terms({"tier": "free", "features": features, "expires_at": "2030-01-01T00:00:00"})
    assert terms.valid
    assert terms.features is not None
    grant = terms.features.get("sso")
    assert (grant and grant.entitled) is entitled
    assert terms.expires_at is not None
    assert terms.expires_at.tzinfo is not None


def test_a_sandbox_of_the_standards_tiers(capsys: pytest.CaptureFixture[str]) -> None:
    from penguin_compile.cli.program import run

    assert run(["sandbox", "--tier", "enterprise"]) == 64
    assert "add --license" in capsys.readouterr().err
    assert run(["sandbox", "--license", "--license-key", "PENG=enterprise"]) == 64
    assert "write PENG-AAAA" in capsys.readouterr().err


def test_the_sandbox_takes_only_the_keys_it_knows(tmp_path: Path, opened: Open) -> None:
    from penguin_compile.sandbox.license_book import LicenseBook
    from penguin_compile.sandbox.license_server import license_dialect

    other = KEY.replace("ABCD", "EFGH")
    path = write_entitlements(tmp_path)
    book = LicenseBook.read(path, tier=None, keys=[f"{other}=enterprise"])
    with (
        Sandbox(dialect=license_dialect(book)) as sandbox,
        pytest.raises(SystemExit, match="unknown license key"),
    ):
        opened(sandbox.url)
