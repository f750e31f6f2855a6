"""The six digits of an authenticator app: TOTP (RFC 6238) with its usual SHA-1 and 30 seconds."""

from __future__ import annotations

import base64
import hmac
import struct
from typing import Final

_STEP: Final = 30
_DIGITS: Final = 6


def one_time_code(secret: str, now: float) -> str:
    """Return the code of a moment in Unix time; ValueError where the secret is no base32."""
    text = secret.replace(" ", "").replace("-", "").upper().rstrip("=")
    key = base64.b32decode(text + "=" * (-len(text) % 8))
    if not key:
        raise ValueError("an empty secret")
    mac = hmac.digest(key, struct.pack(">Q", int(now) // _STEP), "sha1")
    offset = mac[-1] & 0xF
    (number,) = struct.unpack(">I", mac[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**_DIGITS:0{_DIGITS}d}"
