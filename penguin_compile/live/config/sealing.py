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
import stat
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Final

from penguin_compile.core.errors import SecretUnavailable
from penguin_compile.core.records import dataclass

KEYS_VARIABLE: Final = "PENGUIN_CONFIG_KEYS"
FILE_VARIABLE: Final = "PENGUIN_CONFIG_KEYS_FILE"
_PREFIX: Final = "enc:v1:"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORM: Final = "ID:BASE64 of 32 bytes, comma or line break between; the first one encrypts"


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


def keys_hint() -> str:
    """How keys are given."""
    return f"set {KEYS_VARIABLE}, or {FILE_VARIABLE} to the path of a keyring file: {_FORM}"


def read_keyring(environment: Mapping[str, str] | None = None) -> Keyring | None:
    """The keys of the environment or of its keyring file, None where neither is named.

    SecretUnavailable for malformed keys, and for a file that others may read or that isn't there.
    """
    variables = os.environ if environment is None else environment
    text, path = (variables.get(name, "").strip() for name in (KEYS_VARIABLE, FILE_VARIABLE))
    if text and path:
        raise SecretUnavailable(
            f"{KEYS_VARIABLE} and {FILE_VARIABLE} are both set", hint="unset one of the two"
        )
    source = f"{FILE_VARIABLE} ({path})" if path else KEYS_VARIABLE
    if path:
        text = _read_file(Path(path))
    elif not text:
        return None
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(_entries(text), 1):
        name, key = _parse_key(entry, position, source)
        if name in keys:
            raise SecretUnavailable(f"{source} holds the key {name} twice", hint=_FORM)
        keys[name] = key
    if not keys:
        raise SecretUnavailable(f"{source} holds no key", hint=_FORM)
    return Keyring(first=next(iter(keys)), keys=keys)


def _entries(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [part.strip() for line in lines if line.strip() for part in line.split(",")]


def _read_file(path: Path) -> str:
    problem, hint = "", f"{FILE_VARIABLE} names a text file of keys: {_FORM}"
    try:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            problem, hint = "everybody on this machine may read or change it", f"chmod 600 {path}"
        else:
            return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        problem = "it is not UTF-8 text"
    raise SecretUnavailable(f"the keyring file {path} is not used: {problem}", hint=hint)


def _parse_key(entry: str, position: int, source: str) -> tuple[str, bytes]:
    name, colon, encoded = entry.partition(":")
    if not colon or not _KEY_ID.fullmatch(name):
        raise SecretUnavailable(f"{source}: entry {position} has no id", hint=_FORM)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SecretUnavailable(
            f"{source}: the key {name} is not the BASE64 of {_KEY_BYTES} bytes", hint=_FORM
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
