"""`vault:MOUNT/PATH#KEY`: a value of a HashiCorp Vault's or an OpenBao's key-value store.

Which server and who asks comes from the variables that the `vault` program reads: VAULT_ADDR,
VAULT_TOKEN (else ~/.vault-token), VAULT_NAMESPACE, VAULT_CACERT; or VAULT_ROLE_ID and
VAULT_SECRET_ID, with which the run logs in once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.live.secrets.value import value_text

if TYPE_CHECKING:
    import hvac

_SECONDS: Final = 10
_LOGIN_HINT: Final = "set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or log in: vault login"


class VaultReader:
    """Connects, logs in and reads each path once in a run."""

    def __init__(self) -> None:
        self._client: hvac.Client | None = None
        self._data: dict[str, Any] = {}
        self._lost: tuple[str, str] | None = None

    def __call__(self, rest: str) -> str:
        """The value of a key at a path; SecretUnavailable where it can't be had."""
        path, _, key = rest.partition("#")
        name = f"vault:{rest}"
        if path not in self._data:
            self._data[path] = self._ask(path, name)
        data = self._data[path]
        if data is None:
            raise SecretUnavailable(
                f"the secret {name} is not there: nothing is kept at {path}",
                hint=f"write it: vault kv put {path} {key}=-, or correct the reference",
            )
        text = value_text(data.get(key))
        if not text:
            raise SecretUnavailable(
                f"the secret {name} is not there: {path} has no key {key}",
                hint=f"write it: vault kv patch {path} {key}=-, or correct the reference",
            )
        return text

    def close(self) -> None:
        """Forget what was read, and give back connections."""
        self._data.clear()
        client, self._client = self._client, None
        if client is not None:
            client.adapter.close()

    def _ask(self, path: str, name: str) -> Any:
        if self._lost is not None:  # one server that doesn't answer is waited for once
            raise SecretUnavailable(f"the secret {name} can't be read: {self._lost[0]}")
        try:
            return self._read(self._open(name), path)
        except SecretUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a strange answer leads to
            reason, hint, lost = _explain(error, path)
        # Raised out here: the library's errors hold the server's answer, no context to keep.
        if lost:
            self._lost = (reason, hint)
        raise SecretUnavailable(f"the secret {name} can't be read: {reason}", hint=hint)

    def _open(self, name: str) -> hvac.Client:
        if self._client is not None:
            return self._client
        address = os.environ.get("VAULT_ADDR")
        if not address:
            raise SecretUnavailable(
                f"the secret {name} can't be read: no Vault is named",
                hint="set VAULT_ADDR, such as https://vault.example.com:8200",
            )
        import hvac

        client = hvac.Client(
            url=address,
            namespace=os.environ.get("VAULT_NAMESPACE") or None,
            verify=os.environ.get("VAULT_CACERT") or True,
            timeout=_SECONDS,
        )
        self._client = client
        role, secret = os.environ.get("VAULT_ROLE_ID"), os.environ.get("VAULT_SECRET_ID")
        if role and secret and not os.environ.get("VAULT_TOKEN"):
            client.auth.approle.login(role_id=role, secret_id=secret)
        if not client.token:
            raise SecretUnavailable(
                f"the secret {name} can't be read: there is no token for Vault", hint=_LOGIN_HINT
            )
        return client

    def _read(self, client: hvac.Client, path: str) -> Any:
        """What is kept at a path; None for nothing. Asks the server how its store is mounted."""
        answer = client.read(f"sys/internal/ui/mounts/{path}")
        mount = (answer or {}).get("data") or {}
        root = str(mount.get("path") or f"{path.partition('/')[0]}/")
        inside = path.removeprefix(root)
        if (mount.get("options") or {}).get("version") == "2":
            found = client.read(f"{root}data/{inside}")
            return None if found is None else found["data"]["data"]
        found = client.read(path)
        return None if found is None else found["data"]


def _explain(error: Exception, path: str) -> tuple[str, str, bool]:  # noqa: PLR0911 - a table
    """What went wrong, what to do, and whether every other path would fare the same."""
    if isinstance(error, ImportError):
        return "the package hvac is not installed", "pip install 'penguin-compile[vault]'", True
    import requests
    from hvac import exceptions

    server = os.environ.get("VAULT_ADDR", "")
    if isinstance(error, exceptions.VaultDown):
        return "the Vault is sealed or down (503)", "unseal it: vault operator unseal", True
    if isinstance(error, exceptions.Forbidden):
        return (
            f"this token may not read {path} (403)",
            f"is the token still good, the namespace right, and is there a policy for {path}?",
            False,
        )
    if isinstance(error, exceptions.InvalidRequest):
        return "the Vault refused the login or the path (400)", _LOGIN_HINT, False
    if isinstance(error, requests.exceptions.SSLError):
        return "the Vault's certificate is not trusted", "name its CA's file in VAULT_CACERT", True
    if isinstance(error, requests.exceptions.Timeout):
        return f"the Vault gave no answer within {_SECONDS} seconds", "is VAULT_ADDR right?", True
    if isinstance(error, requests.exceptions.RequestException):
        shown = server.rpartition("@")[2]  # an address may hold a password
        return f"the Vault at {shown} can't be reached", "is VAULT_ADDR right?", True
    return (
        f"the Vault's answer makes no sense ({type(error).__name__})",
        "is VAULT_ADDR right?",
        False,
    )
