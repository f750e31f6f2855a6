"""What can go wrong with WaddleAI, as exceptions that an app can handle."""

from __future__ import annotations


class AIError(Exception):
    """Anything of the AI client."""


class AIDisabled(AIError):
    """AI features are switched off: AI_FEATURES_ENABLED is false, or there is no address."""


class AIUnavailable(AIError):
    """WaddleAI can't be reached or is overloaded; later it may answer."""


class AITimeout(AIUnavailable):
    """WaddleAI didn't answer in time."""


class AIRefused(AIError):
    """WaddleAI doesn't take the request, or the key; `status` is what it answered."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class AIAnswerUnreadable(AIError):
    """WaddleAI answered something that is not of its API."""
