"""The standard's admin API: `/api/v1/config` and `/api/v1/config/KEY`.

Source of paths, bodies and status codes: integration-standards. Beyond it: ETag and If-Match (412),
and `details` beside the error of a value that the spec's check refuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from penguin_compile.console.access import Gate
from penguin_compile.console.entry import Entry
from penguin_compile.console.principal import Denied
from penguin_compile.console.protection import read_body
from penguin_compile.console.store import (
    Author,
    Moved,
    NoSuchSetting,
    NotHere,
    SettingsStore,
)
from penguin_compile.console.values import MASK, InvalidValue

PREFIX: Final = "/api/v1/config"
SECURITY: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
_MOVED: Final = "The setting was changed meanwhile; read it again"


class Setting(BaseModel):
    """One setting."""

    key: str
    value: str = Field(description=f"As its row holds it; {MASK} for a sensitive one.")
    type: str = Field(description="string, integer, boolean or json")
    category: str
    description: str | None
    last_updated: str | None = Field(description="ISO 8601")


class ListedSetting(Setting):
    """One setting, with who wrote it last."""

    updated_by: str | None


class SettingList(BaseModel):
    """All settings, by category."""

    configs: list[ListedSetting]


class Updated(BaseModel):
    """A value was written."""

    message: str
    key: str
    updated_by: str


class Deleted(BaseModel):
    """A row was deleted."""

    message: str
    key: str


class Problem(BaseModel):
    """Why not."""

    error: str
    details: list[str] | None = None


def _responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    said = {
        400: "No value, or one that the key does not take",
        401: "No credentials, or not valid ones",
        403: "Not an admin",
        404: "No such setting",
        409: "The spec forbids it",
        412: "Changed since it was read",
        413: "The body is too large",
        415: "The body is not JSON",
        503: "The database can't be reached",
    }
    return {one: {"model": Problem, "description": said[one]} for one in statuses}


_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that was read: anything else there now is answered with 412.",
    "schema": {"type": "string"},
}
_ETAG: Final = {"ETag": {"description": "Of this setting", "schema": {"type": "string"}}}
_BODY: Final = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["value"],
                "properties": {"value": {"description": "As JSON, or as the text of the row."}},
            },
            "example": {"value": "587"},
        }
    },
}


def build_api(store: SettingsStore, gate: Gate) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=PREFIX, tags=["config"])

    @router.get(
        "",
        summary="List all settings",
        response_model=SettingList,
        responses=_responses(401, 403, 503),
        openapi_extra={"security": SECURITY},
    )
    async def list_settings(request: Request) -> JSONResponse:
        await run_in_threadpool(gate.identify, request)
        entries = await run_in_threadpool(store.rows)
        return JSONResponse({"configs": [_listed(one) for one in entries]})

    @router.get(
        "/{key:path}",
        summary="Read one setting",
        response_model=Setting,
        responses={200: {"headers": _ETAG}, **_responses(401, 403, 404, 503)},
        openapi_extra={"security": SECURITY},
    )
    async def read_setting(request: Request, key: str) -> JSONResponse:
        await run_in_threadpool(gate.identify, request)
        entry = await run_in_threadpool(store.find, key)
        return JSONResponse(_shown(entry), headers={"ETag": entry.etag})

    @router.put(
        "/{key:path}",
        summary="Change the value of a setting",
        response_model=Updated,
        responses={
            200: {"headers": _ETAG},
            **_responses(400, 401, 403, 404, 409, 412, 413, 415, 503),
        },
        openapi_extra={
            "security": SECURITY,
            "requestBody": _BODY,
            "parameters": [_IF_MATCH],
        },
    )
    async def change_setting(request: Request, key: str) -> JSONResponse:
        who = await run_in_threadpool(gate.identify, request)
        value = _value(request, await read_body(request))
        author = Author(name=who.name, via="api", seen=_tags(request))
        entry = await run_in_threadpool(store.change, key, value, author)
        said = {
            "message": "Configuration updated successfully",
            "key": key,
            "updated_by": who.name,
        }
        return JSONResponse(said, headers={"ETag": entry.etag})

    @router.delete(
        "/{key:path}",
        summary="Delete a setting",
        response_model=Deleted,
        responses=_responses(401, 403, 404, 409, 412, 503),
        openapi_extra={"security": SECURITY, "parameters": [_IF_MATCH]},
    )
    async def delete_setting(request: Request, key: str) -> JSONResponse:
        who = await run_in_threadpool(gate.identify, request)
        author = Author(name=who.name, via="api", seen=_tags(request))
        await run_in_threadpool(store.remove, key, author)
        return JSONResponse({"message": "Configuration deleted successfully", "key": key})

    return router


def answer_failure(error: Exception) -> JSONResponse | None:
    """What the API says of a change that can't be made; None for any other error."""
    match error:
        case NoSuchSetting():
            return _problem(404, "Configuration not found")
        case Moved():
            return _problem(412, _MOVED)
        case InvalidValue():
            return _problem(400, "Invalid value for config type", list(error.details))
        case NotHere():
            return _problem(409, str(error))
        case Denied():
            return _problem(error.status, error.message, headers=error.headers)
    return None


def _problem(
    status: int,
    error: str,
    details: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    said: dict[str, Any] = {"error": error}
    if details is not None:
        said["details"] = details
    return JSONResponse(said, status, headers=dict(headers or {}))


def _value(request: Request, body: bytes) -> Any:
    """`value` of the body; Denied for a body without one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Denied(415, "The body has to be application/json", reason="not JSON")
    try:
        data = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Denied(400, "The body is no JSON", reason="not JSON") from None
    value = data.get("value") if isinstance(data, dict) else None
    if value is None:
        raise Denied(400, "Value is required", reason="no value")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _tags(request: Request) -> frozenset[str] | None:
    """The entity tags of If-Match; None where any will do. A weak one matches nothing."""
    text = request.headers.get("if-match")
    if text is None or text.strip() == "*":
        return None
    return frozenset(one.strip() for one in text.split(","))


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "value": MASK if entry.text is None else entry.text,
        "type": entry.type,
        "category": entry.category,
        "description": entry.description,
        "last_updated": entry.last_updated,
    }


def _listed(entry: Entry) -> dict[str, Any]:
    return {**_shown(entry), "updated_by": entry.updated_by}
