"""The secrets that an environment names: whether each can be had; what it is, nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.errors import PenguinError, SecretUnavailable
from penguin_compile.core.secret import SecretReference
from penguin_compile.live.config.sealing import Policy, choose_policy, read_keyring
from penguin_compile.model.app import App
from penguin_compile.sync.diagnosis.check import Check, Examination, failed, ok, warning


def diagnose_secrets(examination: Examination) -> Iterator[Check]:
    """Each by its name."""
    found = []
    for reference, what, required in _list_secrets(examination.app):
        try:
            examination.resolve(reference)
        except PenguinError as error:
            if required:
                yield failed("secrets", error, f"{what}: ")
            else:
                yield warning("secrets", f"{what}: {error.message}; it will not be written", None)
        else:
            found.append(str(reference))
    if found:
        yield ok("secrets", f"can be had: {', '.join(dict.fromkeys(found))}")


def _list_secrets(app: App) -> Iterator[tuple[SecretReference, str, bool]]:
    environment = app.environment
    writes = environment.database is not None
    if writes:
        try:
            keyring = read_keyring()
        except SecretUnavailable:
            keyring = None
        writes = choose_policy(environment.sensitive, keyring) is not Policy.SKIP
    for setting in app.settings.values():
        if setting.secret is not None and writes:
            yield setting.secret, f"config/{setting.key}", setting.required
    gateway = environment.gateway
    for name in ("url", "token", "username", "password", "totp") if gateway else ():
        value = getattr(gateway, name)
        if isinstance(value, SecretReference):
            yield value, f"marchproxy.{name}", True
