"""What the sandbox's license server knows: the spec's tiers, and which key has which.

Without a compiled `license/entitlements.json` it has the tiers and features of the standards.
"""

from __future__ import annotations

import hashlib
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from penguin_compile.core.errors import UsageError
from penguin_compile.runtime.license_errors import LicenseError
from penguin_compile.runtime.license_terms import (
    UNLIMITED,
    Entitlements,
    TierTerms,
    read_entitlements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penguin_compile.sandbox.fields import JsonObject

_KEY: Final = re.compile(r"PENG-[A-Z0-9]{4}(-[A-Z0-9]{4}){4}")
_HINT: Final = "write PENG-AAAA-BBBB-CCCC-DDDD-EEEE=professional"

# Source: integration-standards, "Tiers and Features" and "License-Gating AI Features".
_COMMUNITY: Final = frozenset(("basic_auth",))
_PROFESSIONAL: Final = _COMMUNITY | {
    *("sso", "teams", "api_keys", "audit_logs"),
    *("ai_analysis", "ai_generation"),
}
_ENTERPRISE: Final = _PROFESSIONAL | {
    *("custom_saml", "advanced_analytics", "priority_support"),
    *("ai_training", "ai_custom_models"),
}
STANDARD: Final = Entitlements(
    product="",
    tiers=(
        TierTerms(name="community", features=_COMMUNITY, limits={"users": 5, "teams": 1}),
        TierTerms(name="professional", features=_PROFESSIONAL, limits={"users": "unlimited"}),
        TierTerms(name="enterprise", features=_ENTERPRISE, limits={"users": "unlimited"}),
    ),
    features=_ENTERPRISE,
)


class LicenseBook:
    """Keys, their tiers, and the keepalives that came; for many threads."""

    def __init__(
        self,
        entitlements: Entitlements = STANDARD,
        *,
        tier: str | None = None,
        keys: Iterable[str] = (),
        days: float = 365,
    ) -> None:
        """`keys` are KEY=TIER; without them any well-formed key has `tier`, default the highest.

        UsageError for a key or a tier that is none.
        """
        self.entitlements = entitlements
        self.days = days
        self.keepalives: list[JsonObject] = []
        self._tier = self._check_tier(tier or entitlements.tiers[-1].name)
        self._keys = dict(self._read_key(one) for one in keys)
        self._revoked: set[str] = set()
        self._lock = threading.Lock()

    @classmethod
    def read(cls, path: Path | None, *, tier: str | None, keys: Iterable[str]) -> LicenseBook:
        """By a compiled file, or the standards; UsageError where the file can't be used."""
        try:
            entitlements = STANDARD if path is None else read_entitlements(path)
        except LicenseError as error:
            raise UsageError(str(error)) from None
        if not entitlements.tiers:
            raise UsageError(f"{path} has no tiers", hint="add license.tiers to the spec")
        return cls(entitlements, tier=tier, keys=keys)

    def find_tier(self, key: str) -> TierTerms | None:
        """The tier of a key; None for one that is unknown."""
        with self._lock:
            name = self._keys.get(key) if self._keys else self._tier
        return self.entitlements.tier(name) if name and _KEY.fullmatch(key) else None

    def is_revoked(self, key: str) -> bool:
        """Whether the key counts no longer."""
        with self._lock:
            return key in self._revoked

    def revoke(self, key: str) -> None:
        """Refuse a key from now on."""
        with self._lock:
            self._revoked.add(key)

    def restore(self, key: str) -> None:
        """Take a key again."""
        with self._lock:
            self._revoked.discard(key)

    def describe(self, key: str, product: str, tier: TierTerms) -> JsonObject:
        """The answer of validate, in the form of today's server."""
        now = datetime.now(UTC).replace(microsecond=0)
        server = hashlib.sha256(key.encode()).hexdigest()[:12]
        names = sorted(self.entitlements.features)
        return {
            "valid": True,
            "customer": "Sandbox",
            "product": product,
            "license_version": "2.0",
            "license_key": key,
            "issued_at": (now - timedelta(days=1)).isoformat(),
            "expires_at": (now + timedelta(days=self.days)).isoformat(),
            "tier": tier.name,
            "features": [self.describe_feature(name, tier) for name in names],
            "limits": {
                f"max_{name}": value if isinstance(value, int) else UNLIMITED
                for name, value in tier.limits.items()
            },
            "metadata": {"server_id": f"srv_{server}", "support_tier": tier.name},
        }

    def describe_feature(self, name: str, tier: TierTerms) -> JsonObject:
        """One feature of an answer; unlimited where the tier has it."""
        entitled = name in tier.features
        units = 0 if entitled else -1
        return {
            "name": name,
            "entitled": entitled,
            "units": units,
            "description": "",
            "metadata": {},
        }

    def note_keepalive(self, body: JsonObject) -> None:
        """Keep what was told, without the key."""
        with self._lock:
            self.keepalives.append({key: body[key] for key in body if key != "license_key"})

    def _read_key(self, text: str) -> tuple[str, str]:
        key, _, tier = text.partition("=")
        if not _KEY.fullmatch(key):
            raise UsageError(f'"{text}" begins with no license key', hint=_HINT)
        return key, self._check_tier(tier)

    def _check_tier(self, name: str) -> str:
        if self.entitlements.tier(name) is None:
            names = ", ".join(one.name for one in self.entitlements.tiers)
            raise UsageError(f'there is no tier "{name}"', hint=f"tiers: {names}")
        return name
