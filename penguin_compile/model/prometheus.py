"""The names that metrics have in Prometheus, where a name has no dots and its unit is a suffix.

Source: Prometheus, "Metric and label naming"; OpenTelemetry, "Prometheus compatibility", which
adds the unit where the name does not say it yet, and `_total` to counters.
"""

from __future__ import annotations

import re

from penguin_compile.model.telemetry import Metric

_INVALID = re.compile(r"[^A-Za-z0-9_]")
# The word that Prometheus wants, and the ways in which a name or a unit says it already.
_UNITS = (
    ("nanoseconds", ("ns", "nanos")),
    ("microseconds", ("us", "µs", "micros")),
    ("milliseconds", ("ms", "millis", "msec")),
    ("seconds", ("s", "sec", "secs", "second")),
    ("minutes", ("min", "minute")),
    ("hours", ("h", "hour")),
    ("days", ("d", "day")),
    ("bytes", ("b", "by", "byte")),
    ("kilobytes", ("kb", "kby")),
    ("megabytes", ("mb", "mby")),
    ("gigabytes", ("gb", "gby")),
    ("kibibytes", ("kib", "kiby")),
    ("mebibytes", ("mib", "miby")),
    ("gibibytes", ("gib", "giby")),
    ("bits", ("bit",)),
    ("percent", ("%", "pct")),
    ("ratio", ()),
    ("celsius", ("°c", "cel")),
)
_WORDS = {alias: word for word, aliases in _UNITS for alias in (word, *aliases)}
_COUNT_UNITS = frozenset(("", "1"))  # UCUM: a plain count; `{requests}` alike


def prometheus_name(metric: Metric) -> str:
    """`users.active` → `users_active`, with the unit and `_total` where it has not got them."""
    name = prometheus_label(metric.name)
    counter = metric.type == "counter"
    stem = name.removesuffix("_total") if counter else name
    word = unit_word(metric.unit)
    if word is not None and not _says(stem, word):
        stem = f"{stem}_{word}"
    return f"{stem}_total" if counter else stem


def prometheus_label(name: str) -> str:
    """A name with underscores in the place of what Prometheus refuses in labels and metrics."""
    plain = _INVALID.sub("_", name)
    return f"_{plain}" if plain[:1].isdigit() or not plain else plain


def unit_word(unit: str | None) -> str | None:
    """`ms` → `milliseconds`, `By/s` → `bytes_per_second`; None for a plain count."""
    text = (unit or "").strip().lower()
    if text in _COUNT_UNITS or text.startswith("{"):
        return None
    amount, slash, per = text.partition("/")
    word = _WORDS.get(amount, _INVALID.sub("_", amount))
    return f"{word}_per_{_WORDS.get(per, per).removesuffix('s')}" if slash else word


def _says(name: str, word: str) -> bool:
    """Whether a name has the unit in it, in full or in short."""
    parts = name.lower().split("_")
    return f"_{word}_" in f"_{name.lower()}_" or any(_WORDS.get(part) == word for part in parts)
