"""License tiers, the features they grant, and the limits they set."""

from __future__ import annotations

from collections.abc import Mapping

from penguin_compile.core.records import dataclass

UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A tier and the limits that it states itself: a count, or `unlimited`."""

    name: str
    limits: Mapping[str, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature, granted from one tier upwards."""

    name: str
    tier: str
    description: str | None
    ai: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """What the license server is asked and what each tier, lowest first, grants."""

    server_url: str
    product: str
    dialect: str
    release_mode: bool
    tiers: tuple[Tier, ...]
    features: tuple[Feature, ...]
