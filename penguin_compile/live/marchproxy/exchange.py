"""One request and its answer as lines for people: every secret field without its value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.live.marchproxy.answer import Answer, is_secret

_LONGEST = 2000


def show_body(body: Mapping[str, Any] | None) -> str:
    """A body that is sent, after the request that it belongs to."""
    return "" if body is None else f" {_shorten(json.dumps(_redact(body)))}"


def show_answer(answer: Answer, seconds: float, sent_id: str) -> str:
    """`< 200 GET http://… 0.031 s 512 bytes request 3f9c-1 {…}`: of JSON all but its secrets.

    A server that gives requests ids of its own is told by that id, too.
    """
    own = answer.redact(answer.request_id)
    request_id = f" request {sent_id}" + (f" (there {own})" if own and own != sent_id else "")
    line = f"< {answer.status} {answer.request} {seconds:.3f} s {len(answer.body)} bytes"
    try:
        content = f" {_shorten(json.dumps(_redact(answer.parse())))}"
    except GatewayFailure:
        content = ""
    return f"{line}{request_id}{_hide(content, answer.known)}"


def _redact(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "***" if is_secret(key) and one is not None else _redact(one)
            # A 422 echoes as `input` what was sent.
            for key, one in value.items()
            if key != "input"
        }
    return [_redact(one) for one in value] if isinstance(value, list) else value


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _hide(text: str, known: tuple[str, ...]) -> str:
    for secret in filter(None, known):
        text = text.replace(secret, "***")
    return text
