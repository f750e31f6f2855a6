"""Every command with its arguments and options, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from markdown_text import block, code, table, text

from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS

_HEAD = """\
# Commands

SPEC is a spec file or a folder of specs, by default `spec/`. Every option of a command can be
given in the environment, as `PENGUIN_COMPILE_` and its name in capitals, with `_` for `-`:
`PENGUIN_COMPILE_LOCK_TIMEOUT` for `--lock-timeout`. And in `[tool.penguin-compile]` of
`pyproject.toml`, under its name without the dashes in front. The flag comes first, then the
environment, then the file.

Findings, plans and differences go to standard output; progress, questions and hints go to
standard error. [Exit codes](exit-codes.md) say how a run ended.
"""


def commands_page() -> str:
    """The page as Markdown."""
    with click.Context(program, info_name="penguin-compile") as ctx:
        lines = [_HEAD, "## penguin-compile", "", *_options(program), *_examples(program)]
        for name in COMMANDS:
            command = program.get_command(ctx, name)
            if command is not None:
                with click.Context(command, parent=ctx, info_name=name) as below:
                    lines.extend(_command(command, below, 2))
    return "\n".join(lines)


def _command(command: click.Command, ctx: click.Context, level: int) -> Iterator[str]:
    words = ctx.command_path.removeprefix("penguin-compile ")
    yield from ("#" * level + f" {words}", "", *_prose(command.help or ""))
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield from block("text", f"{ctx.command_path} {usage}")
    yield from _options(command)
    yield from _examples(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            if found is not None:
                with click.Context(found, parent=ctx, info_name=name) as below:
                    yield from _command(found, below, level + 1)


def _prose(help_text: str) -> Iterator[str]:
    for paragraph in help_text.replace("\b", "").strip().split("\n\n"):
        yield from (text(paragraph), "")


def _options(command: click.Command) -> Iterator[str]:
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    rows = [("<br>".join(map(code, _flags(one))), text(_meaning(one))) for one in options]
    if rows:
        yield from table(("option", "what it does"), rows)


def _flags(option: click.Option) -> Iterator[str]:
    """`--env NAME`; of a choice, what there is to choose from."""
    value = ""
    if not option.is_flag and not option.count:
        value = " " + (option.metavar or _kind(option.type))
    for flag in (*option.opts, *option.secondary_opts):
        yield flag + value


def _kind(kind: click.ParamType) -> str:
    if isinstance(kind, click.Choice):
        return "|".join(map(str, kind.choices))
    return "FILE" if isinstance(kind, click.Path) else kind.name.upper().replace(" RANGE", "")


def _meaning(option: click.Option) -> str:
    told = option.help or ""
    default = option.default
    if option.show_default and default is not None and not option.is_flag:
        told += f" Default `{default}`."
    if option.multiple and "epeat" not in told:
        told += " May be repeated."
    usual = f"PENGUIN_COMPILE_{max(option.opts, key=len).lstrip('-').upper().replace('-', '_')}"
    if isinstance(option.envvar, str) and option.envvar != usual:
        told += f" In the environment: `{option.envvar}`."
    return told


def _examples(command: click.Command) -> Iterator[str]:
    found = re.findall(r"Example: (.+)", command.epilog or "")
    if found:
        yield from block("console", "\n".join(f"$ {one}" for one in found))
