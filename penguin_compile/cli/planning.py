"""What `plan` and `apply` share: their options, and how a plan is made and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.completing import complete_app, complete_environment
from penguin_compile.cli.specs import show_findings, style, summarise
from penguin_compile.cli.terminal import columns
from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.suggestion import list_names
from penguin_compile.pipeline import SPEC_FOLDER, CheckedSpec, ResolvedApp, check_file, find_specs

if TYPE_CHECKING:
    from penguin_compile.live.marchproxy.manners import Manners
    from penguin_compile.model.plan import Plan
    from penguin_compile.report.plan_view import PlanView
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.session import Session

app_option = click.option(
    "--app",
    "app_name",
    metavar="NAME",
    shell_complete=complete_app,
    help="Which app, where there are several.",
)
lock_option = click.option(
    "--lock-timeout", default="0s", metavar="TIME", help="Wait for the lock: 30s."
)
environment_option = click.option(
    "--env",
    "environment",
    metavar="NAME",
    shell_complete=complete_environment,
    help="Which environment.",
)
_OPTIONS = (
    app_option,
    click.option("--only", multiple=True, metavar="GLOB", help="Addresses to look at."),
    click.option("--prune", is_flag=True, help="Delete what the spec has no longer."),
    click.option("--use-spec", multiple=True, metavar="GLOB", help="There the spec wins."),
    click.option("--keep-live", multiple=True, metavar="GLOB", help="There the live value stays."),
    click.option("--max-updates", metavar="N", help="Updates of a kind: a number or per cent."),
    click.option("--max-deletes", metavar="N", help="Deletes of a kind: a number or per cent."),
    click.option("--show-unmanaged", is_flag=True, help="List what nobody manages."),
)

_CONNECTION_OPTIONS = (
    click.option("--insecure", is_flag=True, help="Take any TLS certificate of the gateway."),
    click.option("--log-http", is_flag=True, help="Show the gateway's requests, without secrets."),
)
_GATEWAY_OPTIONS = (
    click.option(
        "--parallelism",
        type=click.IntRange(1, 28),
        default=None,
        metavar="N",
        help="Requests to the gateway at a time, at most; default 4.",
    ),
    click.option(
        "--import", "bulk", is_flag=True, help="Write to the gateway by one import, if it has one."
    ),
    *_CONNECTION_OPTIONS,
    click.option("--strict", is_flag=True, help="Fail on warnings, too."),
)


def connection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How the gateway is spoken to by a command that only looks."""
    for option in reversed(_CONNECTION_OPTIONS):
        function = option(function)
    return function


def gateway_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How requests are made: nothing that shapes a plan, so good for a saved one as well."""
    for option in reversed(_GATEWAY_OPTIONS):
        function = option(function)
    return function


def take_manners(options: dict[str, Any]) -> Manners:
    """Take what the gateway's options gave out of all; say in red what is not safe."""
    from penguin_compile.live.marchproxy.manners import DEFAULT_PARALLELISM, Manners

    insecure, log = options.pop("insecure"), options.pop("log_http")
    if insecure:
        warning = "--insecure: the gateway's certificate is not checked; anybody may answer for it"
        click.echo(click.style(warning, fg="red"), err=True)
    return Manners(
        parallelism=options.pop("parallelism", None) or DEFAULT_PARALLELISM,
        insecure=insecure,
        bulk=options.pop("bulk", False),
        log=_log if log else None,
    )


def _log(line: str) -> None:
    from penguin_compile.report.printable import printable

    click.echo(printable(line), err=True)


def check_strict(session: Session, checked: CheckedSpec, *, strict: bool) -> None:
    """PenguinError where there is a warning and none is allowed."""
    from penguin_compile.core.diagnostic import Severity

    if not strict:
        return
    warnings = [one.message for one in checked.findings if one.severity is Severity.WARNING]
    warnings += session.situation.warnings
    if warnings:
        told = warnings[0] if len(warnings) == 1 else f"{len(warnings)} warnings: {warnings[0]} …"
        raise PenguinError(f"--strict: {told}", hint="nothing was written; see the notes above")


def plan_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that shape a plan."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def place_of(spec: str | None, app_name: str | None, environment: str | None) -> str:
    """Spec and options that name the same app and environment in a command to be pasted."""
    app = f"--app {app_name}" if app_name else None
    return " ".join(one for one in (spec, app, f"--env {environment}") if one)


def parse_time(text: str) -> float:
    """The seconds of `--lock-timeout`."""
    from penguin_compile.core.duration import parse_seconds

    seconds = parse_seconds(text)
    if seconds is None:
        raise UsageError(f"--lock-timeout {text}: not a duration", hint="write 30s, 5m or 1h")
    return seconds


