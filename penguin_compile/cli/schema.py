"""`schema`: the JSON Schema of the language, for editors."""

from __future__ import annotations

import click


@click.command(
    short_help="Print the JSON Schema of the language.",
    epilog="Example: penguin-compile schema > schemas/spec.schema.json",
)
@click.option("--fragment", is_flag=True, help="The schema of what a spec imports.")
def command(*, fragment: bool) -> None:
    """Print the JSON Schema of the language.

    An editor's YAML support completes and checks specs with it.
    """
    from penguin_compile.compiler.schema import fragment_schema, schema_text, spec_schema

    click.echo(schema_text(fragment_schema() if fragment else spec_schema()), nl=False)
