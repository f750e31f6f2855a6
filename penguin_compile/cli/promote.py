"""`promote`: an admin's value from the live system into the spec."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.completing import complete_address
from penguin_compile.cli.planning import app_option, check_one, environment_option, open_environment
from penguin_compile.cli.specs import show_findings, style, summarise
from penguin_compile.core.errors import Conflicted, Refused, UsageError
from penguin_compile.model.address import KINDS
from penguin_compile.pipeline import is_spec

if TYPE_CHECKING:
    from penguin_compile.promotion import Edit, Place, Promotion, Question, Wish

_MOST_NOTES = 10
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(
    short_help="Write live values into the spec.",
    epilog="Example: penguin-compile promote config/smtp_host --env prod",
)
@click.argument(
    "words",
    nargs=-1,
    required=True,
    metavar="ADDRESS... [SPEC]",
    shell_complete=complete_address,
)
@environment_option
@click.option(
    "--base",
    is_flag=True,
    envvar="PENGUIN_COMPILE_PROMOTE_BASE",  # without PROMOTE it is the revision of diff
    help="Into the default that all environments share.",
)
@click.option("--into", metavar="NAME", help="Into the overrides of this environment.")
@click.option("--file", type=click.Path(), metavar="FILE", help="Into this file of the spec.")
@app_option
def command(
    words: tuple[str, ...],
    environment: str | None,
    into: str | None,
    file: str | None,
    app_name: str | None,
    *,
    base: bool,
) -> None:
    """Write the live value of config keys into the spec: into the environment's overrides.

    ADDRESS is config/KEY, globs allowed: a glob takes the keys whose live value differs. SPEC is a
    spec file, or a folder that holds one; default spec/. A file called config/NAME.yaml is a spec.
    Only the text of the value changes. All are written or none. Where a value comes from an import,
    an anchor or an environment that this one extends, it asks where to write; --base, --into and
    --file answer that.
    """
    from penguin_compile.promotion import Promotion, Wish
    from penguin_compile.sync.live_settings import read_live_settings

    if base and into is not None:
        raise UsageError("--base and --into are two places", hint="name one of them")
    addresses, spec = _sort_words(words)
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        live = read_live_settings(session, addresses)
    for address in live.equal:
        click.echo(f"{address}: the spec says so already", err=True)
    for note in live.notes[:_MOST_NOTES]:
        click.echo(f"left out: {note}", err=True)
    if len(live.notes) > _MOST_NOTES:
        click.echo(f"left out: {len(live.notes) - _MOST_NOTES} more", err=True)
    if not live.values:
        click.echo("nothing to promote", err=True)
        return
    promotion = Promotion(checked, resolved)
    wish = Wish(base=base, into=into, file=None if file is None else Path(file))
    options = _options(environment, spec, app_name)
    _place_all(promotion, live.values, wish, options)
    others, errors = promotion.prove()
    if errors:
        show_findings(errors, err=True)
        message = f"the spec would have errors with it: {summarise(errors)}"
        raise Refused(message, hint="nothing was written; correct the live value first")
    promotion.save()
    for edit in promotion.edits.values():
        _show(edit)
    for name in others:
        click.echo(f'note: "{name}" gets the value, too', err=True)
    click.echo(f"\npromoted {_count(live.values)}; next: penguin-compile plan{options}", err=True)


def _sort_words(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Addresses, and the spec if one is named: the word that is no address."""
    addresses = [one for one in words if _is_address(one)]
    specs = [one for one in words if not _is_address(one)]
    if len(specs) > 1 or (specs and not Path(specs[0]).exists()):
        wrong = next((one for one in specs if not Path(one).exists()), specs[-1])
        raise UsageError(
            f"{wrong} is neither an address nor the one spec",
            hint="an address is config/KEY; a spec is a file or folder that exists",
        )
    if not addresses:
        raise UsageError("which config keys?", hint="name one, as in config/smtp_host")
    return addresses, specs[0] if specs else None


def _is_address(word: str) -> bool:
    kind, slash, name = word.partition("/")
    path = Path(word)
    return bool(slash and name) and kind in KINDS and not (is_spec(path) and path.is_file())


def _options(environment: str | None, spec: str | None, app_name: str | None) -> str:
    """What the same command says again of spec, app and environment."""
    words = [] if spec is None else [spec]
    words += ["--env", str(environment)]
    words += [] if app_name is None else ["--app", app_name]
    return " " + shlex.join(words)


def _place_all(promotion: Promotion, values: Any, wish: Wish, options: str) -> None:
    """Every value into the text of its place, each question asked on the way.

    Raises Conflicted where there is something to ask, and nobody.
    """
    from penguin_compile.promotion import Question

    places = {key: promotion.place(key, wish) for key in values}
    asked = [(key, one) for key, one in places.items() if isinstance(one, Question)]
    if asked and not sys.stdin.isatty():
        raise Conflicted(
            "\n".join(one.reason for _, one in asked),
            hint="nothing was written; say where it shall be:\n"
            + "\n".join(_commands(asked, options)),
        )
    for key, place in places.items():
        chosen = _ask(place) if isinstance(place, Question) else place
        promotion.set(key, values[key], chosen)


def _commands(asked: Sequence[tuple[str, Question]], options: str) -> Iterator[str]:
    for key, question in asked:
        for place in question.places:
            yield f"  {place.text}:"
            yield f"    penguin-compile promote config/{key}{options} {place.flags}"


def _ask(question: Question) -> Place:
    """One place of several, from the terminal."""
    click.echo(question.reason, err=True)
    for number, place in enumerate(question.places, 1):
        click.echo(f"  {number}  {place.text}", err=True)
    kind = click.IntRange(1, len(question.places))
    answer: int = click.prompt("Write it where?", type=kind, err=True)
    return question.places[answer - 1]


def _show(edit: Edit) -> None:
    """What was done to a file, as a unified diff."""
    from penguin_compile.report.line_diff import diff_lines
    from penguin_compile.report.printable import printable, printable_line

    name = printable(edit.old.path)
    click.echo(style(f"--- a/{name}", "bright_white"))
    click.echo(style(f"+++ b/{name}", "bright_white"))
    for line in diff_lines(_plain_breaks(edit.old.text), _plain_breaks(edit.new.text)):
        colour = _COLOURS.get(line[:1])
        shown = printable_line(line)
        click.echo(shown if colour is None else style(shown, colour))


def _plain_breaks(text: str) -> str:
    """Line feeds alone: those of other systems never differ between the two, and can't be shown."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _count(values: Any) -> str:
    return "1 value" if len(values) == 1 else f"{len(values)} values"
