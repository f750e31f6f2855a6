"""Faults on demand: rules that make chosen requests fail, wait, or go without an answer."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, cast, get_args

from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Effect = Literal["status", "delay", "lost", "reset", "half", "garbled", "login", "lie", "done-500"]

_BASE = "/api/v1"
_DELAY = re.compile(r"delay=([0-9]+(?:\.[0-9]+)?)(ms|s)")
_STATUS = re.compile(r"[45][0-9]{2}")
_HINT = (
    "write METHOD PATH:WHAT[:PROBABILITY][:xN], as in 'POST /services:500:0.1'; METHOD may be *, "
    "WHAT is an HTTP status from 400 to 599, delay=2s, lost, reset, half, garbled, login, lie or "
    "done-500"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule.

    `lost` does the work and hangs up; `half` does it and hangs up in the middle of the answer;
    `garbled` does it and answers no JSON; `done-500` does it and answers 500. `reset` hangs up
    without doing it; `login` redirects to a page; `lie` answers as though it were done.
    """

    method: str
    path: str
    what: Effect
    status: int = 0
    seconds: float = 0.0
    probability: float = 1.0
    times: int | None = None

    @classmethod
    def parse(cls, rule: str) -> Fault:
        """Read `METHOD PATH:WHAT[:PROBABILITY][:xN]`; UsageError for anything else."""
        target, *parts = rule.split(":")
        method, _, path = target.strip().partition(" ")
        path = path.strip()
        if not re.fullmatch(r"\*|[A-Za-z]+", method) or not path.startswith("/"):
            _refuse(rule, "it has to begin with a method and a path")
        if not parts:
            _refuse(rule, "it doesn't say what should happen")
        what, status, seconds = _parse_effect(rule, parts[0].strip())
        probability, times = _parse_frequency(rule, parts[1:])
        return cls(
            method=method.upper(),
            path=path,
            what=what,
            status=status,
            seconds=seconds,
            probability=probability,
            times=times,
        )

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request is meant: a prefix by segments or an ending of its path."""
        if self.method not in ("*", method):
            return False
        prefix = self.path.rstrip("/")
        return path.endswith(self.path) or any(
            candidate == prefix or candidate.startswith(f"{prefix}/")
            for candidate in (path, path.removeprefix(_BASE))
        )


class Faults:
    """The rules in force, how often each may still strike, and the dice; for many threads."""

    def __init__(self, rules: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        """Take rules as they are or as text; the same seed strikes the same requests again."""
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 (chance for tests, no secret)
        self._rules: list[_Armed] = []
        for rule in rules:
            self.add(rule)

    def add(self, rule: Fault | str) -> None:
        """Put one more rule in force; UsageError if its text is none."""
        fault = Fault.parse(rule) if isinstance(rule, str) else rule
        with self._lock:
            self._rules.append(_Armed(fault))

    def clear(self) -> None:
        """Let every request through from now on."""
        with self._lock:
            self._rules.clear()

    def draw(self, method: str, path: str) -> list[Fault]:
        """Return what strikes this request: any delays, then at most one other fault."""
        struck: list[Fault] = []
        with self._lock:
            for armed in self._rules:
                if armed.fault.matches(method, path) and self._strikes(armed):
                    struck.append(armed.fault)
                    if armed.fault.what != "delay":
                        break
        return struck

    def _strikes(self, armed: _Armed) -> bool:
        if armed.struck == armed.fault.times or self._random.random() >= armed.fault.probability:
            return False
        armed.struck += 1
        return True


@dataclass(slots=True)
class _Armed:
    fault: Fault
    struck: int = 0


def _parse_effect(rule: str, text: str) -> tuple[Effect, int, float]:
    if text in get_args(Effect) and text not in ("status", "delay"):
        return cast("Effect", text), 0, 0.0
    if _STATUS.fullmatch(text):
        return "status", int(text), 0.0
    delay = _DELAY.fullmatch(text)
    if delay is None:
        _refuse(rule, f"{text!r} is nothing that can happen")
    return "delay", 0, float(delay[1]) / (1000 if delay[2] == "ms" else 1)


def _parse_frequency(rule: str, parts: list[str]) -> tuple[float, int | None]:
    probability, times = 1.0, None
    for part in map(str.strip, parts):
        if re.fullmatch(r"x[1-9][0-9]{0,8}", part):
            times = int(part[1:])
        elif re.fullmatch(r"0?\.[0-9]+|0|1(\.0*)?", part):
            probability = float(part)
        else:
            _refuse(rule, f"{part!r} is neither a probability from 0 to 1 nor a number of times")
    return probability, times


def _refuse(rule: str, reason: str) -> NoReturn:
    raise UsageError(f"the fault rule {rule!r} can't be used: {reason}", hint=_HINT)
