"""`penguin-compile sandbox`: a local MarchProxy-compatible API until it is stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from penguin_compile.sandbox.routing import Dialect
    from penguin_compile.sandbox.server import Sandbox


@click.command(
    "sandbox",
    short_help="Serve a local MarchProxy-compatible API.",
    epilog="Example: penguin-compile sandbox --fault 'POST /services:500:0.1'",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--dialect", default="standard", show_default=True, help="The API that it speaks.")
@click.option("--license", "is_license", is_flag=True, help="Be a license server instead.")
@click.option(
    "--entitlements",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the tiers have: a compiled license/entitlements.json.  [default: the standards']",
)
@click.option("--tier", help="Tier of every license key.  [default: the highest]")
@click.option(
    "--license-key",
    "keys",
    multiple=True,
    metavar="KEY=TIER",
    help="Know these license keys alone. Repeatable.",
)
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="EMAIL:PASSWORD",
    help="A user of the api-server dialect; the first one is the administrator. Repeatable.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False),
    help="SQLite file that keeps everything for the next start.  [default: in memory]",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    help="Make requests fail: 'METHOD PATH:WHAT[:PROBABILITY][:xN]'; WHAT is an HTTP status, "
    "delay=2s, lost (done, but no answer), half (done, half an answer), garbled (done, broken "
    "JSON), done-500 (done, but 500), reset (not done, no answer), login (redirect to a page) or "
    "lie (not done, but answered as though). Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Announce the address as one line of JSON.")
def command(
    *,
    port: int,
    dialect: str,
    is_license: bool,
    entitlements: Path | None,
    tier: str | None,
    keys: tuple[str, ...],
    seeds: tuple[str, ...],
    database: str | None,
    faults: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run a local API that is compatible with MarchProxy, until Ctrl-C.

    This is not MarchProxy: it keeps services and mappings, and proxies nothing. It is for demos,
    for tests and for an app's CI. Any cluster key is accepted, or only the one in
    CLUSTER_API_KEY where that is set. The api-server dialect takes logins of the users that
    --seed names. With --license it is a license server that takes any key of the right form.

    """
    from penguin_compile.sandbox.server import Sandbox, serve

    license_ = _open_license(entitlements, tier, keys, is_license=is_license)
    sandbox = Sandbox(
        port=port,
        dialect=dialect if license_ is None else license_,
        database=database,
        cluster_key=os.environ.get("CLUSTER_API_KEY") or None,
        users=dict(_split_seed(seed) for seed in seeds),
        faults=faults,
        record=False,
    )
    serve(sandbox, _announce_json if as_json else _announce)


def _open_license(
    entitlements: Path | None, tier: str | None, keys: tuple[str, ...], *, is_license: bool
) -> Dialect | None:
    if not is_license:
        if entitlements is not None or tier is not None or keys:
            raise UsageError(
                "--entitlements, --tier and --license-key are for a license server",
                hint="add --license",
            )
        return None
    from penguin_compile.sandbox.license_book import LicenseBook
    from penguin_compile.sandbox.license_server import license_dialect

    return license_dialect(LicenseBook.read(entitlements, tier=tier, keys=keys))


def _split_seed(seed: str) -> tuple[str, str]:
    email, _, password = seed.partition(":")
    return email, password


def _announce(sandbox: Sandbox) -> None:
    if sandbox.dialect.name == "license":
        click.echo(f"Sandbox license server at {sandbox.url}. Ctrl-C stops it.")
        return
    kept = f"kept in {sandbox.database}" if sandbox.database else "kept in memory"
    click.echo(
        f"Sandbox (not MarchProxy) with the {sandbox.dialect.name} API at {sandbox.url}, {kept}. "
        "Ctrl-C stops it."
    )


def _announce_json(sandbox: Sandbox) -> None:
    click.echo(
        json.dumps(
            {
                "url": sandbox.url,
                "host": sandbox.host,
                "port": sandbox.port,
                "dialect": sandbox.dialect.name,
                "database": sandbox.database,
            }
        )
    )
