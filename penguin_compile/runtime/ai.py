"""WaddleAI for apps: `with open_ai() as ai: ai.generate(...)`, or `async with open_async_ai()`.

Gated by the license: `analyze` needs `ai_analysis`, `generate` and `chat` need `ai_generation`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from penguin_compile.runtime import ai_requests
from penguin_compile.runtime.ai_errors import AIDisabled
from penguin_compile.runtime.ai_requests import AIRequest

if TYPE_CHECKING:
    import httpx

    from penguin_compile.runtime.license import LicenseClient

Answer = TypeVar("Answer")

_FALSE: Final = frozenset(("false", "0", "no", "off"))
_DEFAULT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AISettings:
    """Where WaddleAI is, and whether it may be used. `seconds` bound a request.

    With `gated`, the license is asked: `license_`, or the one that `open_license` opened.
    """

    url: str | None
    key: str | None = None
    seconds: float = _DEFAULT_SECONDS
    enabled: bool = True
    gated: bool = True
    license_: LicenseClient | None = None

    def require_url(self) -> str:
        """The address; AIDisabled where there is none, or AI is switched off."""
        if not self.enabled:
            raise AIDisabled("AI features are switched off: AI_FEATURES_ENABLED is false")
        if not self.url:
            raise AIDisabled("there is no WaddleAI: WADDLEAI_URL is not set")
        return self.url.rstrip("/")


class AIClient:
    """WaddleAI, for functions that wait. Safe to use from many threads."""

    def __init__(self, settings: AISettings) -> None:
        self._settings = settings
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def analyze(self, text: str, task: str = "sentiment") -> dict[str, Any]:
        """Analyse a text; the server's answer. AIError, FeatureNotEntitled."""
        return self._send(ai_requests.analyze(text, task))

    def generate(self, prompt: str, context: str | None = None) -> str:
        """Generate a text. AIError, FeatureNotEntitled."""
        return self._send(ai_requests.generate(prompt, context))

    def chat(
        self, messages: str | Sequence[Mapping[str, object]], *, model: str, **options: object
    ) -> str:
        """Complete a chat by the OpenAI-compatible API. AIError, FeatureNotEntitled."""
        return self._send(ai_requests.chat(messages, model, options))

    def list_models(self) -> list[str]:
        """The models there are. AIError."""
        return self._send(ai_requests.list_models())

    def is_healthy(self) -> bool:
        """Whether WaddleAI answers."""
        import httpx

        settings = self._settings
        try:
            url = settings.require_url()
            return httpx.get(f"{url}/healthz", timeout=min(settings.seconds, 5)).is_success
        except (httpx.HTTPError, httpx.InvalidURL, AIDisabled):
            return False

    def _send(self, request: AIRequest[Answer]) -> Answer:
        import httpx

        settings = self._settings
        url = settings.require_url()
        request.check(settings.license_, gated=settings.gated)
        if self._client is None:
            self._client = httpx.Client(timeout=settings.seconds)
        try:
            answer = self._client.request(
                request.method,
                f"{url}{request.path}",
                json=request.body,
                headers=ai_requests.headers(settings.key),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ai_requests.explain(url, settings.seconds, error) from None
        return request.finish(url, answer)


class AsyncAIClient:
    """WaddleAI, for coroutines of one event loop."""

    def __init__(self, settings: AISettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def analyze(self, text: str, task: str = "sentiment") -> dict[str, Any]:
        """Analyse a text; the server's answer. AIError, FeatureNotEntitled."""
        return await self._send(ai_requests.analyze(text, task))

    async def generate(self, prompt: str, context: str | None = None) -> str:
        """Generate a text. AIError, FeatureNotEntitled."""
        return await self._send(ai_requests.generate(prompt, context))

    async def chat(
        self, messages: str | Sequence[Mapping[str, object]], *, model: str, **options: object
    ) -> str:
        """Complete a chat by the OpenAI-compatible API. AIError, FeatureNotEntitled."""
        return await self._send(ai_requests.chat(messages, model, options))

    async def list_models(self) -> list[str]:
        """The models there are. AIError."""
        return await self._send(ai_requests.list_models())

    async def _send(self, request: AIRequest[Answer]) -> Answer:
        import httpx

        settings = self._settings
        url = settings.require_url()
        request.check(settings.license_, gated=settings.gated)
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=settings.seconds)
        try:
            answer = await self._client.request(
                request.method,
                f"{url}{request.path}",
                json=request.body,
                headers=ai_requests.headers(settings.key),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ai_requests.explain(url, settings.seconds, error) from None
        return request.finish(url, answer)


def open_ai(license_: LicenseClient | None = None) -> AIClient:
    """The client by WADDLEAI_URL, WADDLEAI_API_KEY, WADDLEAI_TIMEOUT and AI_FEATURES_ENABLED."""
    return AIClient(_read_settings(license_))


def open_async_ai(license_: LicenseClient | None = None) -> AsyncAIClient:
    """The same for coroutines."""
    return AsyncAIClient(_read_settings(license_))


def _read_settings(license_: LicenseClient | None) -> AISettings:
    enabled = os.environ.get("AI_FEATURES_ENABLED", "true").strip().lower() not in _FALSE
    try:
        seconds = float(os.environ.get("WADDLEAI_TIMEOUT") or _DEFAULT_SECONDS)
    except ValueError:
        raise AIDisabled("WADDLEAI_TIMEOUT is no number of seconds") from None
    return AISettings(
        url=os.environ.get("WADDLEAI_URL"),
        key=os.environ.get("WADDLEAI_API_KEY") or None,
        seconds=seconds,
        enabled=enabled,
        license_=license_,
    )
