"""What each exit code means, from the failures that end with it."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_text import code, table, text

from penguin_compile.core import errors
from penguin_compile.core.errors import PenguinError

_BY_THE_COMMAND = {
    0: "Done; nothing to report.",
    1: "Errors in a spec.",
    2: "Differences: `plan --detailed-exitcode`, `compile --check`, `drift`, `fmt --check`.",
    130: "Interrupted. The state is as after a kill: the same command goes on from there.",
}
_TAIL = """
Where several apply, the first of 64, 1, 6, 5, 4, 3, 7, 2 is given. A failure is a message on
standard error: what happened, what it was doing, and what to type next. `--debug` adds the
traceback, and is for reports of bugs.
"""


def exit_codes_page() -> str:
    """The page as Markdown."""
    meanings: dict[int, list[str]] = {}
    for number, told in _BY_THE_COMMAND.items():
        meanings.setdefault(number, []).append(told)
    for failure in _failures():
        told = (failure.__doc__ or "").split("\n\n")[0]
        meanings.setdefault(failure.exit_code, []).append(told)
    rows = [
        (code(str(number)), "<br>".join(text(one) for one in told))
        for number, told in sorted(meanings.items())
    ]
    return "\n".join(["# Exit codes", "", *table(("code", "how the run ended"), rows), _TAIL])


def _failures() -> Iterator[type[PenguinError]]:
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, PenguinError) and one is not PenguinError:
            yield one
