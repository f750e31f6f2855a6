"""TLS as the environment says it: an own CA, a client's certificate, and no trust at all."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from penguin_compile.cli.planning import take_manners
from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.model.environment import Gateway

QUICK = Patience(connect=2, read=2, tries=1, total=5)


def make_certificate(
    folder: Path, *, days: float = 1, address: str = "127.0.0.1"
) -> tuple[Path, Path]:
    """One certificate that is its own CA, good for a server and for a client, for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days, minutes=5))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that doesn't trust us hangs up."""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT_FILE", "SSL_CLIENT_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return make_certificate(tmp_path)


@pytest.fixture(params=[False, True], ids=["server", "both"])
def url(request: pytest.FixtureRequest, files: tuple[Path, Path]) -> Iterator[str]:
    """A server over TLS; with `both` it wants a certificate of its client."""
    pem, key = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    if request.param:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pem)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def connect(url: str, *, insecure: bool = False) -> Client:
    gateway = Gateway(
        url=url,
        cluster=None,
        dialect=None,
        token=None,
        username=None,
        password=None,
        totp=None,
        protocol_map={},
    )
    return Client(gateway, "environments.dev.marchproxy", QUICK, Manners(insecure=insecure))


def test_an_own_ca_and_a_certificate_of_the_client(
    url: str,
    files: tuple[Path, Path],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pem, key = files
    with closing(connect(url)) as client, pytest.raises(GatewayFailure) as caught:
        client.request("GET", "/x")
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    mutual = request.node.callspec.params["url"]
    if mutual:
        with closing(connect(url)) as client, pytest.raises(GatewayFailure):
            client.request("GET", "/x")
        monkeypatch.setenv("SSL_CLIENT_CERT_FILE", str(pem))
        monkeypatch.setenv("SSL_CLIENT_KEY_FILE", str(key))
    with closing(connect(url)) as client:
        assert client.request("GET", "/x").status == 200
    monkeypatch.delenv("SSL_CERT_FILE")
    with closing(connect(url, insecure=True)) as client:
        assert client.request("GET", "/x").status == 200


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CLIENT_CERT_FILE"])
def test_a_file_that_is_not_there_is_named(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(files[0].with_name("missing.pem")))
    with (
        closing(connect("https://127.0.0.1:1")) as client,
        pytest.raises(GatewayDenied, match=rf"{name}=.*missing\.pem"),
    ):
        client.request("GET", "/x")


def test_no_trust_is_told_in_red(capsys: pytest.CaptureFixture[str]) -> None:
    options = {"insecure": True, "log_http": False, "parallelism": None, "bulk": False}
    assert take_manners(options).insecure
    assert "not checked" in capsys.readouterr().err
    assert options == {}
