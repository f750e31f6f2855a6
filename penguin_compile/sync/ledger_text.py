"""Fields of a resource as JSON text, and back: what the ledger and the audit hold.

Secrets stand beside the fields, not among them, so that no value of a spec can pass for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from penguin_compile.core.canonical import canonical_json
from penguin_compile.model.record import SecretState

SECRETS_MARK: Final = '"secrets":{"'  # in no text without secrets: there, quotes are escaped


def write_fields(fields: Mapping[str, Any]) -> str:
    """`{"fields": …}`, with `"secrets": {path: {"fingerprint", "stored"}}` where there are any."""
    plain = {path: _plain(one) for path, one in fields.items() if not _is_secret(one)}
    secrets = {
        path: {"fingerprint": one.fingerprint, "stored": one.stored}
        for path, one in fields.items()
        if isinstance(one, SecretState)
    }
    return _json({"fields": plain, **({"secrets": secrets} if secrets else {})})


def _json(data: dict[str, Any]) -> str:
    """Sorted, without spaces; `sync/glance.py` writes it alike."""
    import orjson

    try:
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # an integer of more than 64 bits, half of a surrogate pair
        return canonical_json(data)


def read_fields(text: str) -> dict[str, Any]:
    """The fields of such a text; ValueError or KeyError where it is none."""
    import json

    data = json.loads(text)
    fields: dict[str, Any] = dict(data["fields"])
    for path, state in data.get("secrets", {}).items():
        fields[path] = SecretState(fingerprint=state["fingerprint"], stored=state["stored"])
    return fields


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretState)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else value
