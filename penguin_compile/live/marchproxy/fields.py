"""Which fields of a service and of a mapping are ours, in the form in which they are compared.

Source of names and bounds: integration-standards, and the real server's OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from penguin_compile.live.marchproxy.dialect import Abilities

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": (
        "ip_fqdn",
        "port",
        "protocol",
        "collection",
        "auth_type",
        "tls_enabled",
        "tls_verify",
        "health_check_enabled",
        "health_check_path",
        "health_check_interval",
    ),
    "mapping": (
        "description",
        "source_services",
        "dest_services",
        "listen_port",
        "protocol",
        "path_prefix",
    ),
}
# Set by others and never by a spec: a write of the whole object has to carry them along.
CARRIED: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("jwt_expiry", "jwt_algorithm"),
    "mapping": (),
}
_SETS = frozenset(("source_services", "dest_services"))
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("ip_fqdn", "port"),
    "mapping": ("source_services", "dest_services"),
}
_NULLABLE = frozenset(("collection",))
_FLAGS = frozenset(("tls_enabled", "tls_verify", "health_check_enabled"))
_LENGTHS = {"name": (1, 100), "ip_fqdn": (1, 255), "collection": (0, 100)}
_RANGES = {"port": (1, 65535), "listen_port": (1, 65535), "health_check_interval": (5, 2**31 - 1)}


def canonical_fields(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields that are there; the ends of a mapping are sets, so sorted lists."""
    fields = {}
    for name in FIELDS[kind]:
        value = row.get(name)
        if value is not None:
            fields[name] = _canonical_value(name, value) if isinstance(value, list) else value
    return fields


def _canonical_value(name: str, value: list[Any]) -> list[Any]:
    if name in _SETS and all(isinstance(one, str) for one in value):
        return sorted(set(value))
    return value


def find_problems(
    kind: str, body: Mapping[str, Any], abilities: Abilities, dialect: str
) -> Iterator[str]:
    """Yield what a server would refuse of a resource, without naming the resource."""
    for name in _REQUIRED[kind]:
        if not body.get(name):
            yield f"{name} is missing, and MarchProxy needs it"
    yield from _find_unreadable(kind, body)
    for name, (least, most) in _LENGTHS.items():
        value = body.get(name)
        if isinstance(value, str) and not least <= len(value) <= most:
            yield f"{name} has {len(value)} characters, and MarchProxy takes {least} to {most}"
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if isinstance(value, int) and not least <= value <= most:
            yield f"{name} is {value}, and MarchProxy takes {least} to {most}"
    server = f"{'an' if dialect[0] in 'aeiou' else 'a'} `{dialect}` MarchProxy"
    for name, known in (("protocol", abilities.protocols), ("auth_type", abilities.auth_types)):
        value = body.get(name)
        if value is not None and value not in known:
            yield f"{server} doesn't take {name} {value!r}, only {', '.join(known)}"


def _find_unreadable(kind: str, body: Mapping[str, Any]) -> Iterator[str]:
    """What a real server saves without a word and answers 500 for ever after."""
    for name in FIELDS[kind]:
        if name in body and body[name] is None and name not in _NULLABLE:
            yield f"{name} is null, and MarchProxy takes that for {', '.join(_NULLABLE)} alone"
        elif name in _FLAGS and not isinstance(body.get(name, False), bool):
            yield f"{name} is no boolean, and MarchProxy takes true or false"
