"""The AI client before a real server with both of WaddleAI's APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from penguin_compile.runtime.ai import (
    AIClient,
    AISettings,
    AsyncAIClient,
    open_ai,
    open_async_ai,
)
from penguin_compile.runtime.ai_errors import (
    AIAnswerUnreadable,
    AIDisabled,
    AIRefused,
    AITimeout,
    AIUnavailable,
)
from penguin_compile.runtime.license import LicenseClient
from penguin_compile.runtime.license_errors import FeatureNotEntitled
from penguin_compile.runtime.license_terms import Entitlements, TierTerms
from penguin_compile.runtime.telemetry_trace import continue_trace
from tests.runtime.license_servers import free_port
from tests.runtime.waddleai import WaddleAI, run_waddleai

KEY = "canary-of-waddleai"


@pytest.fixture
def waddleai() -> Iterator[WaddleAI]:
    with run_waddleai() as server:
        yield server


@pytest.fixture
def ai(waddleai: WaddleAI) -> Iterator[AIClient]:
    settings = AISettings(url=waddleai.url, key=KEY, seconds=0.5, gated=False)
    with AIClient(settings) as client:
        yield client


def test_both_apis(ai: AIClient, waddleai: WaddleAI) -> None:
    assert ai.is_healthy()
    assert ai.analyze("fine") == {"task": "sentiment", "label": "positive"}
    with continue_trace(None) as trace:
        assert ai.generate("hello", context="a greeting") == "HELLO"
    assert ai.chat("abc", model="small", temperature=0) == "cba"
    assert ai.list_models() == ["small", "large"]
    assert waddleai.bodies[2] == {"prompt": "hello", "context": "a greeting"}
    assert waddleai.bodies[3] == {
        "model": "small",
        "messages": [{"role": "user", "content": "abc"}],
        "temperature": 0,
    }
    sent = {name.lower(): value for name, value in waddleai.headers[2].items()}
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["traceparent"] == trace.header


def test_both_apis_for_coroutines(waddleai: WaddleAI) -> None:
    async def ask() -> None:
        settings = AISettings(url=waddleai.url, seconds=0.5, gated=False)
        async with AsyncAIClient(settings) as ai:
            assert (await ai.analyze("fine", "topic"))["task"] == "topic"
            assert await ai.generate("hello") == "HELLO"
            assert await ai.chat([{"role": "user", "content": "abc"}], model="small") == "cba"
            assert await ai.list_models() == ["small", "large"]
            waddleai.stall = 1
            with pytest.raises(AITimeout):
                await ai.generate("slow")

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, AIUnavailable),
        (503, AIUnavailable),
        (429, AIUnavailable),
        (401, AIRefused),
        (422, AIRefused),
        (302, AIRefused),
    ],
)
def test_failures_have_a_class_each(
    ai: AIClient, waddleai: WaddleAI, status: int, error: type[Exception]
) -> None:
    waddleai.status = status
    with pytest.raises(error, match=str(status)) as caught:
        ai.generate("hello")
    assert KEY not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("answer", [[], {"response": 1}, {"choices": []}, "text"])
def test_an_answer_of_something_else(ai: AIClient, waddleai: WaddleAI, answer: object) -> None:
    waddleai.answer = answer
    with pytest.raises(AIAnswerUnreadable, match="not of its API"):
        ai.generate("hello")
    with pytest.raises(AIAnswerUnreadable):
        ai.chat("hello", model="small")


def test_one_that_is_slow_or_away(ai: AIClient, waddleai: WaddleAI) -> None:
    waddleai.stall = 1
    with pytest.raises(AITimeout, match=r"did not answer in 0\.5 seconds"):
        ai.generate("hello")
    away = AIClient(AISettings(url=f"http://127.0.0.1:{free_port()}", gated=False))
    with pytest.raises(AIUnavailable, match="can't be reached"):
        away.generate("hello")
    assert not away.is_healthy()
    away.close()


def test_the_license_gates_it(tmp_path: Path, waddleai: WaddleAI) -> None:
    """A license without a server has what the lowest tier has: analysis, and no generation."""
    free = TierTerms(name="free", features=frozenset({"ai_analysis"}), limits={})
    entitlements = Entitlements(
        product="shop", tiers=(free,), features=frozenset({"ai_analysis", "ai_generation"})
    )
    license_ = LicenseClient(
        entitlements, None, release_mode=True, cache_file=tmp_path / "kept.json"
    )
    with AIClient(AISettings(url=waddleai.url, license_=license_)) as ai:
        assert ai.analyze("fine")
        with pytest.raises(FeatureNotEntitled) as caught:
            ai.generate("hello")
        with pytest.raises(FeatureNotEntitled):
            ai.chat("hello", model="small")
    assert caught.value.feature == "ai_generation"
    assert len(waddleai.bodies) == 1


def test_opened_by_the_environment(monkeypatch: pytest.MonkeyPatch, waddleai: WaddleAI) -> None:
    monkeypatch.delenv("WADDLEAI_URL", raising=False)
    with pytest.raises(AIDisabled, match="WADDLEAI_URL is not set"):
        open_ai().generate("hello")
    monkeypatch.setenv("WADDLEAI_URL", waddleai.url)
    monkeypatch.setenv("AI_FEATURES_ENABLED", "false")
    with pytest.raises(AIDisabled, match="AI_FEATURES_ENABLED is false"):
        open_ai().generate("hello")
    monkeypatch.setenv("WADDLEAI_TIMEOUT", "soon")
    with pytest.raises(AIDisabled, match="no number of seconds"):
        open_async_ai()
