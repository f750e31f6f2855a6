"""The `standard` dialect: the API of the integration standards, with the real server's manners.

Fields and errors are the real server's where the standards are silent; deletes are final.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from penguin_compile.sandbox.fields import (
    LARGEST_INTEGER,
    Field,
    JsonObject,
    describe_object,
)
from penguin_compile.sandbox.routing import (
    Dialect,
    Refusal,
    Request,
    Response,
    Route,
    read_bearer,
    require,
)
from penguin_compile.sandbox.service import (
    HEALTH,
    HEALTH_ANSWER,
    NAME,
    ROW_ID,
    ROW_STATE,
    SERVICE_BY_ID,
    SERVICES,
    check,
    make_jwt_secret,
    make_service_fields,
    make_token,
    refuse_taken_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penguin_compile.sandbox.accounts import Accounts
    from penguin_compile.sandbox.store import Store, Table

_PROTOCOLS = ("http", "https", "grpc", "tcp")
_DEFAULT_CLUSTER = 1

_CLUSTER = Field(name="cluster_id", kind="integer", least=1, most=LARGEST_INTEGER)
_SERVICE = make_service_fields(_PROTOCOLS, ("none", "jwt"), _CLUSTER)
_SERVICE_ANSWER = (
    ROW_ID,
    *_SERVICE,
    Field(name="token_base64", kind="string"),
    Field(name="jwt_secret", kind="string"),
    Field(name="created_by", kind="integer"),
    *ROW_STATE,
)
_MAPPING = (
    NAME,
    Field(name="description", kind="string", nullable=True),
    Field(name="source_services", kind="string list", required=True, least=1),
    Field(name="dest_services", kind="string list", required=True, least=1),
    Field(name="listen_port", kind="integer", nullable=True, least=1, most=65535),
    Field(name="protocol", kind="string", nullable=True, choices=_PROTOCOLS),
    Field(name="path_prefix", kind="string", nullable=True),
    _CLUSTER,
)
_IMPORT = (
    Field(name="services", kind="object list", default=[], items="ServiceCreate"),
    Field(name="mappings", kind="object list", default=[], items="MappingCreate"),
)
_IMPORTED: dict[Table, tuple[Field, ...]] = {"services": _SERVICE, "mappings": _MAPPING}
_SERVICES_ANSWER = Field(name="services", kind="object list", items="ServiceResponse")


def authenticate(accounts: Accounts, authorization: str | None) -> None:
    """Accept the cluster's key; Refusal 403 without one, 401 if it is wrong."""
    if not accounts.accepts_cluster_key(read_bearer(authorization)):
        raise Refusal(401, "Invalid cluster API key")


def list_services(store: Store, _: Request) -> Response:
    """Answer all services of all clusters, newest first."""
    return Response(body={"services": store.read("services")})


def create_service(store: Store, request: Request) -> Response:
    """Create a service whose name is free."""
    values = check(_SERVICE, request.parse_body())
    with store.transaction():
        refuse_taken_name(store, values)
        return Response(status=201, body=_save(store, "services", values, None))


def replace_service(store: Store, request: Request) -> Response:
    """Replace a service: fields that are left out go back to their defaults."""
    values = check(_SERVICE, request.parse_body())
    with store.transaction():
        row = require(store.find("services", id=request.parameters["service_id"]), "Service")
        if values["name"] != row["name"]:
            refuse_taken_name(store, values)
        return Response(body=_save(store, "services", values, row))


def delete_service(store: Store, request: Request) -> Response:
    """Delete a service for good; its name is free again."""
    with store.transaction():
        if not store.delete("services", request.parameters["service_id"]):
            raise Refusal(404, "Service not found")
    return Response(status=204)


def import_all(store: Store, request: Request) -> Response:
    """Create or replace services and mappings by name, item by item; never delete."""
    body = check(_IMPORT, request.parse_body())
    counts = {"created": 0, "updated": 0}
    failed: list[JsonObject] = []
    with store.transaction():
        for table, fields in _IMPORTED.items():
            for position, item in enumerate(cast("list[object]", body[table])):
                try:
                    counts[_import_item(store, table, fields, item)] += 1
                except Refusal as refusal:
                    name = _name_item(item) or f"{table}[{position}]"
                    failed.append({"name": name, "error": _explain(refusal)})
    return Response(body={**counts, "failed": failed})


