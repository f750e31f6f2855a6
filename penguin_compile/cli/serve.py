"""`serve`: the admin API and the settings page of one app in one environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.planning import app_option, check_one, environment_option, open_environment
from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from penguin_compile.console.options import (
        ConsoleOptions,
        JwtOptions,
        LocalAdmin,
        OidcOptions,
    )

PASSWORD_VARIABLE = "PENGUIN_CONSOLE_PASSWORD"  # noqa: S105 - the variable's name
HASH_VARIABLE = "PENGUIN_CONSOLE_PASSWORD_HASH"
OIDC_VARIABLE = "PENGUIN_CONSOLE_OIDC_SECRET"


@click.command(
    short_help="Serve the admin API and the settings page.",
    epilog="Example: penguin-compile serve --env dev --local-admin me@example.com",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@app_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8460,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option("--public-url", metavar="URL", help="What browsers call it, behind a proxy with TLS.")
@click.option("--local-admin", metavar="NAME", help="For development: an admin on this machine.")
@click.option("--oidc-issuer", metavar="URL", help="Provider that people log in at.")
@click.option("--oidc-client-id", metavar="ID", help="This console's name at the provider.")
@click.option("--jwt-issuer", metavar="TEXT", help="Whose bearer tokens the API takes.")
@click.option("--jwt-audience", metavar="TEXT", help="The audience that they have to name.")
@click.option("--jwks-url", metavar="URL", help="Where the issuer's keys are.")
@click.option(
    "--jwks-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file that holds them.",
)
@click.option(
    "--role-claim",
    default="roles",
    show_default=True,
    metavar="NAME",
    help="Claim of a token that lists roles; dots lead into nested ones.",
)
@click.option(
    "--admin-role", default="admin", show_default=True, metavar="ROLE", help="The role of admins."
)
def command(
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    **given: object,
) -> None:
    """Serve the admin API and the settings page of one app, for admins, until Ctrl-C.

    SPEC is a spec file, or a folder that holds one; default spec/. Somebody has to get in: people
    by --oidc-issuer, programs by --jwt-issuer, or on your own machine --local-admin, whose
    password is in PENGUIN_CONSOLE_PASSWORD (or its Argon2 hash in PENGUIN_CONSOLE_PASSWORD_HASH)
    or is asked for. The client's secret for OIDC is in PENGUIN_CONSOLE_OIDC_SECRET.
    """
    try:
        from penguin_compile.console.application import Console, build_application
        from penguin_compile.console.options import check_options
        from penguin_compile.console.server import bind, serve
        from penguin_compile.console.store import SettingsStore
    except ImportError as error:
        raise UsageError(
            f"serve needs {error.name}, which is not installed",
            hint="pip install 'penguin-compile[console]'",
        ) from None
    options = check_options(_options(given))
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        store = SettingsStore(session)
        store.prepare()
        with bind(options.host, options.port) as listener:
            options = _with_port(options, listener.getsockname()[1])
            console = Console(store, options, Path(checked.loaded.path))
            application = build_application(console)
            place = f"{session.app.name} in {session.app.environment.name}"
            serve(
                application,
                listener,
                lambda: click.echo(f"Console of {place} at {options.public_url}. Ctrl-C stops it."),
            )


def _options(given: dict[str, object]) -> ConsoleOptions:
    from penguin_compile.console.options import ConsoleOptions, RoleOptions, is_loopback

    host, port, public = str(given["host"]), int(str(given["port"])), given["public_url"]
    if public is None and not is_loopback(host):
        raise UsageError(
            f"--host {host}: what do browsers call it?",
            hint="name it with --public-url https://HOST; TLS is a proxy's in front of it",
        )
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return ConsoleOptions(
        host=host,
        port=port,
        public_url=str(public or f"http://{shown}:{port}").rstrip("/"),
        roles=RoleOptions(claim=str(given["role_claim"]), admin=str(given["admin_role"])),
        jwt=_jwt(given),
        oidc=_oidc(given),
        local=_local(given["local_admin"]),
    )


def _with_port(options: ConsoleOptions, port: int) -> ConsoleOptions:
    """With the port that was free, where any was asked for."""
    from dataclasses import replace

    if options.port == port:
        return options
    return replace(options, port=port, public_url=options.public_url.replace(":0", f":{port}"))


def _jwt(given: dict[str, object]) -> JwtOptions | None:
    from penguin_compile.console.options import JwtOptions

    issuer, audience = given["jwt_issuer"], given["jwt_audience"]
    url, file = given["jwks_url"], given["jwks_file"]
    if not any((issuer, audience, url, file)):
        return None
    if not issuer or not audience or bool(url) == bool(file):
        raise UsageError(
            "bearer tokens need an issuer, an audience, and one place of the keys",
            hint="--jwt-issuer URL --jwt-audience NAME --jwks-url URL",
        )
    return JwtOptions(
        issuer=str(issuer),
        audience=str(audience),
        keys_url=None if url is None else str(url),
        keys_file=file if isinstance(file, Path) else None,
    )


def _oidc(given: dict[str, object]) -> OidcOptions | None:
    from penguin_compile.console.options import OidcOptions
    from penguin_compile.core.secret import Masked

    issuer, client = given["oidc_issuer"], given["oidc_client_id"]
    if not issuer and not client:
        return None
    if not issuer or not client:
        raise UsageError(
            "OIDC needs an issuer and a client", hint="--oidc-issuer URL --oidc-client-id ID"
        )
    secret = os.environ.get(OIDC_VARIABLE)
    return OidcOptions(
        issuer=str(issuer),
        client_id=str(client),
        client_secret=None if not secret else Masked(secret),
    )


def _local(name: object) -> LocalAdmin | None:
    from penguin_compile.console.access import hash_password, is_hash
    from penguin_compile.console.options import SHORTEST_PASSWORD, LocalAdmin

    if not name:
        return None
    hashed = os.environ.get(HASH_VARIABLE)
    if hashed:
        if not is_hash(hashed):
            raise UsageError(f"{HASH_VARIABLE} is no Argon2 hash", hint="it begins with $argon2id$")
        return LocalAdmin(name=str(name), password_hash=hashed)
    password = os.environ.get(PASSWORD_VARIABLE) or _ask_password(str(name))
    if len(password) < SHORTEST_PASSWORD:
        raise UsageError(
            f"the local admin's password is shorter than {SHORTEST_PASSWORD} characters",
            hint="take a longer one, also on your own machine",
        )
    return LocalAdmin(name=str(name), password_hash=hash_password(password))


def _ask_password(name: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "the local admin has no password",
            hint=f"set {PASSWORD_VARIABLE}, or run it in a terminal",
        )
    answer: str = click.prompt(f"Password for {name}", hide_input=True, err=True)
    return answer
