"""KillKrill: reached, and whether it takes who sends. Nothing is stored there."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.secret import Masked
from penguin_compile.model.telemetry import KillKrill
from penguin_compile.sync.diagnosis.check import Check, Examination, ok, warning
from penguin_compile.sync.diagnosis.probe import Unreached, ask, unreached


def diagnose_killkrill(examination: Examination) -> Iterator[Check]:
    """Warnings alone: apply goes on without it, and the app has local logs."""
    telemetry = examination.app.telemetry
    sink = None if telemetry is None else telemetry.killkrill
    if sink is None:
        return
    if not sink.enabled:
        yield ok("killkrill", "switched off here; logs are local ones")
        return
    if sink.api_url is None:
        yield warning("killkrill", "no address", "set telemetry.killkrill.api_url")
        return
    url = sink.api_url.rstrip("/")
    try:
        reply = ask(f"{url}/healthz")
        if reply.status != 200:
            yield warning("killkrill", f"{url}/healthz answers with status {reply.status}")
            return
        yield ok("killkrill", f"{url}: reached{reply.version}, dialect {sink.dialect}")
        if sink.dialect == "batch":
            yield from _check_credentials(examination, sink, url)
    except Unreached as error:
        yield from unreached("killkrill", url, error)


def _check_credentials(examination: Examination, sink: KillKrill, url: str) -> Iterator[Check]:
    """By a record without anything in it: no receiver keeps one."""
    if sink.client_id is None or sink.client_secret is None:
        yield warning("killkrill", "no credentials", "set client_id and client_secret")
        return
    try:
        pair: tuple[Masked, Masked] = (
            examination.resolve(sink.client_id),
            examination.resolve(sink.client_secret),
        )
    except PenguinError as error:
        yield warning(
            "killkrill", f"{error.message}; whether it is taken can't be told", error.hint
        )
        return
    reply = ask(f"{url}/api/v1/logs", body={}, basic=pair)
    if reply.refused:
        yield warning(
            "killkrill",
            f"{url} refuses {sink.client_id} and {sink.client_secret} (status {reply.status})",
            "mend them; apps switch KillKrill off after one error",
        )
    else:
        yield ok("killkrill", f"{url} takes {sink.client_id} and {sink.client_secret}")
