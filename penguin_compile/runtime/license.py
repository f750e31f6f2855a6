"""The license of a running app: validated at start, kept alive hourly, asked without waiting.

Source of the rules: integration-standards, "License Server Integration". Reads never wait for the
server: a thread of its own refreshes what they see.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Self

from penguin_compile.runtime.license_cache import default_path, keep_terms, recall_terms
from penguin_compile.runtime.license_errors import (
    LicenseError,
    LicenseInvalid,
    LicenseServerDown,
    UnknownFeature,
)
from penguin_compile.runtime.license_server import LicenseServer, check_key
from penguin_compile.runtime.license_terms import (
    UNLIMITED,
    Entitlements,
    LicenseTerms,
)
from penguin_compile.runtime.quiet_requests import end_hush, hush_this_thread

_log = logging.getLogger(__name__)

_DAY: Final = 86400.0
_FIRST_RETRY: Final = 5.0

Usage = Callable[[], Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: how often the server is asked, how long its last answer lasts, one request."""

    refresh: float = 300.0
    grace: float = 7 * _DAY
    keepalive: float = 3600.0
    request: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known now. `terms` count until `good_until`, a POSIX time; `problem` says why not."""

    terms: LicenseTerms | None = None
    good_until: float = 0.0
    problem: str | None = None

    def current(self) -> LicenseTerms | None:
        """The terms, while they last."""
        return self.terms if time.time() < self.good_until else None


class LicenseClient:
    """Features and limits of this app's license. Safe to use from many threads and after a fork."""

    def __init__(
        self,
        entitlements: Entitlements,
        key: str | None,
        *,
        release_mode: bool,
        server_url: str | None = None,
        version: str = "",
        usage: Usage | None = None,
        cache_file: str | Path | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Prepare, and ask nothing yet; `start` does. `usage` is called for each keepalive."""
        self.entitlements = entitlements
        self.release_mode = release_mode
        self._key = key
        self._url = server_url or entitlements.server_url
        self._version = version
        self._usage = usage
        self._cache = Path(cache_file) if cache_file else default_path(entitlements.product)
        self._timing = timing or Timing()
        self._server: LicenseServer | None = None
        self._standing = Standing()
        self._started_at = time.monotonic()
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told: set[str] = set()
        _clients.add(self)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Self:
        """Validate once, then keep alive in the background.

        With RELEASE_MODE, LicenseInvalid where there is no valid license; without it, a warning.
        A server that can't be reached is no such failure: the last answer counts for its grace.
        """
        try:
            self._server = self._open_server()
            self._refresh()
        except LicenseInvalid as error:
            self._standing = Standing(problem=str(error))
            if self.release_mode:
                self.close()
                raise
            _log.warning("%s; %s", error, self._effect)
        self._wake()
        return self

    def close(self) -> None:
        """Stop the background work; features stay as they are known now."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def standing(self) -> Standing:
        """What is known now, for a page that shows it."""
        return self._standing

    @property
    def tier(self) -> str | None:
        """The license's tier; the lowest one where no license counts."""
        terms = self._standing.current()
        if terms is not None and terms.tier is not None:
            return terms.tier
        return self.entitlements.tiers[0].name if self.entitlements.tiers else None

    def has_feature(self, feature: str) -> bool:
        """Whether the feature is on: by the license, or all of them without RELEASE_MODE."""
        self._check_declared(feature)
        if self._thread is None:
            self._wake()
        return not self.release_mode or self.is_entitled(feature)

    def is_entitled(self, feature: str) -> bool:
        """Whether the license has the feature, whatever RELEASE_MODE says."""
        terms = self._standing.current()
        if terms is not None and terms.features is not None:
            grant = terms.features.get(feature)
            return grant is not None and grant.entitled
        tier = self.entitlements.tier(self.tier)
        return tier is not None and feature in tier.features

    def limit(self, name: str) -> int | None:
        """A limit of the license, or else of its tier in the spec; None is unlimited.

        LicenseError for one that neither knows.
        """
        terms = self._standing.current()
        for one in (name, f"max_{name}"):
            if terms is not None and one in terms.limits:
                return None if terms.limits[one] == UNLIMITED else terms.limits[one]
        tier = self.entitlements.tier(self.tier)
        if tier is None or name not in tier.limits:
            raise LicenseError(f'neither the license nor the spec has a limit "{name}"')
        value = tier.limits[name]
        return value if isinstance(value, int) else None

    def refresh(self) -> None:
        """Ask the server now: LicenseInvalid where it says no."""
        self._refresh()

    @property
    def _effect(self) -> str:
        """What comes of no license, for the log."""
        if self.release_mode:
            return "features above the lowest tier are off"
        return "going on, because RELEASE_MODE is false"

    def _open_server(self) -> LicenseServer:
        key = check_key(self._key)
        product, dialect = self.entitlements.product, self.entitlements.dialect
        return LicenseServer(self._url, key, product, dialect, self._timing.request)

    def _refresh(self) -> bool:
        """Take up what the server says; False where it can't be reached."""
        if self._server is None:
            return True
        try:
            terms = self._server.validate()
        except LicenseServerDown as error:
            self._outlast(str(error))
            return False
        except LicenseInvalid as error:
            self._standing = Standing(problem=str(error))
            self._forget_cache()
            raise
        now = time.time()
        if self._standing.terms is None or self._standing.problem is not None:
            until = "" if terms.expires_at is None else f", until {terms.expires_at:%Y-%m-%d}"
            _log.info("license of %s: %s%s", self.entitlements.product, terms.tier, until)
        self._standing = self._accept(terms, now)
        self._keep(terms, now)
        return True

    def _accept(self, terms: LicenseTerms, at: float, problem: str | None = None) -> Standing:
        """An answer lasts for the grace and not beyond the license; its fresh word in any case."""
        until = at + self._timing.grace
        if terms.expires_at is not None:
            until = min(until, max(terms.expires_at.timestamp(), at + self._timing.refresh))
        return Standing(terms=terms, good_until=until, problem=problem)

    def _outlast(self, problem: str) -> None:
        """Go on with the last answer: the one in memory, or else the one of an earlier run."""
        standing = self._standing
        if standing.terms is None and self._key:
            recalled = recall_terms(self._cache, self._key, self.entitlements.product)
            if recalled is not None:
                standing = self._accept(*recalled)
        if self._standing.problem is None:
            if standing.current() is not None:
                left = (standing.good_until - time.time()) / _DAY
                _log.warning("%s; the last answer counts for %.1f more days", problem, left)
            else:
                _log.warning("%s; %s", problem, self._effect)
        self._standing = Standing(
            terms=standing.terms, good_until=standing.good_until, problem=problem
        )

    def _keep(self, terms: LicenseTerms, at: float) -> None:
        try:
            keep_terms(self._cache, self._key or "", self.entitlements.product, terms, at)
        except OSError as error:
            if "cache" not in self._told:
                self._told.add("cache")
                _log.info("the license's answer can't be kept in %s: %s", self._cache, error)

    def _forget_cache(self) -> None:
        try:
            self._cache.unlink(missing_ok=True)
        except OSError as error:
            _log.info("what is kept in %s can't be removed: %s", self._cache, error)

    def _check_declared(self, feature: str) -> None:
        declared = self.entitlements.features
        if not declared or feature in declared or feature in self._told:
            return
        near = get_close_matches(feature, declared, n=1)
        text = f'the spec declares no feature "{feature}"'
        text += f"; did you mean {near[0]}?" if near else ""
        if not self.release_mode:
            raise UnknownFeature(text)
        self._told.add(feature)
        _log.error("%s", text)

    def _wake(self) -> None:
        """Start the thread, where there is something to ask for and none is running."""
        with self._starting:
            if self._server is None or self._thread is not None or self._stop.is_set():
                return
            thread = threading.Thread(target=self._run, name="license", daemon=True)
            self._thread = thread
            thread.start()

    def _run(self) -> None:
        hush_this_thread()
        failures = int(self._standing.problem is not None)
        refresh_at = time.monotonic() + self._pause(failures)
        keepalive_at = time.monotonic() + self._timing.keepalive
        while not self._stop.wait(max(0.0, min(refresh_at, keepalive_at) - time.monotonic())):
            if time.monotonic() >= keepalive_at:
                keepalive_at = time.monotonic() + self._timing.keepalive
                if not self._keep_alive():
                    refresh_at = time.monotonic()
            if time.monotonic() >= refresh_at:
                try:
                    failures = 0 if self._refresh() else failures + 1
                except LicenseInvalid as error:
                    failures = 0
                    self._tell_refusal(str(error))
                refresh_at = time.monotonic() + self._pause(failures)
        end_hush()

    def _tell_refusal(self, problem: str) -> None:
        """Once for each, and not at each refresh."""
        if problem not in self._told:
            self._told.add(problem)
            _log.error("%s; %s", problem, self._effect)

    def _pause(self, failures: int) -> float:
        """Seconds until the server is asked again: sooner at first where it didn't answer."""
        usual = self._timing.refresh
        soon = min(usual, _FIRST_RETRY * 2 ** min(failures - 1, 10)) if failures else usual
        return soon * random.uniform(0.9, 1.1)  # noqa: S311  # so that many apps don't ask at once

    def _keep_alive(self) -> bool:
        """Send one keepalive; False where the license should be validated again."""
        server, terms = self._server, self._standing.terms
        if server is None:
            return True
        body = {
            "server_id": None if terms is None else terms.server_id,
            "hostname": socket.gethostname(),
            "version": self._version,
            "uptime_seconds": int(time.monotonic() - self._started_at),
        }
        try:
            server.keep_alive(body, self._read_usage())
        except LicenseServerDown as error:
            _log.info("no keepalive: %s", error)
        except LicenseInvalid:
            return False
        return True

    def _read_usage(self) -> Mapping[str, object]:
        if self._usage is None:
            return {}
        try:
            return dict(self._usage())
        except Exception:  # noqa: BLE001 (the app's function; the license goes on without it)
            _log.warning("the usage of the keepalive can't be told", exc_info=True)
            return {}

    def _begin_again(self) -> None:
        """In a forked child, which has neither the thread nor a use for its parent's connection."""
        self._starting = threading.Lock()
        self._thread = None
        if self._server is not None:
            self._server.forget()


_clients: weakref.WeakSet[LicenseClient] = weakref.WeakSet()


def _begin_all_again() -> None:
    for client in list(_clients):
        client._begin_again()  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_again)
