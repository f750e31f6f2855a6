"""`comment`: one for each app and environment, ours alone, and what is new since the last push."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Result, Run
from tests.cli.github_server import TOKEN, GitHub

MARKER = "<!-- penguin-compile plan shop/dev -->"


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A job of a workflow that runs for a pull request."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_REPOSITORY", "house/shop")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    push(tmp_path, "1111111aaaa")
    with GitHub() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_GRAPHQL_URL", f"{server.url}/graphql")
        yield server


def push(folder: Path, head: str) -> None:
    event = {"pull_request": {"number": 7, "head": {"sha": head}}}
    (folder / "event.json").write_text(json.dumps(event))


def edit(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def comment(penguin: Run, *arguments: str) -> Result:
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    return penguin("comment", "plan.json", *arguments)


def test_pushes_renew_one_comment_which_tells_what_is_new(
    penguin: Run, shop: Path, github: GitHub
) -> None:
    for other in ("hello", f"{MARKER}\nnot the plan", "thanks"):
        github.write(other)
    first = comment(penguin)
    assert (first.code, first.err) == (0, "")
    assert first.out == f"shop · dev: created {github.url}/house/shop/pull/7#issuecomment-4\n"
    (text,) = github.ours
    assert text.startswith(f"{MARKER}\n### Plan: ")
    assert "config/theme" in text
    assert "Since" not in text

    push(shop.parents[1], "2222222bbbb")
    edit(shop, "default: light", "default: dark")
    edit(shop, "  page_size: {", "  fresh: {default: x, description: New}\n  page_length: {")
    second = comment(penguin)
    assert second.out.startswith("shop · dev: renewed ")
    (text,) = github.ours
    told = "Since <code>1111111</code>: 2 new, 1 different, 1 gone"
    assert told in text
    for line in ("new: <code>config/fresh", "different: <code>config/theme", "gone: <code>config/"):
        assert f"- {line}" in text.replace("&#47;", "/").replace("&#95;", "_")
    assert told in renewed(penguin, github), "planned again, it is compared with the push before"

    push(shop.parents[1], "3333333cccc")
    assert "Since <code>2222222</code>: the same plan." in renewed(penguin, github)
    assert [one["body"] for one in github.comments[:3]] == [
        "hello",
        f"{MARKER}\nnot the plan",
        "thanks",
    ]


def renewed(penguin: Run, github: GitHub) -> str:
    assert comment(penguin).code == 0
    (text,) = github.ours
    return text


def test_a_place_in_the_spec_that_moved_is_no_difference(
    penguin: Run, shop: Path, github: GitHub
) -> None:
    comment(penguin)
    push(shop.parents[1], "2222222bbbb")
    edit(shop, "penguin: 1\n", "# moved\npenguin: 1\n")
    assert "the same plan" in renewed(penguin, github)


@pytest.mark.parametrize(
    "memory", ["", "AAAA", "eJwDAAAAAAE=", "eJyLjgUAARUAuQ==", "eJwzBAAAMgAy", "eJyLVlDSUdAAAA=="]
)
def test_a_comment_that_a_person_changed_begins_anew(
    penguin: Run, shop: Path, github: GitHub, memory: str
) -> None:
    comment(penguin)
    kept = github.comments[0]
    kept["body"] = re.sub("memory [A-Za-z0-9+/=]+ ", f"memory {memory} ", kept["body"])
    push(shop.parents[1], "2222222bbbb")
    assert "Since" not in renewed(penguin, github)
    push(shop.parents[1], "3333333cccc")
    assert "Since <code>2222222</code>" in renewed(penguin, github)


def test_each_environment_has_its_comment(penguin: Run, shop: Path, github: GitHub) -> None:
    for environment in ("dev", "prod"):
        assert penguin("plan", "--env", environment, "--out", f"{environment}.json").code == 0
    for _ in range(2):
        assert penguin("comment", "dev.json", "prod.json").code == 0
    assert [one.splitlines()[0] for one in github.ours] == [
        MARKER,
        "<!-- penguin-compile plan shop/prod -->",
    ]


def test_the_largest_plan_fits(penguin: Run, shop: Path, github: GitHub) -> None:
    many = "".join(f"  key_{one}_{'long' * 20}: {{default: '{one}'}}\n" for one in range(1500))
    edit(shop, "config:\n  theme", f"config:\n{many}  theme")
    first = comment(penguin)
    assert first.code == 0, first.err
    (text,) = github.ours
    assert len(text) <= 65_536
    assert text.endswith("-->\n")
    assert "more" in text
    push(shop.parents[1], "2222222bbbb")
    assert comment(penguin).code == 0


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("GITHUB_TOKEN", None, ("GITHUB_TOKEN is not set", "github.token")),
        ("GITHUB_TOKEN", "wrong", ("401: Bad credentials", "no longer, valid")),
        ("GITHUB_API_URL", "http://127.0.0.1:1", ("POST http://127.0.0.1:1", "refused", "again")),
        ("GITHUB_REPOSITORY", "shop", ("'shop' is not OWNER/NAME", "--repository")),
        ("GITHUB_REPOSITORY", "house/other", ("no pull request 7", "Could not resolve")),
        ("GITHUB_EVENT_PATH", "", ("about no pull request", "--pull-request")),
        ("GITHUB_EVENT_PATH", "gone.json", ("gone.json", "GITHUB_EVENT_PATH")),
    ],
)
def test_what_is_missing_or_wrong_is_told(
    penguin: Run,
    shop: Path,
    github: GitHub,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str | None,
    words: tuple[str, ...],
) -> None:
    if value is None:
        monkeypatch.delenv(setting)
    else:
        monkeypatch.setenv(setting, value)
    if setting == "GITHUB_API_URL":
        monkeypatch.delenv("GITHUB_GRAPHQL_URL")
    refused = comment(penguin)
    assert refused.code in {1, 64}
    for word in words:
        assert word in refused.err
    assert TOKEN not in refused.err
    assert github.comments == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, ("Resource not accessible", "pull-requests: write", "fork", "GITHUB_STEP_SUMMARY")),
        (502, ("502", "run the step again")),
    ],
)
def test_a_refusal_tells_what_the_job_needs(
    penguin: Run, shop: Path, github: GitHub, status: int, words: tuple[str, ...]
) -> None:
    github.refuse = (status, {"message": "Resource not accessible by integration"})
    refused = comment(penguin)
    assert refused.code == 1
    for word in words:
        assert word in refused.err


def test_flags_name_another_pull_request(
    penguin: Run, shop: Path, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("GITHUB_EVENT_PATH", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(setting)
    done = comment(penguin, "--repository", "house/shop", "--pull-request", "7")
    assert done.code == 0, done.err
    assert len(github.ours) == 1
