"""`schema`: the JSON Schema of the language, for editors."""

from __future__ import annotations

import click


@click.command(
    short_help="Print the JSON Schema of the language.",
    epilog="Example: penguin-compile schema > schemas/spec.schema.json",
)
def command() -> None:
    """Print the JSON Schema of the language.

    An editor's YAML support completes and checks specs with it.
    """
    from penguin_compile.compiler.schema import spec_schema_text

    click.echo(spec_schema_text(), nl=False)
