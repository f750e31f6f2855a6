"""The keys that secrets at rest are sealed with."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.live.config.sealing import (
    KEYS_VARIABLE,
    Policy,
    choose_policy,
    read_keyring,
)
from penguin_compile.sync.diagnosis.check import Check, Examination, failed, ok, problem, warning


def diagnose_keys(examination: Examination) -> Iterator[Check]:
    """How sensitive values are stored here, and whether the key for that is there."""
    app = examination.app
    sensitive = [one.key for one in app.settings.values() if one.sensitive]
    if not sensitive or app.environment.database is None:
        return
    try:
        keyring = read_keyring()
    except SecretUnavailable as error:
        yield failed("keys", error)
        return
    policy = choose_policy(app.environment.sensitive, keyring)
    count = f"{len(sensitive)} sensitive key{'s' if len(sensitive) > 1 else ''}"
    if policy is Policy.SKIP:
        yield ok("keys", f"{count} not written; the app reads their variables (sensitive: skip)")
    elif policy is Policy.PLAINTEXT:
        advice = f"set {KEYS_VARIABLE}, and `sensitive: encrypt` in the environment"
        yield warning("keys", f"{count} stored in clear (sensitive: plaintext)", advice)
    elif keyring is None:
        yield problem(
            "keys",
            f"{count} to be stored encrypted, and there is no key",
            f"set {KEYS_VARIABLE} to ID:BASE64 of 32 bytes, or `sensitive: skip`",
        )
    else:
        yield ok("keys", f"{count} encrypted with the key {keyring.first}")
