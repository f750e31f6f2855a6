"""Finding the known name that a misspelt one most likely meant."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_NAMES = 500  # difflib compares pairwise; past this a suggestion costs more than it helps


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a misspelt one, or None when nothing is near."""
    from difflib import get_close_matches

    candidates = [one for one in known if abs(len(one) - len(name)) <= 3][:_MOST_NAMES]
    matches = get_close_matches(name, candidates, n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The label of a complaint about an unknown name."""
    nearest = suggest(name, known)
    return None if nearest is None else f'did you mean "{nearest}"?'


def list_names(names: Iterable[str], limit: int = 12) -> str:
    """Names for a help line, sorted, cut with a count where there are many."""
    every = sorted(names)
    shown = ", ".join(every[:limit])
    return shown if len(every) <= limit else f"{shown} and {len(every) - limit} more"