def decide(options: dict[str, Any]) -> Decisions:
    """The decisions that the options stand for."""
    from penguin_compile.sync.decisions import Decisions

    for name in ("max_updates", "max_deletes"):
        value = options[name]
        if value is not None and not value.removesuffix("%").isdigit():
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} {value}: not a number or per cent", hint=f"{flag} 60%")
    return Decisions(
        keep_live=options["keep_live"],
        use_spec=options["use_spec"],
        only=options["only"],
        prune=options["prune"],
        skip_conflicts=options.get("skip_conflicts", False),
        secrets=options.get("secrets", False),
        max_updates=options["max_updates"],
        max_deletes=options["max_deletes"],
    )


def check_one(
    spec: str | None, app_name: str | None, environment: str | None
) -> tuple[CheckedSpec, ResolvedApp]:
    """One app in one environment, without errors; warnings go to stderr."""
    if environment is None:
        raise UsageError("which environment?", hint="name one with --env NAME")
    checked = choose_app(spec, app_name, [environment])
    if checked.has_errors:
        show_findings(checked.findings, err=True)
        message = f"{checked.loaded.path} has errors: {summarise(checked.findings)}"
        raise PenguinError(message, hint="nothing was read or written; mend the spec first")
    return checked, checked.environments[environment]


def choose_app(
    spec: str | None, app_name: str | None, environments: Sequence[str] = ()
) -> CheckedSpec:
    """The one spec that is named, or that of the app; checked in these environments, or in all."""
    paths = find_specs([Path(spec or SPEC_FOLDER)])
    if len(paths) == 1 and app_name is None:
        return check_file(paths[0], environments)
    every = {}
    for path in paths:
        checked = check_file(path)
        every[checked.name or str(path)] = path
    if app_name is None:
        raise UsageError(
            f"there are several apps here: {list_names(every)}",
            hint="name one with --app NAME, or its spec file",
        )
    if app_name not in every:
        raise UsageError(f'no app "{app_name}" here', hint=f"there are: {list_names(every)}")
    return check_file(every[app_name], environments)


@contextmanager
def open_environment(
    resolved: ResolvedApp, root: Path, manners: Manners | None = None
) -> Iterator[Session]:
    """The systems of one app's environment, for as long as the command needs them.

    `root` is the spec's repository, whose commit goes into the history. `manners` are for requests
    to the gateway.
    """
    from penguin_compile.source.repository import find_commit
    from penguin_compile.sync.session import open_session

    if resolved.app is None:
        raise UsageError("a spec with errors can't be planned", hint="run validate first")

    def locate(pointer: Pointer) -> str:
        return str(resolved.document.key_span(pointer))

    commit = find_commit(root)
    with open_session(
        resolved.app, resolved.digest, locate, git_commit=commit, manners=manners
    ) as session:
        yield session


def refusals(session: Session, plan: Plan, decisions: Decisions) -> list[str]:
    """What apply would refuse of a plan, conflicts apart, which the plan shows itself."""
    try:
        session.check(plan, replace(decisions, skip_conflicts=True))
    except PenguinError as refusal:
        return [refusal.message]
    return []


def review_plan(session: Session, checked: CheckedSpec, decisions: Decisions) -> Plan:
    """The plan, with what is said of the spec and what apply would refuse."""
    from penguin_compile.report.diagnostics_json import diagnostic_data

    plan = session.plan(decisions)
    return replace(
        plan,
        findings=tuple(diagnostic_data(one) for one in checked.findings),
        refusals=tuple(refusals(session, plan, decisions)),
    )


def detailed_code(counts: Mapping[str, int]) -> int:
    """The exit code of a plan by its summary: 3 with conflicts, 2 with changes."""
    if counts["conflicts"]:
        return 3
    return 2 if counts["create"] or counts["update"] or counts["delete"] else 0


def show_plan(
    plan: Plan, *, unmanaged: bool, spec: str = "", decisions: Decisions | None = None
) -> None:
    """The plan as text on stdout; with its spec and decisions, where its commands name them."""
    from penguin_compile.report.plan_view import view_plan
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.plan_file import plan_data

    data = plan_data(plan, spec, decisions or Decisions())
    click.echo(render_view(view_plan(data, unmanaged=unmanaged), "text"), nl=False)


def render_view(view: PlanView, form: str) -> str:
    """A plan as text, Markdown or HTML."""
    if form == "markdown":
        from penguin_compile.report.plan_markdown import render_plan_markdown

        return render_plan_markdown(view)
    if form == "html":
        from penguin_compile.report.plan_html import render_plan_html

        return render_plan_html(view)
    from penguin_compile.report.plan_text import render_plan

    return render_plan(view, style, width=columns())
