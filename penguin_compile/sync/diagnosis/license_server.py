"""The license server: reached, the key taken, and the license beside what the spec needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from penguin_compile.model.app import App
from penguin_compile.model.license import License
from penguin_compile.runtime.license_errors import LicenseInvalid, LicenseServerDown
from penguin_compile.runtime.license_server import LicenseServer
from penguin_compile.runtime.license_terms import LicenseTerms, parse_entitlements
from penguin_compile.sync.diagnosis.check import Check, Examination, ok, warning
from penguin_compile.sync.diagnosis.probe import NOT_FROM_HERE
from penguin_compile.targets.license import entitlements

_SECONDS: Final = 3.0
_KEY: Final = "LICENSE_KEY"


def diagnose_license(examination: Examination) -> Iterator[Check]:
    """Warnings alone: apply goes on without a license, the app may not."""
    license_ = examination.app.license
    if license_ is None:
        return
    key = os.environ.get(_KEY)
    if not key:
        text = f"{_KEY} is not set here: whether the license has what the spec needs can't be told"
        if license_.release_mode:
            yield warning("license", text, f"set {_KEY}; with RELEASE_MODE the app needs it")
        else:
            yield ok("license", text)
        return
    try:
        terms = _validate(license_, key)
    except LicenseServerDown as error:
        yield warning("license", str(error), NOT_FROM_HERE)
    except LicenseInvalid as error:
        effect = "the app will not start" if license_.release_mode else "the app only warns"
        yield warning("license", f"{error}; {effect}", f"a valid {_KEY} for {license_.product}")
    else:
        yield from _compare(examination.app, license_, terms)


def _validate(license_: License, key: str) -> LicenseTerms:
    server = LicenseServer(license_.server_url, key, license_.product, license_.dialect, _SECONDS)
    try:
        return server.validate()
    finally:
        server.close()


def _compare(app: App, license_: License, terms: LicenseTerms) -> Iterator[Check]:
    until = "" if terms.expires_at is None else f", until {terms.expires_at:%Y-%m-%d}"
    yield ok("license", f"{license_.server_url}: taken, tier {terms.tier or 'unknown'}{until}")
    wanted = app.environment.tier
    known = parse_entitlements(entitlements(license_))
    licensed = known.tier(terms.tier)
    if terms.tier is not None and licensed is None:
        yield warning("license", f"the spec has no tier {terms.tier}", "add it to license.tiers")
    if wanted is not None and licensed is not None and licensed is not known.tier(wanted):
        yield warning(
            "license",
            f"the environment is meant for {wanted}, the license is of {terms.tier}",
            f"a license of {wanted}, or `tier: {licensed.name}` in the environment",
        )
    if terms.features is None:
        granted = frozenset() if licensed is None else licensed.features
    else:
        granted = frozenset(name for name, one in terms.features.items() if one.entitled)
    needs = dict(_list_needs(app, license_))
    missing = {name: why for name, why in needs.items() if name not in granted}
    for name, why in missing.items():
        tier = next(one.tier for one in license_.features if one.name == name)
        yield warning(
            "license", f"it lacks {name}, which {why}", f"a license with it, such as of {tier}"
        )
    if needs and not missing:
        yield ok("license", f"it has what the spec needs: {', '.join(needs)}")
    if unknown := sorted(granted - known.features):
        yield warning(
            "license",
            f"it has what the spec doesn't declare: {', '.join(unknown)}",
            "declare it in license.features, so that apps can ask for it",
        )


def _list_needs(app: App, license_: License) -> Iterator[tuple[str, str]]:
    """Features, and what needs them: the environment's tier, services, AI."""
    declared = {one.name for one in license_.features}
    terms = parse_entitlements(entitlements(license_)).tier(app.environment.tier)
    for name in sorted(terms.features) if terms is not None else ():
        yield name, f"{app.environment.tier} should have"
    for service in app.services.values():
        if service.requires_feature in declared and service.requires_feature is not None:
            yield service.requires_feature, f"service {service.name} requires"
    if app.waddleai is not None and app.waddleai.enabled:
        for name in app.waddleai.features:
            if name in declared:
                yield name, "WaddleAI requires"
