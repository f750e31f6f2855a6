"""The cluster's config as the api-server sandbox gives it to proxies, who show the cluster's key.

Its shape is the real server's, which nests what services have flat; poisoned rows are in it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from penguin_compile.sandbox.fields import JsonObject
from penguin_compile.sandbox.routing import Refusal, Request, Response, require

if TYPE_CHECKING:
    from penguin_compile.sandbox.store import Store

CLUSTER_KEY = "cluster-api-key"


def read_config(store: Store, request: Request) -> Response:
    """Answer what a proxy of the cluster runs with: active services, poisoned ones too."""
    cluster = _open_config(store, request)
    services = store.read("services", cluster_id=cluster["id"], is_active=True)
    mappings = store.read("mappings", cluster_id=cluster["id"])
    body = {
        "cluster": show_cluster(cluster),
        "services": [_show_service(row) for row in services],
        "mappings": [
            {name: row[name] for name in row if name not in ("listen_port", "path_prefix")}
            for row in mappings
        ],
        "certificates": [],
        "config_version": _make_version(),
    }
    return Response(body=body)


def validate_config(store: Store, request: Request) -> Response:
    """Answer that the cluster's configuration is fine; nothing is looked at."""
    cluster = _open_config(store, request)
    return Response(body={"cluster_id": cluster["id"], "valid": True, "errors": [], "warnings": []})


def show_version(store: Store, request: Request) -> Response:
    """Answer a version that differs at every call."""
    cluster = _open_config(store, request)
    return Response(body={"cluster_id": cluster["id"], "config_version": _make_version()})


def show_cluster(row: JsonObject) -> JsonObject:
    """A cluster with what the sandbox doesn't keep of it."""
    return {**row, "is_default": row["id"] == 1, "created_by": 1}


def _show_service(row: JsonObject) -> JsonObject:
    """A service as proxies get it: without its cluster, and with the secret of its auth alone."""
    kind = row["auth_type"]
    names = ("id", "name", "ip_fqdn", "port", "protocol", "collection")
    return {
        **{name: row[name] for name in names},
        "auth": {
            "type": kind,
            "token_base64": row["token_base64"] if kind == "base64" else None,
            "jwt": {
                "secret": row["jwt_secret"],
                "expiry": row["jwt_expiry"],
                "algorithm": row["jwt_algorithm"],
            }
            if kind == "jwt"
            else None,
        },
        "tls": {"enabled": row["tls_enabled"], "verify": row["tls_verify"]},
        "health_check": {
            "enabled": row["health_check_enabled"],
            "path": row["health_check_path"],
            "interval": row["health_check_interval"],
        }
        if row["health_check_enabled"]
        else None,
    }


def _open_config(store: Store, request: Request) -> JsonObject:
    if not request.accounts.accepts_cluster_key(request.headers[CLUSTER_KEY]):
        raise Refusal(401, "Invalid cluster API key")
    return require(store.find("clusters", id=request.parameters["cluster_id"]), "Cluster")


def _make_version() -> str:
    return secrets.token_hex(8)
