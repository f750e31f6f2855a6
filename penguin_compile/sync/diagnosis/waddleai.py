"""WaddleAI: reached, whether it takes the key, and which of its APIs it has."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.secret import Masked
from penguin_compile.model.app import WaddleAI
from penguin_compile.sync.diagnosis.check import Check, Examination, ok, warning
from penguin_compile.sync.diagnosis.probe import Unreached, ask, unreached


def diagnose_waddleai(examination: Examination) -> Iterator[Check]:
    """Warnings alone: apply goes on without it."""
    waddleai = examination.app.waddleai
    if waddleai is None:
        return
    if not waddleai.enabled:
        yield ok("waddleai", "switched off here")
        return
    url = waddleai.url.rstrip("/")
    try:
        reply = ask(f"{url}/healthz")
        if reply.status != 200:
            yield warning("waddleai", f"{url}/healthz answers with status {reply.status}")
            return
        yield ok("waddleai", f"{url}: reached{reply.version}")
        yield from _check_models(examination, waddleai, url)
    except Unreached as error:
        yield from unreached("waddleai", url, error)


def _check_models(examination: Examination, waddleai: WaddleAI, url: str) -> Iterator[Check]:
    key: Masked | None = None
    if waddleai.api_key is not None:
        try:
            key = examination.resolve(waddleai.api_key)
        except PenguinError as error:
            yield warning("waddleai", f"{error.message}; asked without it", error.hint)
    reply = ask(f"{url}/v1/models", bearer=key)
    models = reply.body.get("data")
    if reply.refused:
        shown = "requests without a key" if key is None else str(waddleai.api_key)
        yield warning(
            "waddleai",
            f"{url} refuses {shown} (status {reply.status})",
            "set integrations.waddleai.api_key to a key that it takes",
        )
    elif isinstance(models, list):
        yield ok("waddleai", f"OpenAI-compatible, {len(models)} models")
    else:
        yield ok("waddleai", f"no list of models (status {reply.status}): the standards' API alone")
