"""The tree of failures: what the environment did to us, never what the user wrote in a spec.

`cli/` alone turns these into exit codes; mistakes in a spec are diagnostics instead.
"""

from __future__ import annotations

from typing import ClassVar


class PenguinError(Exception):
    """A failure that a person can act on: what happened, and what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PenguinError):
    """The command line, or a combination of its options, makes no sense."""

    exit_code = 64


class FileFailure(PenguinError):
    """A file or folder can't be read or written."""


class SecretUnavailable(PenguinError):
    """A secret reference can't be resolved. The message names the reference, never a value."""


class DatabaseFailure(PenguinError):
    """The database can't be reached, or an operation on it failed."""


class Collided(DatabaseFailure):
    """Another session was in the way; nothing was written, and a repetition may get through."""


class OutcomeUnknown(DatabaseFailure):
    """The connection was lost after a commit was sent: all of it was written, or nothing."""


class GatewayFailure(PenguinError):
    """MarchProxy can't be reached, refused, or answered nonsense."""

    fatal: ClassVar[bool] = False  # no other request would fare better: the run stops


class GatewayDenied(GatewayFailure):
    """MarchProxy doesn't accept the credentials, or there are none that could be sent."""

    fatal = True


class Conflicted(PenguinError):
    """Differences that only a person can decide; nothing was written."""

    exit_code = 3


class Refused(PenguinError):
    """A safety limit or a protection said no; the hint prints the flag that would allow it."""

    exit_code = 4


class StalePlan(PenguinError):
    """What the plan saw is no longer there; nothing was written."""

    exit_code = 5


class LockHeld(PenguinError):
    """Another run holds the lock of this app and environment."""

    exit_code = 6


class AppliedInPart(PenguinError):
    """Some changes are done and some are not; the same command finishes them."""

    exit_code = 7
