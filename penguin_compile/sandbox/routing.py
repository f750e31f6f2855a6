"""From a request to the handler of a dialect: routes, what handlers see, and how they refuse."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from email.message import Message
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl

from penguin_compile.sandbox.accounts import Accounts, User
from penguin_compile.sandbox.fields import (
    NOT_AN_OBJECT,
    Field,
    JsonObject,
    Location,
    make_problem,
)
from penguin_compile.sandbox.store import Store

_PARAMETER = re.compile(r"\{(\w+)\}")
Found = TypeVar("Found")

# Words that the real server takes for a boolean in a query.
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "on", "t", "y", "yes"), True),
    **dict.fromkeys(("false", "0", "off", "f", "n", "no"), False),
}


class Refusal(Exception):
    """A request that is answered with an error; `detail` becomes the body."""

    def __init__(
        self, status: int, detail: object, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler sees of a request: numbers of the path, query, headers, body, and who asks.

    `user` is None where a cluster's key was shown, or nothing needed to be.
    """

    parameters: Mapping[str, int]
    query: JsonObject
    headers: Message
    body: bytes
    accounts: Accounts
    user: User | None

    def parse_body(self) -> object:
        """Return the body as JSON; Refusal 422 where it is none."""
        if not self.body:
            refuse_body("missing", "Field required", ("body",), None)
        content_type = self.headers.get("Content-Type")
        if content_type is not None and "json" not in content_type.lower():
            text = self.body.decode(errors="replace")
            refuse_body("model_attributes_type", NOT_AN_OBJECT, ("body",), text)
        try:
            return json.loads(self.body, parse_constant=_parse_float, parse_float=_parse_float)
        except (ValueError, RecursionError) as error:
            position = getattr(error, "pos", 0)
            refuse_body("json_invalid", "JSON decode error", ("body", position), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a handler answers: JSON, text as it is for a `str`, no body at all for None."""

    status: int = 200
    body: object = None
    text_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> tuple[str | None, bytes]:
        """Return the body's content type and its bytes."""
        if self.body is None:
            return None, b""
        if isinstance(self.body, str):
            return f"{self.text_type}; charset=utf-8", self.body.encode()
        return "application/json", json.dumps(self.body, separators=(",", ":")).encode()


FAILURE = Response(status=500, body="Internal Server Error")
Handler = Callable[[Store, Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: how to reach it, what does it, and how OpenAPI describes it.

    `takes` and `gives` name schemas of the dialect; `headers` must be there; `refuses` are the
    statuses beyond those that numbers in the path, a query, a body and the key bring with them.
    """

    method: str
    template: str
    handler: Handler
    _: KW_ONLY
    status: int = 200
    takes: str | None = None
    gives: str | None = None
    query: tuple[Field, ...] = ()
    headers: tuple[str, ...] = ()
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
    authenticate: Callable[[Accounts, str | None], User | None]
    has_users: bool = False
    # How many requests at once it works on before more of them stall.
    pool: int | None = None

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
        if not matches:
            raise Refusal(404, "Not Found")
        # Like the real server, which names the methods of the first route alone.
        raise Refusal(405, "Method Not Allowed", {"Allow": matches[0][0].method})


def read_bearer(authorization: str | None) -> str:
    """Return the key or token of an Authorization header; Refusal 403 where there is none."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(403, "Not authenticated")
    return key.strip()


def read_query(fields: tuple[Field, ...], text: str) -> JsonObject:
    """Return the known parameters of a query with defaults filled in; Refusal 422 for wrong ones.

    Unknown parameters are ignored without a word, as the real server does.
    """
    sent = dict(parse_qsl(text, keep_blank_values=True))
    values: JsonObject = {}
    problems: list[JsonObject] = []
    for wanted in fields:
        values[wanted.name] = wanted.default
        if wanted.name in sent:
            raw = sent[wanted.name]
            value = _parse_query_value(wanted, raw)
            values[wanted.name] = value
            if complaint := wanted.complain(value):
                problems.append(make_problem(*complaint, ("query", wanted.name), raw))
    if problems:
        raise Refusal(422, problems)
    return values


def require_headers(names: tuple[str, ...], headers: Message) -> None:
    """Refuse with 422 where a header that an operation needs is not there."""
    for name in names:
        if name not in headers:
            refuse_body("missing", "Field required", ("header", name), None)


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


def _parse_query_value(wanted: Field, raw: str) -> object:
    if wanted.kind == "boolean":
        return _BOOLEANS.get(raw.lower(), raw)
    return int(raw) if re.fullmatch(r"-?[0-9]{1,18}", raw) else raw


def _parse_float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is no number of JSON")
    return number
