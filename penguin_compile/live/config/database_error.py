"""What a driver's error means to a person: what happened, and what to do about it.

Under `database.py`. Nothing that a server says about rows is passed on: it quotes their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_AGAIN: Final = "nothing of this step was written; run the same command again"
_LOST: Final = (
    "the connection was lost",
    "nothing of this step was written; run the same command again when the server is back",
)
_SQLITE_HINTS: Final = {
    "unable to open": "check the path, and that this user may read and write the file and folder",
    "is locked": "another process is writing to it; try again when it is done",
    "readonly": "this user needs the right to write to the file and its folder",
    "not a database": "the URL names a file that is no SQLite database",
    "malformed": "the file is damaged: bring back a backup",
    "is full": "make room on the disk and run the same command again",
    "disk I/O": "look for a full or failing disk or a quota, and run the same command again",
}
_READ_ONLY: Final = (
    "it takes no writes now",
    "it is read-only, a replica or in recovery: name the primary, or wait; then the same command",
)
_GRANT: Final = (
    "give it the right: GRANT SELECT on the table to plan, INSERT, UPDATE and DELETE to apply, and"
    " the same on the penguin_ tables where they are in this database"
)
_DENIED: Final = ("this user may not do that", _GRANT)
_DEADLOCK: Final = ("another session and this one waited for each other", _AGAIN)
_BUSY: Final = (
    "another session held a lock for too long",
    "let that session end, then run the same command again; nothing of this step was written",
)
_FULL: Final = ("the server's disk is full", f"make room there; {_AGAIN}")
# SQLSTATE of PostgreSQL, numbers of MySQL and MariaDB.
_SERVER_REASONS: Final[Mapping[object, tuple[str, str]]] = {
    "25006": _READ_ONLY,
    1290: _READ_ONLY,
    1792: _READ_ONLY,
    1836: _READ_ONLY,
    "42501": _DENIED,
    1044: _DENIED,
    1142: _DENIED,
    1143: _DENIED,
    1227: _DENIED,
    1370: _DENIED,
    "40P01": _DEADLOCK,
    1213: _DEADLOCK,
    "40001": ("another session changed the same rows meanwhile", _AGAIN),
    1020: ("another session changed the same rows meanwhile", _AGAIN),
    "55P03": _BUSY,
    1205: _BUSY,
    "57014": ("the server's time limit for a statement ended it", f"raise that limit; {_AGAIN}"),
    1969: ("the server's time limit for a statement ended it", f"raise that limit; {_AGAIN}"),
    "53100": _FULL,
    1021: _FULL,
    1114: _FULL,
}


# Rows or tables that another session just made, and whoever had to give way.
_COLLISIONS: Final = frozenset(
    ("23505", "42P07", "42701", "40P01", "40001", "55P03", 1050, 1060, 1062, 1205, 1213)
)


def is_collision(error: Exception) -> bool:
    """Whether another session was in the way, so that a repetition may get through."""
    return _code(getattr(error, "orig", None)) in _COLLISIONS


def is_denied(error: Exception) -> bool:
    """Whether a server refused because its user lacks a right."""
    return _SERVER_REASONS.get(_code(getattr(error, "orig", None))) is _DENIED


def _code(original: object) -> object:
    """MySQL's number, which says more than its SQLSTATE, or PostgreSQL's SQLSTATE."""
    number = next(iter(getattr(original, "args", ())), None)
    return number if isinstance(number, int) else getattr(original, "sqlstate", None) or ""


def explain_error(error: Exception, *, sqlite: bool) -> tuple[str, str | None]:
    """What the driver said, as far as it can't hold a value, and what to do about it."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a part of its path is a file, not a folder", "check the path"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__, "check the path and its rights"
    original = getattr(error, "orig", None)
    if original is None:
        return type(error).__name__, None
    first_line = next(iter(str(original).splitlines()), type(original).__name__)
    if not sqlite:
        return _explain_server(error, original, first_line)
    hint = next((hint for part, hint in _SQLITE_HINTS.items() if part in first_line), None)
    return first_line, hint


def _explain_server(error: Exception, original: object, first_line: str) -> tuple[str, str]:
    if getattr(error, "connection_invalidated", False):
        return _LOST
    code = _code(original)
    if code in _SERVER_REASONS:
        return _SERVER_REASONS[code]
    # Servers quote rows in their messages; only a failure to connect can't hold one.
    if getattr(error, "statement", None) is None:
        return first_line, "check the URL, the server and the credentials"
    code = code if isinstance(code, int) or len(str(code)) == 5 else ""
    return f"{type(original).__name__} {code}".strip(), "the server's log tells more"
