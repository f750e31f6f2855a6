"""The program: its commands, its global options, and how failures become exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from penguin_compile import __version__
from penguin_compile.cli.failure import show_failure
from penguin_compile.cli.quick_start import skip_plugins
from penguin_compile.cli.table import COMMANDS
from penguin_compile.core.errors import PenguinError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_PREFIX = "PENGUIN_COMPILE_"
_LONG_RUNNING = frozenset(("sandbox", "serve"))
_USAGE = 64
_INTERRUPTED = 130


class LazyGroup(click.Group):
    """Commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order of the table, which is the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, with each option's environment variable named as cli.md has it."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        for each in (command, *getattr(command, "commands", {}).values()):
            for parameter in each.params:
                if isinstance(parameter, click.Option) and parameter.envvar is None:
                    parameter.envvar = _PREFIX + _flag(parameter).upper().replace("-", "_")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """From the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Names from the table alone, and the options of the program."""
        from click.shell_completion import CompletionItem

        names = [one for one in COMMANDS if one.startswith(incomplete)]
        commands = [CompletionItem(one, help=COMMANDS[one][1]) for one in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """With a suggestion for a misspelt command."""
        known = ctx.resilient_parsing or not args or args[0] in COMMANDS
        if not known and not args[0].startswith("-"):
            from penguin_compile.core.suggestion import did_you_mean

            near = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f'no command "{args[0]}"' + (f"; {near}" if near else ""), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Example: penguin-compile validate && penguin-compile compile --diff",
)
@click.version_option(__version__, prog_name="penguin-compile", message="%(prog)s %(version)s")
@click.option("-C", "directory", metavar="DIR", help="Change to this folder first.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    envvar=_PREFIX + "COLOR",
    help="Colour: on a terminal, always or never.",
)
@click.option("--debug", is_flag=True, envvar=_PREFIX + "DEBUG", help="Show tracebacks.")
@click.pass_context
def program(ctx: click.Context, directory: str | None, color: str, *, debug: bool) -> None:
    """One YAML spec per app, compiled into what its gateway, database and containers read.

    plan and apply bring live systems in line with it, and keep what an admin changed.
    """
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise PenguinError(
                f"can't change to {directory}: {error.strerror}", hint="-C names a folder"
            ) from None
    if ctx.invoked_subcommand in _LONG_RUNNING:
        gc.enable()
    else:
        skip_plugins()
    ctx.color = {"always": True, "never": False}.get(color, _colour_of_terminal())
    ctx.obj.update(debug=debug, color=ctx.color)
    ctx.default_map = _project_defaults(ctx)


def _colour_of_terminal() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None


def _flag(option: click.Parameter) -> str:
    """`max-findings` of `--max-findings`."""
    return max(option.opts, key=len).lstrip("-")


def _project_defaults(ctx: click.Context) -> dict[str, Any]:
    """`[tool.penguin-compile]` as defaults of the command that was called."""
    name = ctx.invoked_subcommand
    options = _project_options()
    if name is None or not options:
        return {}
    command = program.get_command(ctx, name)
    return {} if command is None else {name: _defaults(command, options)}


def _defaults(command: click.Command, options: dict[str, Any]) -> dict[str, Any]:
    """Of a command's options; of a group's, by the names of its commands."""
    own: dict[str, Any] = {
        str(one.name): options[_flag(one)]
        for one in command.params
        if _flag(one) in options and _fits(one, options[_flag(one)])
    }
    below = command.commands if isinstance(command, click.Group) else {}
    return own | {name: _defaults(each, options) for name, each in below.items()}


def _fits(parameter: click.Parameter, value: Any) -> bool:
    """Whether it is meant for this command: `base` is a revision for one, a flag for another."""
    return isinstance(value, bool) or not (
        isinstance(parameter, click.Option) and parameter.is_flag
    )


def _project_options() -> dict[str, Any]:
    """`[tool.penguin-compile]` of pyproject.toml: defaults for the options of all commands."""
    try:
        with open("pyproject.toml", "rb") as file:  # noqa: PTH123 - pathlib costs start-up time
            data = file.read()
    except OSError:
        return {}
    if b"tool.penguin-compile" not in data:
        return {}
    import tomllib

    try:
        tool = tomllib.loads(data.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PenguinError(f"pyproject.toml can't be read: {error}") from None
    options: dict[str, Any] = tool.get("penguin-compile", {})
    return options


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code; no traceback but with `--debug`."""
    try:
        start: str | None = os.getcwd()  # noqa: PTH109 - pathlib costs start-up time
    except OSError:  # it is gone
        start = None
    known: dict[str, Any] = {
        "arguments": arguments,
        "folder": start,
        "color": _colour_of_terminal(),
    }
    try:
        code = program.main(
            list(arguments), prog_name="penguin-compile", standalone_mode=False, obj=known
        )
    except click.UsageError as error:
        error.show()
        return _USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; the same command goes on from here", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader went away; nothing more can be printed, not even by the interpreter at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except PenguinError as error:
        return _fail(error, arguments, known["color"])
    except Exception as error:
        if "--debug" in arguments:
            raise
        kind = type(error).__name__
        click.echo(f"error: this is a bug in penguin-compile ({kind})", err=True)
        click.echo("  run it again with --debug and report what it prints", err=True)
        return 1
    return code if isinstance(code, int) else 0


def _fail(error: PenguinError, arguments: Sequence[str], color: bool | None) -> int:  # noqa: FBT001
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    show_failure(error, color=color)
    return error.exit_code
