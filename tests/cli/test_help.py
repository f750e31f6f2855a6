"""`--help` of the program and of each command: 80 columns, and examples that are true."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS
from tests.cli.conftest import Run

COLUMNS = 80
OPERATORS = {"&&", "|", ">", ">>", ";", "#"}


def every_command() -> Iterator[tuple[str, ...]]:
    """Each command by its words, those of a command's own commands included."""
    with click.Context(program) as ctx:
        for name in COMMANDS:
            command = program.get_command(ctx, name)
            yield (name,)
            if isinstance(command, click.Group):
                for below in command.list_commands(ctx):
                    yield (name, below)


WORDS = [(), *every_command()]
NAMES = [" ".join(one) or "penguin-compile" for one in WORDS]


def examples(help_text: str) -> list[str]:
    return re.findall(r"^ *Example: (.+)$", help_text, re.MULTILINE)


def calls(example: str) -> Iterator[list[str]]:
    """The words of each call of ours in a line of a shell."""
    call: list[str] | None = None
    for word in shlex.split(re.sub(r'"?\$\((.*)\)"?', r"\1", example), comments=True):
        if word == "penguin-compile":
            call = []
        elif word in OPERATORS:
            if call is not None:
                yield call
            call = None
        elif call is not None:
            call.append(word)
    if call is not None:
        yield call


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("words", WORDS, ids=NAMES)
def test_it_fits_80_columns_however_wide_the_terminal_is(
    penguin: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = penguin(*words, "--help")
    assert (result.code, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if len(line) > COLUMNS] == []


@pytest.mark.parametrize("words", WORDS, ids=NAMES)
def test_it_has_an_example_that_the_program_understands(
    penguin: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    found = examples(penguin(*words, "--help").out)
    assert found
    told = [call for one in found for call in calls(one)]
    assert all(call[: len(words)] == list(words) for call in told)
    for call in told:
        assert understand(call) is None


def understand(call: list[str]) -> None:
    """Parse a call's options and arguments as the program does, and run nothing."""
    command: click.Command = program
    rest, parent = call, None
    while isinstance(command, click.Group):
        with command.make_context(command.name, list(rest), parent=parent) as ctx:
            name, found, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
            assert found is not None, name
            parent, command = ctx, found
    with command.make_context(command.name, list(rest), parent=parent):
        pass


@pytest.mark.parametrize("words", WORDS, ids=NAMES)
def test_every_option_says_what_it_does(words: tuple[str, ...]) -> None:
    command: click.Command = program
    for word in words:
        with click.Context(command) as ctx:
            assert isinstance(command, click.Group)
            found = command.get_command(ctx, word)
            assert found is not None
            command = found
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    assert [one.name for one in options if not one.help] == []
    assert command.help