def read_config(store: Store, request: Request) -> Response:
    """Answer what a proxy of the cluster runs with: its services and mappings."""
    cluster_id = request.parameters["cluster_id"]
    cluster = require(store.find("clusters", id=cluster_id), "Cluster")
    body = {
        "cluster_id": cluster_id,
        "cluster_name": cluster["name"],
        "api_key_hash": cluster["api_key_hash"],
        "services": store.read("services", cluster_id=cluster_id),
        "mappings": store.read("mappings", cluster_id=cluster_id),
    }
    return Response(body=body)


def _import_item(
    store: Store, table: Table, fields: Sequence[Field], item: object
) -> Literal["created", "updated"]:
    values = check(fields, item, ())
    row = store.find(table, name=values["name"])
    _save(store, table, values, row)
    return "created" if row is None else "updated"


def _save(store: Store, table: Table, values: JsonObject, row: JsonObject | None) -> JsonObject:
    """Write a new row, or over an old one, which keeps its cluster where none is named."""
    cluster = values["cluster_id"] or (row["cluster_id"] if row else _DEFAULT_CLUSTER)
    require(store.find("clusters", id=cluster), "Cluster")
    values = {**values, "cluster_id": cluster}
    if row is not None:
        return store.update(table, row["id"], values)
    if table == "services":
        # A real server shows these in every answer: a client has to prove that it strips them.
        values["token_base64"] = make_token()
        values["jwt_secret"] = make_jwt_secret()
    return store.insert(table, values)


def _name_item(item: object) -> str | None:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name else None


def _explain(refusal: Refusal) -> str:
    """Put the problems of one item on one line, without the values that were sent."""
    if not isinstance(refusal.detail, list):
        return str(refusal.detail)
    return "; ".join(
        ": ".join([*map(str, problem["loc"]), problem["msg"]]) for problem in refusal.detail
    )


def _schemas() -> dict[str, JsonObject]:
    answers = {
        "ServiceResponse": _SERVICE_ANSWER,
        "ServiceListResponse": (_SERVICES_ANSWER,),
        "MappingResponse": (ROW_ID, *_MAPPING, *ROW_STATE),
        "ImportFailure": (Field(name="name", kind="string"), Field(name="error", kind="string")),
        "ImportResponse": (
            Field(name="created", kind="integer"),
            Field(name="updated", kind="integer"),
            Field(name="failed", kind="object list", items="ImportFailure"),
        ),
        "ConfigResponse": (
            Field(name="cluster_id", kind="integer"),
            Field(name="cluster_name", kind="string"),
            Field(name="api_key_hash", kind="string"),
            _SERVICES_ANSWER,
            Field(name="mappings", kind="object list", items="MappingResponse"),
        ),
        "Health": HEALTH_ANSWER,
    }
    bodies = {"ServiceCreate": _SERVICE, "MappingCreate": _MAPPING, "ImportRequest": _IMPORT}
    return {
        **{name: describe_object(name, fields) for name, fields in bodies.items()},
        **{name: describe_object(name, fields, answer=True) for name, fields in answers.items()},
    }


STANDARD = Dialect(
    name="standard",
    schemas=_schemas(),
    authenticate=authenticate,
    routes=(
        HEALTH,
        Route("GET", SERVICES, list_services, gives="ServiceListResponse"),
        Route(
            "POST",
            SERVICES,
            create_service,
            status=201,
            takes="ServiceCreate",
            gives="ServiceResponse",
            refuses=(400, 404),
        ),
        Route(
            "POST",
            "/api/v1/services/import",
            import_all,
            takes="ImportRequest",
            gives="ImportResponse",
        ),
        Route(
            "PUT",
            SERVICE_BY_ID,
            replace_service,
            takes="ServiceCreate",
            gives="ServiceResponse",
            refuses=(400,),
        ),
        Route("DELETE", SERVICE_BY_ID, delete_service, status=204),
        Route("GET", "/api/v1/config/{cluster_id}", read_config, gives="ConfigResponse"),
    ),
)
