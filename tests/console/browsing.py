"""A person at a console: logs in, loads pages, sends forms; without a browser and any script."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.console.consoles import PASSWORD, Running

SESSION = "__Host-penguin-session"


class Person:
    """Keeps cookies by hand: clients other than browsers don't send Secure ones over HTTP."""

    def __init__(self, console: Running) -> None:
        self.console = console
        self.cookies: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={one}" for name, one in self.cookies.items())
        answer = self.console.client.request(method, path, headers=headers, **options)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if "max-age=0" in cookie.lower():
                del self.cookies[name]
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def log_in(self, name: str = "dev", password: str = PASSWORD) -> httpx.Response:
        token = field(self.get("/login").text, "token")
        form = {"name": name, "password": password, "token": token}
        return self.ask("POST", "/login", data=form)

    def send(self, page: str, action: str, **values: str) -> httpx.Response:
        """The form of a page that leads to `action`, with its hidden fields."""
        hidden = {name: field(page, name) for name in ("csrf", "etag") if f'name="{name}"' in page}
        return self.ask("POST", action, data={**hidden, **values})


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


class Text(HTMLParser):
    """What a reader of a page reads, and what its scripts could be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.words.extend(data.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def __str__(self) -> str:
        return " ".join(self.words)
