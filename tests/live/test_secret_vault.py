"""`vault:` references against a real server: OpenBao, whose API is Vault's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import SecretReference
from tests.secret_stores import Vault, running_vault

pytestmark = pytest.mark.slow

PEM = "-----BEGIN X-----\nline\n-----END X-----"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    with running_vault(tmp_path_factory.mktemp("vault")) as vault:
        kept = {"password": "correct horse", "pem": PEM + "\n", "port": 25, "on": True, "no": None}
        kept["json"] = {"b": [1, None]}
        vault.client.secrets.kv.v2.create_or_update_secret("team/mail", kept, mount_point="secret")
        vault.client.secrets.kv.v1.create_or_update_secret("mail", kept, mount_point="old/kv")
        yield vault


@pytest.fixture
def resolve(server: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    for name in ("VAULT_NAMESPACE", "VAULT_CACERT", "VAULT_ROLE_ID", "VAULT_SECRET_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    with Resolver() as resolver:
        yield resolver


def value(resolve: Resolver, text: str) -> str:
    return resolve(SecretReference.parse(text)).reveal()


def refusal(resolve: Resolver, text: str) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        value(resolve, text)
    assert text in caught.value.message
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize("path", ["secret/team/mail", "old/kv/mail"], ids=["KV 2", "KV 1"])
def test_values_of_both_versions_of_the_store_are_read(resolve: Resolver, path: str) -> None:
    assert value(resolve, f"vault:{path}#password") == "correct horse"
    assert value(resolve, f"vault:{path}#pem") == PEM, (
        "without its last line break, as file: has it"
    )
    assert value(resolve, f"vault:{path}#port") == "25"
    assert value(resolve, f"vault:{path}#on") == "true"
    assert value(resolve, f"vault:{path}#json") == '{"b": [1, null]}'


def test_a_path_is_read_once_in_a_run(resolve: Resolver, server: Vault) -> None:
    write = server.client.secrets.kv.v2.create_or_update_secret
    write("once", {"a": "1", "b": "2"}, mount_point="secret")
    assert value(resolve, "vault:secret/once#a") == "1"
    write("once", {"a": "3", "b": "4"}, mount_point="secret")
    assert value(resolve, "vault:secret/once#b") == "2"
    with Resolver() as another:
        assert value(another, "vault:secret/once#b") == "4"


@pytest.mark.parametrize("key", ["nothing", "no"])
def test_a_missing_key_is_told(resolve: Resolver, key: str) -> None:
    error = refusal(resolve, f"vault:secret/team/mail#{key}")
    assert f"has no key {key}" in error.message
    assert f"vault kv patch secret/team/mail {key}=-" in str(error.hint)


@pytest.mark.parametrize("path", ["secret/nothing", "old/kv/nothing"])
def test_a_missing_path_is_told(resolve: Resolver, path: str) -> None:
    assert f"nothing is kept at {path}" in refusal(resolve, f"vault:{path}#a").message


def test_a_deleted_version_is_a_missing_path(resolve: Resolver, server: Vault) -> None:
    store = server.client.secrets.kv.v2
    store.create_or_update_secret("gone", {"a": "1"}, mount_point="secret")
    store.delete_latest_version_of_secret("gone", mount_point="secret")
    assert "nothing is kept" in refusal(resolve, "vault:secret/gone#a").message


def test_a_token_without_rights_is_told(
    resolve: Resolver, server: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = server.client.auth.token.create(policies=["default"])["auth"]["client_token"]
    for token in (weak, "no-such-token"):
        monkeypatch.setenv("VAULT_TOKEN", token)
        with Resolver() as another:
            error = refusal(another, "vault:secret/team/mail#password")
        assert "this token may not read secret/team/mail (403)" in error.message
        assert token not in f"{error.message}{error.hint}"


def test_a_role_logs_in(resolve: Resolver, server: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client.sys.create_or_update_policy(
        "reader", 'path "secret/data/team/*" {capabilities = ["read"]}'
    )
    roles = server.client.auth.approle
    roles.create_or_update_approle("app", token_policies=["reader"])
    monkeypatch.delenv("VAULT_TOKEN")
    role = roles.read_role_id("app")["data"]["role_id"]
    secret = roles.generate_secret_id("app")["data"]["secret_id"]
    monkeypatch.setenv("VAULT_ROLE_ID", role)
    monkeypatch.setenv("VAULT_SECRET_ID", secret)
    assert value(resolve, "vault:secret/team/mail#password") == "correct horse"
    monkeypatch.setenv("VAULT_SECRET_ID", "wrong-secret-id")
    with Resolver() as another:
        error = refusal(another, "vault:secret/team/mail#password")
    assert "refused the login" in error.message
    assert "wrong-secret-id" not in f"{error.message}{error.hint}"


def test_a_namespace_is_used(
    resolve: Resolver, server: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hvac

    server.client.write("sys/namespaces/team")
    inside = hvac.Client(url=server.url, token=server.client.token, namespace="team")
    inside.sys.enable_secrets_engine("kv", path="kv", options={"version": "2"})
    inside.secrets.kv.v2.create_or_update_secret("mail", {"a": "inside"}, mount_point="kv")
    inside.adapter.close()
    monkeypatch.setenv("VAULT_NAMESPACE", "team")
    assert value(resolve, "vault:kv/mail#a") == "inside"


def test_a_run_without_address_or_token_is_told_what_to_set(
    resolve: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert "VAULT_ROLE_ID" in str(refusal(resolve, "vault:secret/team/mail#password").hint)
    monkeypatch.delenv("VAULT_ADDR")
    with Resolver() as another:
        assert "VAULT_ADDR" in str(refusal(another, "vault:secret/team/mail#password").hint)


def test_a_server_that_is_not_there_is_asked_once(
    resolve: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("VAULT_ADDR", f"http://user:hidden@{address}")
        error = refusal(resolve, "vault:secret/team/mail#password")
    assert f"the Vault at {address} can't be reached" in error.message
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))) as server:
        server.settimeout(0.2)
        assert "can't be reached" in refusal(resolve, "vault:secret/other#a").message
        with pytest.raises(TimeoutError):
            server.accept()


def test_an_answer_that_is_none_is_told(resolve: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<p>hi</p>")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.getsockname()[1]}")
        message = refusal(resolve, "vault:secret/team/mail#password").message
        thread.join()
    assert "makes no sense" in message


def test_a_sealed_server_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    with running_vault(tmp_path) as own:
        for name, text in own.environment.items():
            monkeypatch.setenv(name, text)
        own.client.sys.seal()
        with Resolver() as resolve:
            error = refusal(resolve, "vault:secret/team/mail#password")
    assert "sealed" in error.message
    assert "unseal" in str(error.hint)
