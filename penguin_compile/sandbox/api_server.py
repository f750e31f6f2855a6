"""The `api-server` dialect: the API of the public MarchProxy api-server, awkward sides included.

Users log in for a JWT; PATCH saves what it can not show afterwards; deletes keep the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from penguin_compile.sandbox.api_server_config import (
    CLUSTER_KEY,
    read_config,
    show_cluster,
    show_version,
    validate_config,
)
from penguin_compile.sandbox.api_server_objects import (
    AUTH_TYPES,
    OF_CLUSTER,
    PAGE,
    PERMANENT,
    PROTOCOLS,
    ROTATE,
    SERVICE,
    UPDATE,
    describe_objects,
)
from penguin_compile.sandbox.api_server_users import (
    asking,
    assign_service,
    authenticate,
    log_in,
    refresh_token,
    show_me,
)
from penguin_compile.sandbox.fields import (
    JsonObject,
    check_object,
)
from penguin_compile.sandbox.routing import (
    FAILURE,
    Dialect,
    Refusal,
    Request,
    Response,
    Route,
    require,
)
from penguin_compile.sandbox.service import (
    HEALTH,
    SERVICE_BY_ID,
    SERVICES,
    check,
    make_jwt_secret,
    make_token,
    refuse_taken_name,
)

if TYPE_CHECKING:
    from penguin_compile.sandbox.routing import Handler
    from penguin_compile.sandbox.store import Store, Table

_NEVER_NULL = (
    "tls_enabled",
    "tls_verify",
    "health_check_enabled",
    "health_check_interval",
    "is_active",
)
_LONGEST_COLLECTION = 100


def list_clusters(store: Store, request: Request) -> Response:
    """Answer one page of the clusters, newest first."""
    active = {"is_active": True} if request.query["active_only"] else {}
    rows = store.read("clusters", _page(request), **active)
    total = store.count("clusters", **active)
    return Response(body={"total": total, "clusters": [show_cluster(row) for row in rows]})


def list_services(store: Store, request: Request) -> Response:
    """Answer one page of the services that the user may see, newest first."""
    chosen: JsonObject = {"is_active": True} if request.query["active_only"] else {}
    if request.query["cluster_id"] is not None:
        chosen["cluster_id"] = request.query["cluster_id"]
    table, mine = _visible(request)
    with store.transaction():
        total = store.count(table, **chosen, **mine)
        rows = store.read(table, _page(request), **chosen, **mine)
    if any(map(_is_poisoned, rows)):
        return FAILURE
    for row in rows:
        row.pop("user_id", None)
    return Response(body={"total": total, "services": rows})


def create_service(store: Store, request: Request) -> Response:
    """Create a service whose name is free in all clusters, deleted ones included."""
    values = check(SERVICE, request.parse_body())
    with store.transaction():
        require(store.find("clusters", id=values["cluster_id"]), "Cluster")
        refuse_taken_name(store, values)
        row = {
            **values,
            "jwt_expiry": values["jwt_expiry"] or 3600,
            "jwt_algorithm": values["jwt_algorithm"] or "HS256",
            **_make_secret(values["auth_type"]),
            "created_by": asking(request).id,
        }
        return Response(status=201, body=store.insert("services", row))


def get_service(store: Store, request: Request) -> Response:
    """Answer one service, active or not."""
    return _show(_find(store, request))


def update_service(store: Store, request: Request) -> Response:
    """Change the fields that are sent, with few checks: what can not be shown is saved and 500."""
    body = request.parse_body()
    values, problems = check_object(UPDATE, body)
    if problems:
        raise Refusal(422, problems)
    sent = {name: value for name, value in values.items() if name in cast("JsonObject", body)}
    with store.transaction():
        # A null or a taken name that the table refuses is a 500 too, and not saved.
        row = store.update("services", _find(store, request)["id"], sent)
    return _show(row)


def delete_service(store: Store, request: Request) -> Response:
    """Deactivate a service, whose name stays taken, or delete it for good."""
    with store.transaction():
        row = _find(store, request)
        if request.query["permanent"]:
            store.delete("services", row["id"])
        else:
            store.update("services", row["id"], {"is_active": False})
    return Response(status=204)


def rotate_token(store: Store, request: Request) -> Response:
    """Make a new secret of a service, and answer it."""
    auth_type = check(ROTATE, request.parse_body())["auth_type"]
    if auth_type not in ("base64", "jwt"):
        raise Refusal(400, "auth_type must be base64 or jwt")
    made = _make_secret(auth_type)
    with store.transaction():
        row = store.update("services", _find(store, request)["id"], made)
    answer = {
        "service_id": row["id"],
        "auth_type": auth_type,
        "new_token": made.get("token_base64"),
        "new_jwt_secret": made.get("jwt_secret"),
        "message": "Authentication token rotated successfully",
    }
    return Response(body=answer)


class _Visible(NamedTuple):
    table: Table
    equal: JsonObject


def _visible(request: Request) -> _Visible:
    user = asking(request)
    if user.is_admin:
        return _Visible("services", {})
    return _Visible("assigned_services", {"user_id": user.id})


def _find(store: Store, request: Request) -> JsonObject:
    service_id = request.parameters["service_id"]
    row = require(store.find("services", id=service_id), "Service")
    table, mine = _visible(request)
    if mine and store.find(table, id=service_id, **mine) is None:
        raise Refusal(403, "Access denied to this service")
    return row


def _show(row: JsonObject) -> Response:
    return FAILURE if _is_poisoned(row) else Response(body=row)


def _is_poisoned(row: JsonObject) -> bool:
    """Tell whether the row fails the checks of answers, which are those of creating."""
    return (
        row["protocol"] not in PROTOCOLS
        or row["auth_type"] not in AUTH_TYPES
        or any(row[name] is None for name in _NEVER_NULL)
        or len(str(row["collection"] or "")) > _LONGEST_COLLECTION
    )


def _page(request: Request) -> tuple[int, int]:
    return cast("int", request.query["limit"]), cast("int", request.query["skip"])


def _make_secret(auth_type: object) -> JsonObject:
    makers = {"base64": ("token_base64", make_token), "jwt": ("jwt_secret", make_jwt_secret)}
    if auth_type not in makers:
        return {}
    column, make = makers[str(auth_type)]
    return {column: make()}


def _config_route(path: str, handler: Handler) -> Route:
    return Route(
        "GET",
        f"/api/v1/config/{path}{{cluster_id}}",
        handler,
        gives="Config",
        headers=(CLUSTER_KEY,),
        refuses=(401,),
        public=True,
    )


API_SERVER = Dialect(
    name="api-server",
    schemas=describe_objects(),
    authenticate=authenticate,
    has_users=True,
    pool=28,
    routes=(
        HEALTH,
        Route(
            "POST",
            "/api/v1/auth/login",
            log_in,
            takes="LoginRequest",
            gives="LoginResponse",
            refuses=(401,),
            public=True,
        ),
        Route(
            "POST",
            "/api/v1/auth/refresh",
            refresh_token,
            takes="RefreshTokenRequest",
            gives="TokenResponse",
            refuses=(401, 404),
            public=True,
        ),
        Route("GET", "/api/v1/auth/me", show_me, gives="UserResponse", refuses=(404,)),
        Route(
            "POST",
            "/api/v1/users/{user_id}/service-assignments",
            assign_service,
            status=201,
            takes="UserServiceAssignmentCreate",
            gives="UserServiceAssignmentCreate",
        ),
        Route(
            "GET",
            "/api/v1/clusters",
            list_clusters,
            gives="ClusterListResponse",
            query=PAGE,
            refuses=(404,),
        ),
        Route(
            "GET",
            SERVICES,
            list_services,
            gives="ServiceListResponse",
            query=(OF_CLUSTER, *PAGE),
            refuses=(404, 500),
        ),
        Route(
            "POST",
            SERVICES,
            create_service,
            status=201,
            takes="ServiceCreate",
            gives="ServiceResponse",
            refuses=(400, 404),
        ),
        Route("GET", SERVICE_BY_ID, get_service, gives="ServiceResponse", refuses=(500,)),
        Route(
            "PATCH",
            SERVICE_BY_ID,
            update_service,
            takes="ServiceUpdate",
            gives="ServiceResponse",
            refuses=(500,),
        ),
        Route("DELETE", SERVICE_BY_ID, delete_service, status=204, query=(PERMANENT,)),
        Route(
            "POST",
            f"{SERVICE_BY_ID}/rotate-token",
            rotate_token,
            takes="ServiceTokenRotateRequest",
            gives="ServiceTokenRotateResponse",
            refuses=(400,),
        ),
        _config_route("validate/", validate_config),
        _config_route("version/", show_version),
        _config_route("", read_config),
    ),
)
