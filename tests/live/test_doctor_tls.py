"""doctor before a gateway with TLS: what its certificate is, until when, and whom to trust."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.gateway_harness import Gateway
from tests.live.gateway_shop import Result, Run
from tests.live.relay import Relay
from tests.live.test_marchproxy_tls import make_certificate

Examine = Callable[..., tuple[Result, dict[str, Any] | None]]


@pytest.fixture
def examine(
    penguin: Run, gateway: Gateway, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Examine:
    """doctor with the gateway behind a certificate of so many days."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT_FILE", "SSL_CLIENT_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    plain = spec.read_text()

    def look(
        *flags: str, days: float = 90, trusted: bool = True, mutual: bool = False, **fields: str
    ) -> tuple[Result, dict[str, Any] | None]:
        pem, key = make_certificate(tmp_path, days=days, **fields)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(pem)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with Relay(gateway.url, context) as relay:
            spec.write_text(plain.replace(gateway.url, relay.url))
            result = penguin("doctor", "--env", "dev", "--format", "json", *flags)
        assert result.out, result
        checks = json.loads(result.out)["checks"]
        return result, next((one for one in checks if one["subject"] == "tls"), None)

    return look


def test_an_own_ca_is_named_and_the_end_told(examine: Examine) -> None:
    result, told = examine()
    assert result.code == 0
    assert told is not None
    assert told["level"] == "ok"
    assert "signed by itself, until 20" in told["text"]
    assert "trusted through SSL_CERT_FILE=" in told["text"]


def test_a_certificate_near_its_end(examine: Examine) -> None:
    result, told = examine(days=3)
    assert result.code == 0
    assert told is not None
    assert (told["level"], "3 days left" in told["text"]) == ("warning", True)


def test_a_certificate_that_has_ended(examine: Examine) -> None:
    result, told = examine(days=-2)
    assert result.code == 1
    assert told is not None
    assert (told["level"], "expired" in told["text"]) == ("problem", True)
    assert "renew it" in told["advice"]


def test_a_ca_that_nobody_knows(examine: Examine) -> None:
    result, told = examine(trusted=False)
    assert result.code == 1
    assert told is not None
    assert "not trusted (self" in told["text"]
    assert "SHA-256 " in told["text"]
    assert "SSL_CERT_FILE" in told["advice"]
    assert '"login"' not in result.out, "no credentials are sent to who isn't trusted"


def test_a_certificate_for_another(examine: Examine) -> None:
    result, told = examine(address="127.0.0.9")
    assert result.code == 1
    assert told is not None
    assert "mismatch" in told["text"].lower()
    assert "marchproxy.url" in told["advice"]


def test_insecure_is_told_with_what_it_hides(examine: Examine) -> None:
    result, told = examine("--insecure", trusted=False)
    assert result.code == 0
    assert "not checked" in result.err
    assert told is not None
    assert told["level"] == "warning"
    assert "not trusted" in told["text"]
    _, told = examine("--insecure")
    assert told is not None
    assert "it isn't needed" in told["advice"]


def test_a_server_that_wants_a_certificate_of_ours(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = examine(mutual=True)
    assert result.code == 1
    assert "SSL_CLIENT_CERT_FILE" in result.out
    monkeypatch.setenv("SSL_CLIENT_CERT_FILE", str(tmp_path / "certificate.pem"))
    monkeypatch.setenv("SSL_CLIENT_KEY_FILE", str(tmp_path / "key.pem"))
    # The certificate is made anew each time, and so is what the server trusts.
    result, told = examine(mutual=True)
    assert result.code == 0
    assert told is not None
    assert told["level"] == "ok"


def test_no_tls_is_no_news_on_this_machine_alone(
    penguin: Run, gateway: Gateway, spec: Path
) -> None:
    assert " tls " not in penguin("doctor", "--env", "dev").out
    spec.write_text(spec.read_text().replace("127.0.0.1", "localhost.invalid"))
    told = penguin("doctor", "--env", "dev").out
    assert "warning  tls" in told
    assert "in clear" in told
