"""A pull request on GitHub, as a workflow's job meets it: which one it is, and our comments there.

Facts of https://docs.github.com/en/actions/reference/workflows-and-actions/variables and of
https://docs.github.com/en/graphql/reference/objects#issuecomment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from penguin_compile import __version__
from penguin_compile.core.errors import FileFailure, PenguinError, UsageError

if TYPE_CHECKING:
    import httpx

_SUMMARY = 'penguin-compile show PLAN --format markdown >> "$GITHUB_STEP_SUMMARY"'
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")
# Who wrote a comment only this interface tells to a workflow's token. A comment of another's is
# never taken for ours: its author could change afterwards what reviewers take for the plan.
_COMMENTS: Final = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $after) {
        nodes { databaseId body viewerDidAuthor }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""


class PullRequestFailure(PenguinError):
    """GitHub can't be reached, refused, or answered nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Its repository as `owner/name`, its number, and the commit that the run is about."""

    repository: str
    number: int
    head: str


def find_pull_request(repository: str | None, number: int | None) -> PullRequest:
    """The one of the event that a workflow runs for; arguments win. UsageError if there is none."""
    event = _read_event()
    told = event.get("pull_request")
    pull: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    found = number if number is not None else pull.get("number")
    name = repository or os.environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(name):
        raise UsageError(
            f"no repository: {name!r} is not OWNER/NAME",
            hint="a workflow's job has it in GITHUB_REPOSITORY; elsewhere: --repository OWNER/NAME",
        )
    if not isinstance(found, int):
        event_name = os.environ.get("GITHUB_EVENT_NAME", "none")
        raise UsageError(
            f"the event ({event_name}) is about no pull request",
            hint="run it for pull_request events, or name one: --pull-request NUMBER",
        )
    head = pull.get("head")
    sha = head.get("sha") if isinstance(head, Mapping) else None
    return PullRequest(
        repository=name, number=found, head=str(sha or os.environ.get("GITHUB_SHA", "unknown"))
    )


def _read_event() -> Mapping[str, Any]:
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFailure(
            f"the event's file can't be read: {path}: {error}",
            hint="GITHUB_EVENT_PATH names it; a workflow's job has one by itself",
        ) from None
    return event if isinstance(event, Mapping) else {}


class Comments:
    """The comments of one pull request that our own token wrote."""

    def __init__(self, pull: PullRequest) -> None:
        import httpx

        token = os.environ.get("GITHUB_TOKEN")
        if not token:
            raise PullRequestFailure(
                "GITHUB_TOKEN is not set: GitHub can't be asked",
                hint="in a workflow: env: {GITHUB_TOKEN: '${{ github.token }}'}",
            )
        self._pull = pull
        self._api = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        self._graphql = os.environ.get("GITHUB_GRAPHQL_URL", f"{self._api}/graphql")
        self._client = httpx.Client(
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "User-Agent": f"penguin-compile/{__version__}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=httpx.Timeout(30, connect=10),
            transport=httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def find(self, marker: str) -> tuple[int, str] | None:
        """Id and text of our first comment that begins with a line; None: there is none yet."""
        for node in self._own():
            if str(node["body"]).replace("\r", "").startswith(f"{marker}\n"):
                return int(node["databaseId"]), str(node["body"]).replace("\r", "")
        return None

    def write(self, known: int | None, body: str) -> str:
        """Create a comment, or renew the one with an id; the address of its page."""
        base = f"{self._api}/repos/{self._pull.repository}/issues"
        if known is None:
            answer = self._ask("POST", f"{base}/{self._pull.number}/comments", {"body": body})
        else:
            answer = self._ask("PATCH", f"{base}/comments/{known}", {"body": body})
        return str(answer.get("html_url", ""))

    def _own(self) -> Iterator[Mapping[str, Any]]:
        owner, name = self._pull.repository.split("/")
        after = None
        while True:
            variables = {"owner": owner, "name": name, "number": self._pull.number, "after": after}
            request = {"query": _COMMENTS, "variables": variables}
            answer = self._ask("POST", self._graphql, request)
            try:
                comments = answer["data"]["repository"]["pullRequest"]["comments"]
                yield from (one for one in comments["nodes"] if one["viewerDidAuthor"])
                page = comments["pageInfo"]
                after = page["endCursor"]
                if not page["hasNextPage"]:
                    return
            except (KeyError, TypeError):
                raise PullRequestFailure(
                    f"{self._pull.repository} shows no pull request {self._pull.number}: "
                    f"{_reason(answer)}",
                    hint="is the number right, and may the token read pull requests? "
                    "permissions: {pull-requests: write}",
                ) from None

    def _ask(self, method: str, url: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        import httpx

        try:
            answer = self._client.request(method, url, json=body)
        except httpx.HTTPError as error:
            raise PullRequestFailure(
                f"{method} {url}: {error or type(error).__name__}",
                hint=f"run the step again; or show the plan in the job's summary: {_SUMMARY}",
            ) from None
        told = _read(answer)
        if answer.is_success:
            return told
        raise PullRequestFailure(
            f"{method} {url}: {answer.status_code}: {_reason(told)}", hint=_advice(answer)
        )


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}


def _reason(told: Mapping[str, Any]) -> str:
    """GitHub's own words, of either interface."""
    errors = told.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        return str(errors[0].get("message", "it says no more"))[:300]
    return str(told.get("message", "it says no more"))[:300]


def _advice(answer: httpx.Response) -> str:
    if answer.status_code in {403, 404} and answer.headers.get("x-ratelimit-remaining") != "0":
        return (
            "the job needs permissions: {pull-requests: write}; a run for a fork's pull request "
            f"gets no such token, there the job's summary can show the plan: {_SUMMARY}"
        )
    if answer.status_code == 401:
        return "GITHUB_TOKEN is not, or no longer, valid"
    return f"run the step again later; or show the plan in the job's summary: {_SUMMARY}"
