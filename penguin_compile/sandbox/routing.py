"""From a request to the handler of a dialect: routes, what handlers see, and how they refuse."""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import NoReturn, TypeVar

from penguin_compile.sandbox.fields import (
    NOT_AN_OBJECT,
    JsonObject,
    Location,
    make_problem,
)
from penguin_compile.sandbox.store import Store

_PARAMETER = re.compile(r"\{(\w+)\}")
Found = TypeVar("Found")


class Refusal(Exception):
    """A request that is answered with an error; `detail` becomes the body."""

    def __init__(self, status: int, detail: object) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler sees of a request: numbers of the path, and the body."""

    parameters: Mapping[str, int]
    content_type: str | None
    body: bytes

    def parse_body(self) -> object:
        """Return the body as JSON; Refusal 422 where it is none."""
        if not self.body:
            refuse_body("missing", "Field required", ("body",), None)
        if self.content_type is not None and "json" not in self.content_type.lower():
            text = self.body.decode(errors="replace")
            refuse_body("model_attributes_type", NOT_AN_OBJECT, ("body",), text)
        try:
            return json.loads(self.body, parse_constant=_parse_float, parse_float=_parse_float)
        except (ValueError, RecursionError) as error:
            position = getattr(error, "pos", 0)
            refuse_body("json_invalid", "JSON decode error", ("body", position), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a handler answers: JSON, plain text for a `str`, no body at all for None."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> tuple[str | None, bytes]:
        """Return the body's content type and its bytes."""
        if self.body is None:
            return None, b""
        if isinstance(self.body, str):
            return "text/plain; charset=utf-8", self.body.encode()
        return "application/json", json.dumps(self.body, separators=(",", ":")).encode()


Handler = Callable[[Store, Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: how to reach it, what does it, and how OpenAPI describes it.

    `takes` and `gives` name schemas of the dialect; `refuses` are the statuses beyond those
    that numbers in the path, a body and the key bring with them.
    """

    method: str
    template: str
    handler: Handler
    _: KW_ONLY
    status: int = 200
    takes: str | None = None
    gives: str | None = None
    refuses: tuple[int, ...] = ()
    public: bool = False

    @property
    def parameters(self) -> list[str]:
        """Return the names of the numbers in the path."""
        return _PARAMETER.findall(self.template)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parts of the path that stand for parameters, None for another path."""
        pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", self.template)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A kind of MarchProxy API: the operations it has, literal paths first, and their schemas."""

    name: str
    routes: tuple[Route, ...]
    schemas: Mapping[str, JsonObject]

    def knows(self, path: str) -> bool:
        """Tell whether any operation has that path."""
        return any(route.match(path) is not None for route in self.routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, int]]:
        """Return the route and its numbers; Refusal 404, 405 or 422."""
        matches = [
            (route, parts) for route in self.routes if (parts := route.match(path)) is not None
        ]
        for route, parts in matches:
            if route.method == method:
                return route, {name: _parse_number(name, text) for name, text in parts.items()}
        raise Refusal(405, "Method Not Allowed") if matches else Refusal(404, "Not Found")


def authenticate(authorization: str | None, cluster_key: str | None) -> None:
    """Accept the cluster's key, or any where none was set; Refusal 403 without, 401 if wrong."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(403, "Not authenticated")
    # Header text arrives as latin-1; the key itself may be any text.
    sent = key.strip().encode("latin-1", errors="replace")
    if cluster_key is not None and not hmac.compare_digest(sent, cluster_key.encode()):
        raise Refusal(401, "Invalid cluster API key")


def require(found: Found | None, what: str) -> Found:
    """Return what was looked for; Refusal 404 where it is not there."""
    if found is None:
        raise Refusal(404, f"{what} not found")
    return found


def refuse_body(kind: str, message: str, location: Location, value: object) -> NoReturn:
    """Refuse a request with 422 and one problem."""
    raise Refusal(422, [make_problem(kind, message, location, value)])


def _parse_number(name: str, text: str) -> int:
    # 18 digits always fit SQLite's integers.
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
        error = "Input should be a valid integer, unable to parse string as an integer"
        refuse_body("int_parsing", error, ("path", name), text)
    return int(text)


def _parse_float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is no number of JSON")
    return number
