"""Opening the license of an app by the environment's variables.

Source: integration-standards, "License Server Integration": LICENSE_KEY, LICENSE_SERVER_URL,
PRODUCT_NAME, RELEASE_MODE, and what each failure leads to.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from penguin_compile.runtime.license import LicenseClient, Timing, Usage
from penguin_compile.runtime.license_errors import LicenseInvalid, LicenseNotOpened
from penguin_compile.runtime.license_terms import Entitlements, read_entitlements

_log = logging.getLogger(__name__)

_FALSE: Final = frozenset(("false", "0", "no", "off"))
_TRUE: Final = frozenset(("true", "1", "yes", "on"))

_current: LicenseClient | None = None


def open_license(
    entitlements: str | Path | Entitlements,
    *,
    version: str = "",
    usage: Usage | None = None,
    cache_file: str | Path | None = None,
    timing: Timing | None = None,
) -> LicenseClient:
    """The license by the environment's variables, validated; what `requires_feature` asks.

    LICENSE_KEY, LICENSE_SERVER_URL, PRODUCT_NAME and RELEASE_MODE; what isn't set comes from the
    compiled entitlements. With RELEASE_MODE, SystemExit where the license is not valid.
    """
    global _current  # noqa: PLW0603
    if not isinstance(entitlements, Entitlements):
        entitlements = read_entitlements(entitlements)
    _check_product(entitlements.product)
    release_mode = _read_release_mode(entitlements)
    client = LicenseClient(
        entitlements,
        os.environ.get("LICENSE_KEY") or None,
        release_mode=release_mode,
        server_url=os.environ.get("LICENSE_SERVER_URL") or None,
        version=version,
        usage=usage,
        cache_file=cache_file,
        timing=timing,
    )
    try:
        client.start()
    except LicenseInvalid as error:
        _log.critical("%s; stopping, because RELEASE_MODE is true", error)
        raise SystemExit(f"license: {error}") from None
    _current = client
    return client


def current_license() -> LicenseClient:
    """The client that `open_license` opened last; LicenseNotOpened where there is none."""
    if _current is None:
        raise LicenseNotOpened("no license is open: call open_license() where the app starts")
    return _current


def _check_product(product: str) -> None:
    """PRODUCT_NAME of another product is the commonest mistake; the compiled name is right."""
    named = os.environ.get("PRODUCT_NAME")
    if named and named != product:
        _log.warning("PRODUCT_NAME is %s, and the spec's product %s is used", named, product)


def _read_release_mode(entitlements: Entitlements) -> bool:
    """The variable, else what was compiled for this environment, else true; told in the log."""
    text = os.environ.get("RELEASE_MODE", "").strip().lower()
    if text in _TRUE | _FALSE:
        mode, source = text in _TRUE, "by the environment"
    elif entitlements.release_mode is not None:
        mode, source = entitlements.release_mode, "by the compiled entitlements"
    else:
        mode, source = True, "because nothing says otherwise"
    if text and text not in _TRUE | _FALSE:
        _log.warning("RELEASE_MODE is neither true nor false: it is left out")
    if mode:
        _log.info("RELEASE_MODE is true %s: license features are enforced", source)
    else:
        _log.warning("RELEASE_MODE is false %s: every license feature is on", source)
    return mode
