"""`comment`: a saved plan as the one comment of its app and environment on a pull request."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    short_help="Show a saved plan on its pull request on GitHub.",
    epilog="Example: penguin-compile comment plan.json",
)
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True, type=click.Path())
@click.option("--repository", metavar="OWNER/NAME", help="Default: GITHUB_REPOSITORY.")
@click.option(
    "--pull-request",
    "number",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="Default: the one of the event (GITHUB_EVENT_PATH).",
)
def command(plans: tuple[str, ...], repository: str | None, number: int | None) -> None:
    """Show a saved plan on its pull request on GitHub.

    PLAN is a file that plan --out wrote. Each app and environment has one comment, which is renewed
    at every push and tells what is new, different or gone since the push before. For a job of a
    workflow; the token is read from GITHUB_TOKEN, and needs pull-requests: write.
    """
    from penguin_compile.cli.pull_request import Comments, find_pull_request
    from penguin_compile.report.plan_comment import comment_marker, render_plan_comment
    from penguin_compile.sync.plan_file import read_plan_data

    shown = [read_plan_data(Path(one)) for one in plans]
    pull = find_pull_request(repository, number)
    with Comments(pull) as comments:
        for data in shown:
            known, previous = comments.find(comment_marker(data)) or (None, None)
            page = comments.write(known, render_plan_comment(data, pull.head, previous))
            did = "created" if known is None else "renewed"
            click.echo(f"{data['app']} · {data['environment']}: {did} {page}")
