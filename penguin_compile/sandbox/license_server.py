"""The sandbox's license server: validate, features and keepalive, in both dialects.

It takes the key from the header or from the body, as the clients of either generation send it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from penguin_compile.sandbox.fields import Field, JsonObject, describe_object
from penguin_compile.sandbox.routing import Dialect, Refusal, Request, Response, Route

if TYPE_CHECKING:
    from penguin_compile.runtime.license_terms import TierTerms
    from penguin_compile.sandbox.license_book import LicenseBook
    from penguin_compile.sandbox.store import Store

_WHO: Final = (Field(name="product", kind="string"), Field(name="license_key", kind="string"))
_BODIES: Final = {
    "Validate": _WHO,
    "FeatureCheck": (*_WHO, Field(name="feature", kind="string", required=True)),
    "Keepalive": (
        *_WHO,
        Field(name="server_id", kind="string", nullable=True),
        Field(name="hostname", kind="string"),
        Field(name="version", kind="string"),
        Field(name="uptime_seconds", kind="integer"),
    ),
}
_ANSWERS: Final = {
    "License": (
        Field(name="valid", kind="boolean"),
        Field(name="customer", kind="string"),
        Field(name="product", kind="string"),
        Field(name="tier", kind="string"),
        Field(name="expires_at", kind="string", format="date-time"),
        Field(name="features", kind="object list", items="Feature"),
    ),
    "Feature": (
        Field(name="name", kind="string"),
        Field(name="entitled", kind="boolean"),
        Field(name="units", kind="integer"),
    ),
    "FeatureAnswer": (Field(name="features", kind="object list", items="Feature"),),
    "KeepaliveAnswer": (Field(name="valid", kind="boolean"),),
    "Health": (Field(name="status", kind="string"),),
}


def license_dialect(book: LicenseBook) -> Dialect:
    """The API over what a book knows; it keeps nothing in the sandbox's store."""

    def validate(_: Store, request: Request) -> Response:
        """Say what the license grants."""
        key, tier, body = _admit(book, request)
        product = body.get("product") or body.get("product_name")
        return Response(body=book.describe(key, str(product or ""), tier))

    def check_feature(_: Store, request: Request) -> Response:
        """Say whether the license has one feature."""
        _key, tier, body = _admit(book, request)
        name = body.get("feature")
        if not isinstance(name, str):
            raise Refusal(422, "feature is required")
        return Response(body={"features": [book.describe_feature(name, tier)]})

    def keep_alive(_: Store, request: Request) -> Response:
        """Note that an app is running."""
        book.note_keepalive(_admit(book, request)[-1])
        return Response(body={"valid": True})

    def health(_: Store, __: Request) -> Response:
        """Say that the server is up."""
        return Response(body={"status": "healthy"})

    operations = (
        ("validate", validate, "Validate", "License"),
        ("features", check_feature, "FeatureCheck", "FeatureAnswer"),
        ("keepalive", keep_alive, "Keepalive", "KeepaliveAnswer"),
    )
    return Dialect(
        name="license",
        # The key may be in the body: who asks is told by each operation.
        authenticate=lambda _, __: None,
        routes=(
            Route("GET", "/healthz", health, gives="Health", public=True),
            *(
                Route(
                    "POST", f"/api/v2/{path}", handler, takes=takes, gives=gives, refuses=(401, 403)
                )
                for path, handler, takes, gives in operations
            ),
        ),
        schemas={
            **{name: describe_object(name, fields) for name, fields in _BODIES.items()},
            **{name: describe_object(name, one, answer=True) for name, one in _ANSWERS.items()},
        },
    )


def _admit(book: LicenseBook, request: Request) -> tuple[str, TierTerms, JsonObject]:
    """The key, its tier and the body; Refusal 401 for an unknown key, 403 for one that ended."""
    body = request.parse_body()
    if not isinstance(body, dict):
        raise Refusal(422, "the body has to be a JSON object")
    scheme, _, key = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        key = str(body.get("license_key") or "")
    tier = book.find_tier(key)
    if tier is None:
        raise Refusal(401, "unknown license key")
    if book.is_revoked(key):
        raise Refusal(403, "the license was revoked")
    if book.days <= 0:
        raise Refusal(403, "the license has expired")
    return key, tier, body
