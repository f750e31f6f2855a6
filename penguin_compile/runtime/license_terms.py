"""What a license grants: the server's answer and the spec's entitlements, as values.

Source of the answer's forms: what license servers of the house answer their clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from penguin_compile.runtime.license_errors import LicenseError, LicenseServerDown

DEFAULT_SERVER: Final = "https://license.penguintech.io"
HEADER_DIALECT: Final = "header"
BODY_DIALECT: Final = "body"
UNLIMITED: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A feature in an answer. Of `units`, 0 is unlimited and -1 does not apply."""

    entitled: bool
    units: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """One answer. `features` is None where it names none: the tier tells them then."""

    valid: bool
    tier: str | None = None
    features: Mapping[str, Grant] | None = None
    limits: Mapping[str, int]
    expires_at: datetime | None = None
    server_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerms:
    """A tier of the spec, with all that it inherits."""

    name: str
    features: frozenset[str]
    limits: Mapping[str, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlements:
    """What the spec says of the license: `license/entitlements.json`, tiers lowest first."""

    product: str
    server_url: str = DEFAULT_SERVER
    release_mode: bool | None = None
    dialect: str = HEADER_DIALECT
    tiers: tuple[TierTerms, ...] = ()
    features: frozenset[str] = frozenset()

    def tier(self, name: str | None) -> TierTerms | None:
        """The tier of that name; `free` is what newer servers call `community`."""
        names = {one.name: one for one in self.tiers}
        aliases = {"free": "community", "community": "free"}
        return names.get(name or "") or names.get(aliases.get(name or "", ""))


def read_entitlements(path: str | Path) -> Entitlements:
    """The compiled file; LicenseError where it can't be read or is something else."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        return parse_entitlements(data)
    except OSError as error:
        problem = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"it is no license/entitlements.json of penguin-compile ({error})"
    raise LicenseError(f"can't read {path}: {problem}; run penguin-compile compile")


def parse_entitlements(data: Mapping[str, Any]) -> Entitlements:
    """The same from its JSON."""
    tiers = tuple(
        TierTerms(name=one["name"], features=frozenset(one["features"]), limits=one["limits"])
        for one in data["tiers"]
    )
    return Entitlements(
        product=data["product"],
        server_url=data["server_url"],
        release_mode=data["release_mode"],
        dialect=data.get("dialect", HEADER_DIALECT),
        tiers=tiers,
        features=frozenset(data["features"]),
    )


def parse_terms(data: object) -> LicenseTerms:
    """A server's answer; LicenseServerDown where it is none. One without `valid` is valid."""
    if not isinstance(data, dict):
        raise LicenseServerDown("the license server's answer is no JSON object")
    metadata = data.get("metadata")
    limits = data.get("limits")
    return LicenseTerms(
        valid=data.get("valid", True) is True,
        tier=_text(data.get("tier")),
        features=_features(data.get("features")),
        limits={
            str(name): value
            for name, value in (limits.items() if isinstance(limits, dict) else ())
            if isinstance(value, int) and not isinstance(value, bool)
        },
        expires_at=_time(data.get("expires_at")),
        server_id=_text(metadata.get("server_id")) if isinstance(metadata, dict) else None,
        reason=_text(data.get("message")) or _text(data.get("error")) or _text(data.get("detail")),
    )


def _features(value: object) -> Mapping[str, Grant] | None:
    if isinstance(value, dict):
        return {str(name): _grant(one) for name, one in value.items()}
    if isinstance(value, list):
        return dict(_listed(value))
    return None


def _listed(values: list[object]) -> Iterator[tuple[str, Grant]]:
    for one in values:
        if isinstance(one, str):
            yield one, Grant(entitled=True)
        elif isinstance(one, dict) and isinstance(one.get("name"), str):
            yield one["name"], _grant(one)


def _grant(value: object) -> Grant:
    if not isinstance(value, dict):
        return Grant(entitled=value is True)
    units = value.get("units", -1)
    entitled = value.get("entitled", value.get("enabled", False))
    return Grant(entitled=entitled is True, units=units if isinstance(units, int) else -1)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    """A time of the answer, in UTC where it names no zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
