"""Whether a value that was found may stand in a spec, or is a secret that only a reference names.

Between the sources of `init` and the spec; the rules that judge a spec's literals judge here, so
that what `init` writes is what `validate` lets through.
"""

from __future__ import annotations

import json
from typing import Any

from penguin_compile.live.config.sealing import is_sealed
from penguin_compile.rules.secrets import (
    is_known_secret,
    is_secret_text,
    may_say_secret,
    recognise_credential,
    recognise_key,
    says_secret,
    wants_change,
)


def is_secret(name: str, text: str | None) -> bool:
    """Whether a text under that name is a secret, or a place that waits for one."""
    if not text:
        return says_secret(name)
    if is_sealed(text) or recognise_credential(text) or recognise_key(name, text):
        return True
    if says_secret(name) and is_secret_text(text):
        return True
    return is_known_secret(name, text) or (says_secret(name) and wants_change(text))


def holds_secret(name: str, text: str | None) -> bool:
    """As `is_secret`, and for JSON whether any text inside of it is one under its own name."""
    if is_secret(name, text):
        return True
    if text is None or text[:1] not in {"{", "["}:
        return False
    try:
        return _any_secret(name, json.loads(text))
    except (ValueError, RecursionError):
        return False


def may_be_shown(name: str, text: str) -> bool:
    """Whether a complaint may quote a text: stricter by far, as a guess too many costs nothing."""
    if holds_secret(name, text) or is_known_secret(name, text) or wants_change(text):
        return False
    return not (may_say_secret(name) and is_secret_text(text))


def _any_secret(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return value != "" and is_secret(name, value)
    if isinstance(value, dict):
        return any(_any_secret(key, one) for key, one in value.items())
    return isinstance(value, list) and any(_any_secret(name, one) for one in value)
