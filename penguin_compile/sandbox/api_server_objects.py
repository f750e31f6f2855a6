"""What the api-server takes and gives, field by field; its OpenAPI document says the same."""

from __future__ import annotations

from dataclasses import replace

from penguin_compile.sandbox.fields import LARGEST_INTEGER, Field, JsonObject, describe_object
from penguin_compile.sandbox.service import (
    HEALTH_ANSWER,
    NAME,
    ROW_ID,
    ROW_STATE,
    make_service_fields,
)

PROTOCOLS = ("tcp", "udp", "http", "https")
AUTH_TYPES = ("none", "base64", "jwt")
CLUSTER_ID = Field(
    name="cluster_id",
    kind="integer",
    required=True,
    least=-LARGEST_INTEGER,
    most=LARGEST_INTEGER,
)
SERVICE = make_service_fields(PROTOCOLS, AUTH_TYPES, CLUSTER_ID)
UPDATE = (
    Field(name="name", kind="string", nullable=True, least=1, most=100),
    Field(name="ip_fqdn", kind="string", nullable=True, least=1, most=255),
    Field(name="port", kind="integer", nullable=True, least=1, most=65535),
    *(
        Field(name=name, kind="string", nullable=True)
        for name in ("protocol", "collection", "auth_type", "health_check_path")
    ),
    *(
        Field(name=name, kind="boolean", nullable=True)
        for name in ("tls_enabled", "tls_verify", "health_check_enabled", "is_active")
    ),
    Field(
        name="health_check_interval", kind="integer", nullable=True, least=5, most=LARGEST_INTEGER
    ),
)
ROTATE = (Field(name="auth_type", kind="string", required=True),)
LOGIN = (
    Field(name="username", kind="string", required=True, least=3, most=128),
    Field(name="password", kind="string", required=True, least=8),
    Field(name="totp_code", kind="string", nullable=True, least=6, most=6),
)
REFRESH = (Field(name="refresh_token", kind="string", required=True),)
ASSIGNMENT = (
    Field(name="user_id", kind="integer", required=True),
    replace(CLUSTER_ID, name="service_id"),
)
PAGE = (
    Field(name="skip", kind="integer", default=0, least=0),
    Field(name="limit", kind="integer", default=100, least=1, most=1000),
    Field(name="active_only", kind="boolean", default=True),
)
OF_CLUSTER = Field(name="cluster_id", kind="integer", nullable=True)
PERMANENT = Field(name="permanent", kind="boolean", default=False)


def describe_objects() -> dict[str, JsonObject]:
    """All of them, as JSON Schema."""
    tokens = (
        Field(name="access_token", kind="string", nullable=True),
        Field(name="refresh_token", kind="string", nullable=True),
        Field(name="token_type", kind="string"),
        Field(name="expires_in", kind="integer", nullable=True),
    )
    secret = (
        Field(name="token_base64", kind="string", nullable=True),
        Field(name="jwt_secret", kind="string", nullable=True),
    )
    expiry = (
        Field(name="jwt_expiry", kind="integer", default=3600),
        Field(name="jwt_algorithm", kind="string", default="HS256"),
    )
    service = tuple(field for field in SERVICE if not field.name.startswith("jwt_"))
    user = (
        Field(name="username", kind="string"),
        Field(name="email", kind="string"),
        Field(name="is_admin", kind="boolean"),
    )
    created_by = Field(name="created_by", kind="integer")
    answers = {
        "Health": HEALTH_ANSWER,
        "LoginResponse": (
            Field(name="user_id", kind="integer"),
            *user,
            Field(name="requires_2fa", kind="boolean"),
            *tokens,
        ),
        "TokenResponse": tokens,
        "UserResponse": (
            ROW_ID,
            *user,
            Field(name="is_active", kind="boolean"),
            Field(name="totp_enabled", kind="boolean"),
        ),
        "ServiceResponse": (ROW_ID, *service, *secret, *expiry, created_by, *ROW_STATE),
        "ServiceListResponse": (
            Field(name="total", kind="integer"),
            Field(name="services", kind="object list", items="ServiceResponse"),
        ),
        "ServiceTokenRotateResponse": (
            Field(name="service_id", kind="integer"),
            Field(name="auth_type", kind="string"),
            Field(name="new_token", kind="string", nullable=True),
            Field(name="new_jwt_secret", kind="string", nullable=True),
            Field(name="message", kind="string"),
        ),
        "ClusterResponse": (
            ROW_ID,
            NAME,
            Field(name="api_key_hash", kind="string"),
            Field(name="is_default", kind="boolean"),
            created_by,
            *ROW_STATE,
        ),
        "ClusterListResponse": (
            Field(name="total", kind="integer"),
            Field(name="clusters", kind="object list", items="ClusterResponse"),
        ),
    }
    bodies = {
        "LoginRequest": LOGIN,
        "RefreshTokenRequest": REFRESH,
        "ServiceCreate": SERVICE,
        "ServiceUpdate": UPDATE,
        "ServiceTokenRotateRequest": ROTATE,
        "UserServiceAssignmentCreate": ASSIGNMENT,
    }
    return {
        **{name: describe_object(name, fields) for name, fields in bodies.items()},
        **{name: describe_object(name, fields, answer=True) for name, fields in answers.items()},
        # The real server's document says nothing of these.
        "Config": {},
    }
