"""What a shell is told when somebody presses Tab behind an option; nothing here ever fails.

Only text is read: no spec is checked, nothing is connected to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.core.errors import PenguinError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from penguin_compile.source.tree import Document


def complete_environment(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Environments of the specs that the command line names so far."""
    from penguin_compile.source.environments import environment_names

    return _matching((name for one in _documents(ctx) for name in environment_names(one)), begun)


def complete_app(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Names of the apps whose specs stand there."""
    apps = (_section(one, "app") for one in _documents(ctx))
    return _matching((str(app["name"]) for app in apps if "name" in app), begun)


def complete_address(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Addresses of config keys; those of a gateway's resources depend on the environment."""
    keys = (key for one in _documents(ctx) for key in _section(one, "config"))
    return _matching((f"config/{key}" for key in keys), begun)


def complete_target(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Outputs of `compile`, those of installed packages included."""
    from penguin_compile.targets import TARGETS

    return _matching(TARGETS, begun)


def complete_subject(
    _: click.Context, __: click.Parameter, begun: str
) -> list[CompletionItem[str]]:
    """Codes with their titles, or fields of the language."""
    from click.shell_completion import CompletionItem

    from penguin_compile.rules.codes import find_code, list_codes

    codes = [one for one in list_codes() if one.startswith(begun.upper())] if begun else []
    if codes:
        return [CompletionItem(one, help=find_code(one).title) for one in codes]
    from penguin_compile.compiler.field import list_fields

    paths = (".".join(one.path) for one in list_fields())
    return [CompletionItem(one) for one in _matching(paths, begun)]


def _matching(names: Iterable[str], begun: str) -> list[str]:
    return sorted({one for one in names if one.startswith(begun)})


def _section(document: Document, name: str) -> Mapping[str, Any]:
    found = document.root.get(name)
    return found if isinstance(found, dict) else {}


def _documents(ctx: click.Context) -> Iterator[Document]:
    """The specs that are meant, as far as they can be read."""
    from penguin_compile.pipeline import SPEC_FOLDER, find_specs
    from penguin_compile.source.load import load_spec

    folder = Path(ctx.find_root().params.get("directory") or ".")
    named = [one for one in _named(ctx) if os.path.lexists(folder / one)]
    try:
        paths = find_specs([folder / one for one in named] or [folder / SPEC_FOLDER])
    except (PenguinError, OSError):
        return
    for path in paths:
        try:
            document = load_spec(path).document
        except (PenguinError, OSError):
            continue
        if document is not None and isinstance(document.root, dict):
            yield document


def _named(ctx: click.Context) -> list[str]:
    params = ctx.params
    given = params.get("specs") or params.get("words") or params.get("spec") or ()
    return [given] if isinstance(given, str) else list(given)
