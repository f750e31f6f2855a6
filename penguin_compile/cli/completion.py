"""`completion`: the script that makes a shell complete our commands, options and names."""

from __future__ import annotations

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Print the script that completes it in a shell.",
    epilog="\b\n"
    'Example: eval "$(penguin-compile completion bash)"   # in ~/.bashrc\n'
    'Example: eval "$(penguin-compile completion zsh)"    # in ~/.zshrc\n'
    "Example: penguin-compile completion fish | source    # in config.fish",
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, environments and specs.

    bash has to be 4.4 or newer; macOS brings an older one. zsh needs compinit before it.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:  # click knows these three since its version 8
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = kind(ctx.find_root().command, {}, "penguin-compile", "_PENGUIN_COMPILE_COMPLETE")
    click.echo(script.source_template % script.source_vars())
