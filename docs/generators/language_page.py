"""Every field of the language, from the shapes that check it."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_text import block, code, table, text

from penguin_compile.compiler.field import ANY_NAME, Field, list_fields
from penguin_compile.targets.yaml_text import yaml_text

_HEAD = """\
# The language

One YAML file per app, `spec/<app>.yaml`, with `penguin: 1` at its top. A `*` in a path is a name
that you choose. Keys that begin with `x-` are yours: they are allowed everywhere and ignored.
`penguin-compile explain services.*.health_check` tells the same in a terminal, and
`penguin-compile schema` prints the JSON Schema that editors complete and check specs with.

Below `environments.*.overrides` every section may stand again; what it says is laid over the
rest for that environment.
"""


def language_page() -> str:
    """The page as Markdown."""
    sections: dict[str, list[Field]] = {}
    for one in list_fields():
        sections.setdefault(one.path[0], []).append(one)
    lines = [_HEAD]
    for name, fields in sections.items():
        lines.extend(_section(name, fields))
    return "\n".join(lines)


def _section(name: str, fields: list[Field]) -> Iterator[str]:
    first, *below = fields
    yield from (f"## {name}", "")
    if first.description:
        yield from (text(first.description), "")
    yield from (text("; ".join([f"Type: {first.type}", *_facts(first)]) + "."), "")
    if below:
        rows = [(code(".".join(one.path[1:])), _type(one), _meaning(one)) for one in below]
        yield from table(("field", "type", "what it says"), rows)
    if first.example is not None:
        yield from block("yaml", yaml_text(first.example))


def _type(field: Field) -> str:
    if field.path[-1] == ANY_NAME and field.keys:
        return "keys below"
    return text(field.type)


def _meaning(field: Field) -> str:
    told = [text(field.description or "")]
    told.extend(text(one) for one in _facts(field))
    return "<br>".join(one for one in told if one)


def _facts(field: Field) -> Iterator[str]:
    if field.required:
        yield "required"
    elif field.default is not None:
        yield f"default `{field.default}`" if field.default else "default: an empty text"
    yield from field.limits
    if field.free:
        yield "below it the language sets no keys"
