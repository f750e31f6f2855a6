"""The license server's last answer, kept in a file for the starts at which it can't be reached.

It holds no key; a signature by the key makes an edited answer, or another key's, count for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from penguin_compile.runtime.license_errors import LicenseServerDown
from penguin_compile.runtime.license_terms import LicenseTerms, parse_terms


def default_path(product: str) -> Path:
    """Where a user's caches are. Source: XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    name = "".join(one if one.isalnum() or one in "-_." else "_" for one in product)
    return Path(base) / "penguin-license" / f"{name}.json"


def keep_terms(path: Path, key: str, product: str, terms: LicenseTerms, at: float) -> None:
    """Replace what is kept; OSError where that can't be done. `at` is the answer's POSIX time."""
    document = {"product": product, "answered_at": at, "answer": _answer(terms)}
    text = json.dumps({**document, "signature": _sign(key, document)})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


def recall_terms(path: Path, key: str, product: str) -> tuple[LicenseTerms, float] | None:
    """The answer and its time; None where there is none for this key and product."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        signature = document.pop("signature")
        if document["product"] != product:
            return None
        if not hmac.compare_digest(str(signature), _sign(key, document)):
            return None
        return parse_terms(document["answer"]), float(document["answered_at"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LicenseServerDown):
        return None


def _answer(terms: LicenseTerms) -> dict[str, object]:
    """The terms as a server would have answered them."""
    features = None
    if terms.features is not None:
        features = [{"name": name, **asdict(one)} for name, one in terms.features.items()]
    return {
        "valid": terms.valid,
        "tier": terms.tier,
        "features": features,
        "limits": dict(terms.limits),
        "expires_at": None if terms.expires_at is None else terms.expires_at.isoformat(),
        "metadata": {"server_id": terms.server_id},
    }


def _sign(key: str, document: Mapping[str, object]) -> str:
    text = json.dumps(document, sort_keys=True)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
