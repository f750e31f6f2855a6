"""How a failure is told: what happened, and what to do next."""

from __future__ import annotations

import click

from penguin_compile.core.errors import PenguinError


def show_failure(error: PenguinError, *, color: bool | None = None) -> None:
    """On standard error, without a traceback; None: in colour where that is a terminal."""
    click.echo(f"{click.style('error', fg='red')}: {error.message}", err=True, color=color)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)
