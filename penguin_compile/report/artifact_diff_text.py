"""What compile would change in files, for people in a terminal, and for `git apply`.

Headings stand between the hunks, where git and patch pass them over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from penguin_compile.report.artifact_diff import (
    ArtifactDiff,
    FileDiff,
    Section,
    State,
    count,
    sentence,
)
from penguin_compile.report.printable import printable

Style = Callable[[str, str], str]

_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


def _plain(text: str, _colour: str) -> str:
    return text


def render_artifact_diff(diff: ArtifactDiff, style: Style = _plain) -> str:
    """By environment and target, each file as a unified diff, and a sentence that sums up."""
    lines: list[str] = []
    for (app, environments), sections in groupby(
        diff.sections, key=lambda one: (one.app, one.environments)
    ):
        title = f"{app} · {', '.join(environments)}"
        if len(environments) > 1:
            title += f" (the same lines in each, shown where {environments[0]} has them)"
        lines += [style(printable(title), "bright_white"), ""]
        for section in sections:
            lines.append(f"  {printable(section.target)}: {count(section.files)}")
            for file in section.files:
                lines.extend(file_lines(section, file, style))
            lines.append("")
    lines.append(sentence(diff))
    return "\n".join(lines) + "\n"


def file_lines(section: Section, file: FileDiff, style: Style = _plain) -> Iterator[str]:
    """The head of a file as git writes it, and its hunks."""
    name = printable((section.folder / file.path).as_posix())
    if file.edited:
        yield style(f"edited by hand, needs --force: {name}", "yellow")
    if not file.lines:
        yield f"{name}: {'its mode' if file.state is State.CHANGED else 'an empty file'} alone"
        return
    yield style(
        "--- " + ("/dev/null" if file.state is State.CREATED else f"a/{name}"), "bright_white"
    )
    yield style(
        "+++ " + ("/dev/null" if file.state is State.REMOVED else f"b/{name}"), "bright_white"
    )
    for line in file.lines:
        colour = _COLOURS.get(line[:1])
        yield line if colour is None else style(line, colour)
