"""What compile would change in files, as a comment on a pull request: a table, and folded diffs.

A comment has a limit. Where it is too small, the shortest diffs are shown, so that most files are,
and the others told by name; no diff is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from penguin_compile.report.artifact_diff import (
    ArtifactDiff,
    FileDiff,
    Section,
    State,
    count,
    lines_sentence,
    sentence,
)
from penguin_compile.report.artifact_diff_text import file_lines
from penguin_compile.report.markdown_comment import LONGEST, code
from penguin_compile.targets.markdown_text import block

_HEADS: Final = ("Environment", "Target", "Created", "Changed", "Removed", "Lines")
_MOST_ROWS: Final = 12_000  # characters for the table
_MOST_NAMES: Final = 4_000  # characters for the names of what is left out
_LONGEST_COMMAND: Final = 1_000
_SHORT_COMMAND: Final = "penguin-compile compile --check --diff"
_TAIL: Final = "\n</details>\n"


def render_artifact_diff_markdown(diff: ArtifactDiff, command: str) -> str:
    """A comment of at most LONGEST characters; `command` shows everything."""
    text = f"### What compile changes\n\n{sentence(diff)}\n"
    if not diff.sections:
        return text
    text += "".join(_table(diff.sections))
    shown_command = command if len(command) <= _LONGEST_COMMAND else _SHORT_COMMAND
    closing = f"\nAll of it: {code(shown_command)}\n"
    blocks = {
        (section, file): f"\n{chr(10).join(block(_text(section, file), 'diff'))}\n"
        for section in diff.sections
        for file in section.files
    }
    room = LONGEST - len(text) - len(closing) - _MOST_NAMES
    shown = _choose(blocks, room)
    for section in diff.sections:
        inside = [blocks[section, one] for one in section.files if (section, one) in shown]
        if inside:
            text += "".join((_head(section), *inside, _TAIL))
    left = [one for one in blocks if one not in shown]
    return text + _left_out(left, _MOST_NAMES) + closing if left else text


def _table(sections: Sequence[Section]) -> Iterator[str]:
    yield f"\n| {' | '.join(_HEADS)} |\n|{' --- |' * 2}{' ---: |' * 4}\n"
    used = 0
    for index, section in enumerate(sections):
        row = _row(section)
        used += len(row)
        if used > _MOST_ROWS:
            yield f"\n**… and {len(sections) - index} more rows**, left out for length.\n"
            return
        yield row


def _row(section: Section) -> str:
    numbers = (sum(one.state is state for one in section.files) for state in State)
    cells = (code(_title(section)), code(section.target), *(str(one or "") for one in numbers))
    return f"| {' | '.join((*cells, lines_sentence(section.files)))} |\n"


def _title(section: Section) -> str:
    return f"{section.app} · {', '.join(section.environments)}"


def _head(section: Section) -> str:
    """The line that stays when it is folded, and a word on files that a person edited."""
    title = f"{code(_title(section))} {code(section.target)}: {count(section.files)}"
    return f"\n<details><summary>{title}</summary>\n"


def _text(section: Section, file: FileDiff) -> str:
    return "\n".join(file_lines(section, file))


def _choose(
    blocks: dict[tuple[Section, FileDiff], str], room: int
) -> set[tuple[Section, FileDiff]]:
    """As many files as there is room for, the shortest first."""
    shown: set[tuple[Section, FileDiff]] = set()
    opened: set[Section] = set()
    for key in sorted(blocks, key=lambda one: len(blocks[one])):
        section, _ = key
        size = len(blocks[key])
        if section not in opened:
            size += len(_head(section)) + len(_TAIL)
        if size <= room:
            room -= size
            shown.add(key)
            opened.add(section)
    return shown


def _left_out(left: Sequence[tuple[Section, FileDiff]], room: int) -> str:
    text = f"\n**{len(left)} left out for length:**\n\n"
    for index, (section, file) in enumerate(left):
        path = (section.folder / file.path).as_posix()
        line = f"- {code(path)} {file.state}, {lines_sentence([file])}\n"
        if len(text) + len(line) > room - 40:
            return f"{text}- … and {len(left) - index} more\n"
        text += line
    return text
