"""Sensitive values at rest (sync.md): sealed with AES-256-GCM, and told apart by fingerprints.

Used by the backend `config` when it reads and writes rows. A sealed text is
`enc:v1:KEY_ID:BASE64(nonce+ciphertext)`, bound to its config key: moved to another row, it
doesn't open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from penguin_compile.core.errors import SecretUnavailable

KEYS_VARIABLE: Final = "PENGUIN_CONFIG_KEYS"
_PREFIX: Final = "enc:v1:"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HINT: Final = f"{KEYS_VARIABLE} is ID:BASE64 of 32 bytes, comma between; the first one encrypts"


class Policy(StrEnum):
    """How sensitive values are stored (`sensitive:` of an environment)."""

    ENCRYPT = "encrypt"
    SKIP = "skip"
    PLAINTEXT = "plaintext"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Keys by their id; `first` encrypts, all of them decrypt."""

    first: str
    keys: Mapping[str, bytes] = field(repr=False)


def read_keyring(environment: Mapping[str, str] | None = None) -> Keyring | None:
    """The keys of PENGUIN_CONFIG_KEYS, None where it is not set; SecretUnavailable if malformed."""
    text = (os.environ if environment is None else environment).get(KEYS_VARIABLE, "").strip()
    if not text:
        return None
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(text.split(","), 1):
        name, key = _parse_key(entry.strip(), position)
        if name in keys:
            raise SecretUnavailable(f"{KEYS_VARIABLE} holds the key {name} twice", hint=_HINT)
        keys[name] = key
    return Keyring(first=next(iter(keys)), keys=keys)


def _parse_key(entry: str, position: int) -> tuple[str, bytes]:
    name, colon, encoded = entry.partition(":")
    if not colon or not _KEY_ID.fullmatch(name):
        raise SecretUnavailable(f"{KEYS_VARIABLE}: entry {position} has no id", hint=_HINT)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SecretUnavailable(
            f"{KEYS_VARIABLE}: the key {name} is not the BASE64 of {_KEY_BYTES} bytes", hint=_HINT
        )
    return name, key


def choose_policy(stated: str | None, keyring: Keyring | None) -> Policy:
    """The environment's policy; without one, encrypt where there is a key, else skip."""
    if stated is not None:
        return Policy(stated)
    return Policy.SKIP if keyring is None else Policy.ENCRYPT


def is_sealed(text: str) -> bool:
    """Whether the text has the form of a sealed value."""
    return text.startswith(_PREFIX)


def key_of(text: str) -> str | None:
    """The id of the key that a text is sealed with; None for one that isn't sealed."""
    return text.removeprefix(_PREFIX).partition(":")[0] if is_sealed(text) else None


def seal(keyring: Keyring, config_key: str, text: str) -> str:
    """The text encrypted with the first key and bound to its config key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    key = AESGCM(keyring.keys[keyring.first])
    sealed = nonce + key.encrypt(nonce, text.encode(), config_key.encode())
    return f"{_PREFIX}{keyring.first}:{base64.b64encode(sealed).decode()}"


def unseal(keyring: Keyring | None, config_key: str, stored: str) -> str | None:
    """The text of a sealed value; None without its key, or where it isn't what was sealed here."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    name, _, encoded = stored.removeprefix(_PREFIX).partition(":")
    if keyring is None or name not in keyring.keys:
        return None
    try:
        sealed = base64.b64decode(encoded, validate=True)
        nonce, cipher = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return AESGCM(keyring.keys[name]).decrypt(nonce, cipher, config_key.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None


def fingerprint(value: str, salt: bytes) -> str:
    """HMAC-SHA-256 of a secret in hexadecimal, keyed by the environment's salt."""
    return hmac.new(salt, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
