"""What every dialect says of services: their fields, their secrets, and a health check."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import TYPE_CHECKING

from penguin_compile.sandbox.fields import (
    LARGEST_INTEGER,
    Field,
    JsonObject,
    Location,
    check_object,
)
from penguin_compile.sandbox.routing import Refusal, Request, Response, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penguin_compile.sandbox.store import Store

SERVICES = "/api/v1/services"
SERVICE_BY_ID = "/api/v1/services/{service_id}"

NAME = Field(name="name", kind="string", required=True, least=1, most=100)
ROW_ID = Field(name="id", kind="integer")
ROW_STATE = (
    Field(name="is_active", kind="boolean"),
    Field(name="created_at", kind="string", format="date-time"),
    Field(name="updated_at", kind="string", format="date-time"),
)


def make_service_fields(
    protocols: tuple[str, ...], auth_types: tuple[str, ...], cluster: Field
) -> tuple[Field, ...]:
    """Return the fields of a service that is created."""
    return (
        NAME,
        Field(name="ip_fqdn", kind="string", required=True, least=1, most=255),
        Field(name="port", kind="integer", required=True, least=1, most=65535),
        Field(name="protocol", kind="string", default="tcp", choices=protocols),
        Field(name="collection", kind="string", nullable=True, most=100),
        cluster,
        Field(name="auth_type", kind="string", default="none", choices=auth_types),
        Field(name="tls_enabled", kind="boolean", default=False),
        Field(name="tls_verify", kind="boolean", default=True),
        Field(name="health_check_enabled", kind="boolean", default=False),
        Field(name="health_check_path", kind="string", nullable=True),
        Field(
            name="health_check_interval",
            kind="integer",
            default=30,
            least=5,
            most=LARGEST_INTEGER,
        ),
        Field(name="jwt_expiry", kind="integer", nullable=True, least=300, most=LARGEST_INTEGER),
        Field(name="jwt_algorithm", kind="string", nullable=True, default="HS256"),
    )


def check(fields: Sequence[Field], body: object, location: Location = ("body",)) -> JsonObject:
    """Return the fields of a body with defaults filled in; Refusal 422 with all that is wrong."""
    values, problems = check_object(fields, body, location)
    if problems:
        raise Refusal(422, problems)
    return values


def refuse_taken_name(store: Store, values: JsonObject) -> None:
    """Refuse a name that any row has, whatever its cluster and whether it is active."""
    name = values["name"]
    if store.find("services", name=name):
        raise Refusal(400, f"Service with name '{name}' already exists")


def make_token() -> str:
    """Return a new token for auth type base64."""
    return b64encode(secrets.token_bytes(32)).decode()


def make_jwt_secret() -> str:
    """Return a new secret for auth type jwt."""
    return secrets.token_urlsafe(48)


def report_health(_store: Store, _request: Request) -> Response:
    """Answer that the server runs."""
    return Response(body={"status": "healthy"})


HEALTH = Route("GET", "/healthz", report_health, gives="Health", public=True)
HEALTH_ANSWER = (Field(name="status", kind="string"),)
