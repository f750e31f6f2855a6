"""The caller's trace in views of Flask, Quart and FastAPI."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from penguin_compile.runtime.telemetry_trace import current_trace
from penguin_compile.runtime.trace_middleware import ASGITrace, WSGITrace

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


def tell() -> str:
    trace = current_trace()
    return "" if trace is None else trace.trace_id


def test_flask() -> None:
    from flask import Flask

    app = Flask("shop")
    app.add_url_rule("/", view_func=tell)
    app.wsgi_app = WSGITrace(app.wsgi_app)  # type: ignore[method-assign, assignment]
    assert app.test_client().get("/", headers=HEADERS).text == TRACE
    other = app.test_client().get("/").text
    assert len(other) == 32
    assert other != TRACE
    assert current_trace() is None


@pytest.mark.parametrize("framework", ["quart", "fastapi"])
def test_asgi(framework: str) -> None:
    async def view() -> str:
        return tell()

    async def ask() -> list[str]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(make(framework, view)), base_url="http://shop"
        ) as client:
            answers = [
                await client.get(path, headers=HEADERS) for path in ("/", "/thread", "/thread")
            ]
        return [one.text.strip('"') for one in answers]

    assert asyncio.run(ask()) == [TRACE] * 3


def make(framework: str, view: object) -> object:
    if framework == "quart":
        from quart import Quart

        quart = Quart("shop")
        quart.add_url_rule("/", "view", view)
        quart.add_url_rule("/thread", "thread", tell)
        quart.asgi_app = ASGITrace(quart.asgi_app)
        return quart
    from fastapi import FastAPI

    fastapi = FastAPI()
    fastapi.get("/")(view)
    fastapi.get("/thread")(tell)
    fastapi.add_middleware(ASGITrace)
    return fastapi
