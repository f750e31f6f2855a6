"""What a workflow's job meets of GitHub: comments of one pull request, over real HTTP.

By its documented interface: comments are listed by GraphQL, which tells whose they are, and are
written by REST. `ada` writes as another user.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "ghs_planted-token"
PAGE = 2  # comments a page, so that there are several


class GitHub:
    """One repository `house/shop` with pull request 7."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.refuse: tuple[int, dict[str, Any]] | None = None  # what every write is answered
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer(*github.answer("POST", self.path, self._body(), self.headers))

            def do_PATCH(self) -> None:
                self._answer(*github.answer("PATCH", self.path, self._body(), self.headers))

            def _body(self) -> Any:
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, status: int, told: Any) -> None:
                text = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def write(self, body: str, author: str = "ada") -> None:
        number = len(self.comments) + 1
        self.comments.append({"id": number, "author": author, "body": body})

    @property
    def ours(self) -> list[str]:
        return [one["body"] for one in self.comments if one["author"] == "us"]

    def answer(self, method: str, path: str, body: Any, headers: Any) -> tuple[int, Any]:
        self.requests.append(f"{method} {path}")
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if path == "/graphql":
            return 200, self._list(body["variables"])
        if self.refuse is not None:
            return self.refuse
        if len(body["body"]) > 65_536:
            return 422, {"message": "Validation Failed"}
        if method == "POST":
            assert path == "/repos/house/shop/issues/7/comments"
            self.write(body["body"], "us")
            return 201, self._told(self.comments[-1])
        (found,) = (one for one in self.comments if path.endswith(f"/comments/{one['id']}"))
        assert found["author"] == "us"
        # It keeps a text as a form in a browser would send it.
        found["body"] = body["body"].replace("\n", "\r\n")
        return 200, self._told(found)

    def _list(self, asked: dict[str, Any]) -> Any:
        if (asked["owner"], asked["name"], asked["number"]) != ("house", "shop", 7):
            told = {"message": "Could not resolve to a PullRequest with the number of 8."}
            return {"data": {"repository": {"pullRequest": None}}, "errors": [told]}
        first = int(asked["after"] or 0)
        nodes = [
            {"databaseId": one["id"], "body": one["body"], "viewerDidAuthor": one["author"] == "us"}
            for one in self.comments[first : first + PAGE]
        ]
        after = first + PAGE
        page = {"hasNextPage": after < len(self.comments), "endCursor": str(after)}
        comments = {"nodes": nodes, "pageInfo": page}
        return {"data": {"repository": {"pullRequest": {"comments": comments}}}}

    def _told(self, comment: dict[str, Any]) -> dict[str, Any]:
        page = f"{self.url}/house/shop/pull/7#issuecomment-{comment['id']}"
        return {"id": comment["id"], "html_url": page}
