"""The OpenAPI document of a dialect, made from the very routes and fields that are served."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from penguin_compile.sandbox.fields import Field, JsonObject, describe_object, refer_to

if TYPE_CHECKING:
    from penguin_compile.sandbox.routing import Dialect, Route

_PROBLEM: JsonObject = {
    "type": "object",
    "title": "ValidationError",
    "properties": {
        "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        "msg": {"type": "string"},
        "type": {"type": "string"},
        "input": {},
    },
    "required": ["loc", "msg", "type"],
}
_ERRORS: dict[str, JsonObject] = {
    "Error": describe_object("Error", (Field(name="detail", kind="string"),), answer=True),
    "ValidationError": _PROBLEM,
    "HTTPValidationError": describe_object(
        "HTTPValidationError",
        (Field(name="detail", kind="object list", items="ValidationError"),),
        answer=True,
    ),
}


def describe_dialect(dialect: Dialect) -> JsonObject:
    """Return the document that the sandbox serves at /api/openapi.json."""
    paths: dict[str, JsonObject] = {}
    for route in dialect.routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _describe_route(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"penguin-compile sandbox, {dialect.name} dialect (not MarchProxy)",
            "version": "1.0.0",
        },
        "paths": paths,
        "components": {
            "schemas": {**dialect.schemas, **_ERRORS},
            "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe_route(route: Route) -> JsonObject:
    name = route.handler.__name__
    operation: JsonObject = {
        "operationId": name,
        "summary": name.replace("_", " ").capitalize(),
        "responses": {str(status): _describe_answer(route, status) for status in _statuses(route)},
    }
    if route.handler.__doc__:
        operation["description"] = route.handler.__doc__
    if not route.public:
        operation["security"] = [{"HTTPBearer": []}]
    if parameters := _describe_parameters(route):
        operation["parameters"] = parameters
    if route.takes:
        operation["requestBody"] = {"required": True, "content": _describe_json(route.takes)}
    return operation


def _describe_parameters(route: Route) -> list[JsonObject]:
    number: JsonObject = {"type": "integer"}
    text: JsonObject = {"type": "string"}
    described = [
        *(("path", name, number) for name in route.parameters),
        *(("query", field.name, field.describe()) for field in route.query),
        *(("header", name, text) for name in route.headers),
    ]
    return [
        {"name": name, "in": place, "required": place != "query", "schema": schema}
        for place, name, schema in described
    ]


def _statuses(route: Route) -> list[int]:
    statuses = {route.status, *route.refuses}
    if not route.public:
        statuses |= {401, 403}
    if route.parameters:
        statuses |= {404, 422}
    if route.query or route.headers:
        statuses.add(422)
    if route.takes:
        statuses |= {413, 422}
    return sorted(statuses)


def _describe_answer(route: Route, status: int) -> JsonObject:
    answer: JsonObject = {"description": HTTPStatus(status).phrase}
    schema = "HTTPValidationError" if status == HTTPStatus.UNPROCESSABLE_ENTITY else "Error"
    if status == route.status:
        schema = route.gives or ""
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
    elif schema:
        answer["content"] = _describe_json(schema)
    return answer


def _describe_json(schema: str) -> JsonObject:
    return {"application/json": {"schema": refer_to(schema)}}
