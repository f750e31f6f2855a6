"""What several rules compute of one app, computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from penguin_compile.model.app import App

Result = TypeVar("Result")


def remember(compute: Callable[[App], Result]) -> Callable[[App], Result]:
    """Keep the result of the app that was asked about last, by identity."""
    latest: tuple[App, Result] | None = None

    @wraps(compute)
    def recall(app: App) -> Result:
        nonlocal latest
        known = latest  # one read: another thread may be checking another app
        if known is None or known[0] is not app:
            known = latest = app, compute(app)
        return known[1]

    return recall
