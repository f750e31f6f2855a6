"""What several findings say and ask alike: files by their roles, values that may be seen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from penguin_compile.intake.secret_guess import may_be_shown

_EXAMPLE = re.compile(r"(?i)(?:^|[._-])(?:example|sample|template|dist|default)s?(?:$|[._-])")
_LONGEST = 40  # characters of a value in a message


def file_name(path: str) -> str:
    """The last part of a path."""
    return path.replace("\\", "/").rpartition("/")[2]


def is_example(path: str) -> bool:
    """Whether a file is there to be copied, such as .env.example."""
    return _EXAMPLE.search(file_name(path)) is not None


def copied_as(path: str) -> str:
    """The name under which an example is used: .env.example is copied to .env."""
    return _EXAMPLE.sub("", file_name(path))


def shown_value(name: str, text: str) -> str | None:
    """A value as a message may show it; None where it may not."""
    if not may_be_shown(name, text):
        return None
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def in_order(names: Iterable[str], most: int = 12) -> str:
    """Names as they come, each once, cut with a count where there are many."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
