"""Requests of WaddleAI's two APIs and how their answers are read; nothing here waits.

Source: integration-standards, "WaddleAI Integration" (analyze, generate); the public server's
OpenAI-compatible API (chat completions, models).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from penguin_compile.runtime.ai_errors import (
    AIAnswerUnreadable,
    AIError,
    AIRefused,
    AITimeout,
    AIUnavailable,
)
from penguin_compile.runtime.license_gate import check_feature
from penguin_compile.runtime.telemetry_trace import current_trace

if TYPE_CHECKING:
    import httpx

    from penguin_compile.runtime.license import LicenseClient

Answer = TypeVar("Answer")

_OVERLOADED = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True, kw_only=True)
class AIRequest(Generic[Answer]):
    """One request, the license feature that it needs, and the reader of its answer."""

    method: str
    path: str
    body: Mapping[str, object] | None
    feature: str | None
    read: Callable[[Any], Answer]

    def check(self, license_: LicenseClient | None, *, gated: bool) -> None:
        """FeatureNotEntitled where the license doesn't have the feature."""
        if gated and self.feature is not None:
            check_feature(self.feature, license_)

    def finish(self, url: str, answer: httpx.Response) -> Answer:
        """What the app wanted; AIError for every other answer."""
        status = answer.status_code
        if status in _OVERLOADED or answer.is_server_error:
            raise AIUnavailable(f"WaddleAI at {url} answers with status {status}")
        if not answer.is_success:
            raise AIRefused(f"WaddleAI refuses the request: status {status}", status)
        try:
            return self.read(answer.json())
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise AIAnswerUnreadable(
                f"what WaddleAI at {url} answers {self.path} is not of its API"
            ) from None


def analyze(text: str, task: str) -> AIRequest[dict[str, Any]]:
    """The standards' analysis; the answer as it came."""
    body = {"text": text, "task": task}
    return AIRequest(
        method="POST", path="/api/v1/analyze", body=body, feature="ai_analysis", read=_read_object
    )


def generate(prompt: str, context: str | None) -> AIRequest[str]:
    """The standards' generation."""
    return AIRequest(
        method="POST",
        path="/api/v1/generate",
        body={"prompt": prompt, "context": context},
        feature="ai_generation",
        read=lambda data: _text(data["response"]),
    )


def chat(
    messages: str | Sequence[Mapping[str, object]], model: str, options: Mapping[str, object]
) -> AIRequest[str]:
    """A chat completion; the text of its first choice."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return AIRequest(
        method="POST",
        path="/v1/chat/completions",
        body={**options, "model": model, "messages": list(messages)},
        feature="ai_generation",
        read=lambda data: _text(data["choices"][0]["message"]["content"]),
    )


def list_models() -> AIRequest[list[str]]:
    """The names of the models."""
    return AIRequest(
        method="GET",
        path="/v1/models",
        body=None,
        feature=None,
        read=lambda data: [_text(one["id"]) for one in data["data"]],
    )


def headers(key: str | None) -> dict[str, str]:
    """The key, and the trace that this is part of."""
    found = {} if key is None else {"Authorization": f"Bearer {key}"}
    trace = current_trace()
    return found if trace is None else {**found, "traceparent": trace.header}


def explain(url: str, seconds: float, error: Exception) -> AIError:
    """A failure of httpx in words; never chained, because requests hold the key."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return AITimeout(f"WaddleAI at {url} did not answer in {seconds:g} seconds")
    return AIUnavailable(f"WaddleAI at {url} can't be reached: {type(error).__name__}: {error}")


def _read_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError
    return data


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
