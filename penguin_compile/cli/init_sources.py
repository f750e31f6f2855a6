"""The options of `init` that name live systems and gateway files, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from penguin_compile.core.diagnostic import Diagnostic
    from penguin_compile.core.secret import SecretReference
    from penguin_compile.intake.found import Found
    from penguin_compile.model.environment import Gateway

_OPTIONS = (
    click.option(
        "--from-marchproxy",
        "marchproxy",
        multiple=True,
        metavar="URL|FILE",
        help="A live gateway, or import-config.json, services.json, mappings.json.",
    ),
    click.option("--token-from", metavar="REF", help="The gateway's key: env:CLUSTER_API_KEY."),
    click.option("--username", metavar="NAME", help="Whom to log in as at an api-server."),
    click.option(
        "--password-from", metavar="REF", help="That user's password: env:MARCHPROXY_PASSWORD."
    ),
    click.option(
        "--totp-from", metavar="REF", help="That user's TOTP secret: env:MARCHPROXY_TOTP."
    ),
    click.option("--cluster", metavar="ID|NAME", help="The gateway's cluster; default 1."),
    click.option("--insecure", is_flag=True, help="Take any TLS certificate of the gateway."),
    click.option(
        "--from-database",
        "database",
        metavar="URL|REF",
        help="A filled config table's database; with a password: env:DATABASE_URL.",
    ),
    click.option("--table", metavar="NAME", help="That table; default: the only one that fits."),
)
_NAMES = (
    *("marchproxy", "token_from", "username", "password_from", "totp_from", "cluster", "insecure"),
    *("database", "table"),
)


def source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where a first spec is taken from, beside files of Compose and env files."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def take_sources(options: dict[str, Any]) -> dict[str, Any]:
    """Take what `source_options` gave out of the options."""
    return {name: options.pop(name) for name in _NAMES}


def read_sources(
    options: Mapping[str, Any], app: str | None
) -> tuple[list[Found], list[Diagnostic]]:
    """What the options name, and what keeps files from being read.

    `app` is the app's name where a person gave one.
    """
    given: Sequence[str] = options["marchproxy"]
    urls = [one for one in given if "://" in one]
    files = [one for one in given if "://" not in one]
    _check(options, urls)
    problems: list[Diagnostic] = []
    found = [_read_gateway(url, options, app) for url in urls]
    if files:
        read = _read_files(files, app, problems)
        found.extend([read] if read is not None else [])
    if options["database"] is not None:
        found.append(_read_database(options["database"], options["table"]))
    problems.extend(finding for one in found for finding in one.findings)
    return found, problems


def gateway_files(options: Mapping[str, Any]) -> list[Path]:
    """The gateway's import files among the options, which findings look at, too."""
    return [Path(one) for one in options["marchproxy"] if "://" not in one]


def _check(options: Mapping[str, Any], urls: Sequence[str]) -> None:
    if len(urls) > 1:
        raise UsageError(
            f"--from-marchproxy names {len(urls)} gateways, and an environment has one",
            hint="take one of them; others go into environments of their own",
        )
    if options["table"] is not None and options["database"] is None:
        raise UsageError("--table is one of a database", hint="add --from-database URL")
    alone = [
        name
        for name in ("token_from", "username", "password_from", "totp_from", "cluster", "insecure")
        if options[name] and not urls
    ]
    if alone:
        flag = f"--{alone[0].replace('_', '-')}"
        raise UsageError(f"{flag} is for a live gateway", hint="add --from-marchproxy URL")


def _read_gateway(url: str, options: Mapping[str, Any], app: str | None) -> Found:
    from penguin_compile.intake.gateway import read_gateway
    from penguin_compile.live.marchproxy.manners import Manners

    if options["insecure"]:
        warning = "--insecure: the gateway's certificate is not checked; anybody may answer for it"
        click.echo(click.style(warning, fg="red"), err=True)
    manners = Manners(insecure=options["insecure"])
    return read_gateway(_gateway(url, options), app, manners)


def _gateway(url: str, options: Mapping[str, Any]) -> Gateway:
    from penguin_compile.model.environment import Gateway

    cluster = options["cluster"]
    return Gateway(
        url=url,
        cluster=int(cluster) if cluster is not None and cluster.isdecimal() else cluster,
        dialect=None,
        token=_reference("--token-from", options["token_from"]),
        username=options["username"],
        password=_reference("--password-from", options["password_from"]),
        totp=_reference("--totp-from", options["totp_from"]),
        protocol_map={},
    )


def _reference(option: str, text: str | None) -> SecretReference | None:
    """A reference; what is none isn't shown, because it may be the secret itself."""
    from penguin_compile.core.resolver import find_mistake
    from penguin_compile.core.secret import SecretReference

    if text is None:
        return None
    try:
        reference = SecretReference.parse(text)
    except ValueError:
        reference = None
    if reference is None or find_mistake(reference) is not None:
        raise UsageError(
            f"{option} takes a reference to a secret, never the secret itself",
            hint=f"{option} env:NAME, with the secret in the variable NAME; or file:PATH, vault:…",
        )
    return reference


def _read_files(paths: Sequence[str], app: str | None, problems: list[Diagnostic]) -> Found | None:
    from penguin_compile.intake.gateway_file import read_gateway_file, read_gateway_files

    documents = []
    for path in paths:
        document, findings = read_gateway_file(Path(path), path)
        problems.extend(findings)
        if document is not None:
            documents.append(document)
    return read_gateway_files(app, documents) if documents else None


def _read_database(text: str, table: str | None) -> Found:
    from penguin_compile.intake.database import has_password, read_table

    if "://" not in text:
        reference = _reference("--from-database", text)
        return read_table(text if reference is None else reference, table)
    if has_password(text) and _typed():
        warning = (
            "--from-database: everybody on this machine sees a password on the command line;"
            " --from-database env:DATABASE_URL keeps it to you"
        )
        click.echo(click.style(warning, fg="red"), err=True)
    return read_table(text, table)


def _typed() -> bool:
    """Whether the URL came by the command line, and not by the environment."""
    context = click.get_current_context(silent=True)
    source = None if context is None else context.get_parameter_source("database")
    return source is click.core.ParameterSource.COMMANDLINE
