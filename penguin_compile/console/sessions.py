"""Sessions of people who logged in, and how often one may try to.

Under `access.py`. In memory: a restart logs everybody out. Of a cookie only its digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from penguin_compile.console.principal import Principal

COOKIE: Final = "__Host-penguin-session"  # browsers take it from this host alone, and Secure
IDLE_SECONDS: Final = 30 * 60.0
LONGEST_SECONDS: Final = 8 * 3600.0
_MOST_SESSIONS: Final = 1000
_TRIES: Final = 5
_WINDOW_SECONDS: Final = 15 * 60.0
_MOST_NAMES: Final = 10_000


def make_token() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


@dataclass(slots=True, kw_only=True)
class LoggedIn:
    """A session. `csrf` stands in every form; times are of a monotonic clock."""

    principal: Principal
    started: float
    used: float
    csrf: str = field(default_factory=make_token, repr=False)


class Sessions:
    """Those that are open."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, LoggedIn] = {}

    def begin(self, principal: Principal) -> str:
        """A new session; what its cookie holds."""
        cookie, now = make_token(), self._clock()
        with self._lock:
            self._drop_ended(now)
            while len(self._open) >= _MOST_SESSIONS:
                del self._open[min(self._open, key=lambda one: self._open[one].used)]
            self._open[_digest(cookie)] = LoggedIn(principal=principal, started=now, used=now)
        return cookie

    def find(self, cookie: str | None) -> LoggedIn | None:
        """The session of a cookie, if it has not ended."""
        if not cookie:
            return None
        now = self._clock()
        with self._lock:
            self._drop_ended(now)
            session = self._open.get(_digest(cookie))
            if session is not None:
                session.used = now
            return session

    def end(self, cookie: str | None) -> None:
        """Forget a session."""
        with self._lock:
            self._open.pop(_digest(cookie or ""), None)

    def _drop_ended(self, now: float) -> None:
        ended = [
            name
            for name, one in self._open.items()
            if now - one.used > IDLE_SECONDS or now - one.started > LONGEST_SECONDS
        ]
        for name in ended:
            del self._open[name]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


class LoginLimiter:
    """Five failures in a quarter of an hour, for each address and for each name that is tried."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, names: Iterable[str]) -> float:
        """Seconds until the next try; 0 for now."""
        now = self._clock()
        with self._lock:
            return max((self._wait(name, now) for name in names), default=0.0)

    def _wait(self, name: str, now: float) -> float:
        tries = self._failures.get(name)
        while tries and now - tries[0] > _WINDOW_SECONDS:
            tries.popleft()
        if not tries or len(tries) < _TRIES:
            return 0.0
        return _WINDOW_SECONDS - (now - tries[0])

    def failed(self, names: Iterable[str]) -> None:
        """Note a failure."""
        now = self._clock()
        with self._lock:
            if len(self._failures) > _MOST_NAMES:  # made-up names must not fill the memory
                recent = {
                    name: one
                    for name, one in self._failures.items()
                    if one and now - one[-1] <= _WINDOW_SECONDS
                }
                self._failures = defaultdict(deque, recent)
            for name in names:
                self._failures[name].append(now)
                while len(self._failures[name]) > _TRIES:
                    self._failures[name].popleft()

    def succeeded(self, names: Iterable[str]) -> None:
        """Forget the failures of who got in."""
        with self._lock:
            for name in names:
                self._failures.pop(name, None)
