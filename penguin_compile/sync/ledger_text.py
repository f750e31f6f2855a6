"""Fields of a resource as JSON text, and back: what the ledger and the audit hold.

Secrets stand beside the fields, not among them, so that no value of a spec can pass for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from penguin_compile.core.canonical import canonical_json
from penguin_compile.model.record import SecretState

_SECRETS: Final = '"secrets":{"'  # also in a JSON value that has a field of that name


def write_fields(fields: Mapping[str, Any]) -> str:
    """`{"fields": …}`, with `"secrets": {path: {"fingerprint", "stored"}}` where there are any."""
    return field_writer()(fields)


@cache
def field_writer() -> Callable[[Mapping[str, Any]], str]:
    """The same as a function of its own, for whoever calls it for each of many entries."""
    import orjson

    dumps, options = orjson.dumps, orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS

    def write(fields: Mapping[str, Any]) -> str:
        try:
            return dumps({"fields": fields}, _plain, options).decode()
        except TypeError:  # a secret, an integer of more than 64 bits, half of a surrogate pair
            return _write_slowly(fields)

    return write


def _write_slowly(fields: Mapping[str, Any]) -> str:
    plain = {path: one for path, one in fields.items() if not isinstance(one, SecretState)}
    secrets = {
        path: {"fingerprint": one.fingerprint, "stored": one.stored}
        for path, one in fields.items()
        if isinstance(one, SecretState)
    }
    plain = {path: sorted(one) if _is_set(one) else one for path, one in plain.items()}
    text = canonical_json({"fields": plain, **({"secrets": secrets} if secrets else {})})
    # No database takes half of a surrogate pair; as JSON writes it, it is read back as it was.
    return text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> Any:
    if _is_set(value):
        return sorted(value)
    raise TypeError


def _is_set(value: Any) -> bool:
    return isinstance(value, set | frozenset)


def read_fields(text: str) -> dict[str, Any]:
    """The fields of such a text; ValueError or KeyError where it is none."""
    import json

    data = json.loads(text)
    fields: dict[str, Any] = dict(data["fields"])
    for path, state in data.get("secrets", {}).items():
        fields[path] = SecretState(fingerprint=state["fingerprint"], stored=state["stored"])
    return fields


def holds_secret(text: str) -> bool:
    """Whether such a text has a secret; one that can't be read is taken to have one."""
    if _SECRETS not in text:
        return False
    try:
        return any(isinstance(one, SecretState) for one in read_fields(text).values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return True
