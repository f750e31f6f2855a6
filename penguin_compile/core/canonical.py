"""Canonical JSON and the digests that are taken of it."""

from __future__ import annotations

import hashlib
import json

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, Unicode as it is: equal values have equal text.

    Raises ValueError for NaN and infinities, which JSON has no words for.
    """
    return _ENCODER.encode(value)


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return digest_text(canonical_json(value))


def digest_text(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hexadecimal; lone surrogates are hashed as they stand."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
