"""What the commands on a fleet share: finding it, checking it, and how a run is told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from penguin_compile.cli.quick_start import skip_plugins
from penguin_compile.cli.run_cache import describe_tool
from penguin_compile.core.errors import UsageError
from penguin_compile.fleet.discovery import Fleet, find_fleet
from penguin_compile.fleet.run import Member, Workers, assemble, check_fleet, unique_findings
from penguin_compile.fleet.store import Files, Store
from penguin_compile.report.fleet_view import Row, failed_row

_PREPARE = f"{skip_plugins.__module__}:{skip_plugins.__name__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which part of which fleet, and who does the work."""

    roots: Sequence[str]
    environments: Sequence[str]
    since: str | None
    jobs: int | None
    scheduler: str | None
    no_cache: bool

    @classmethod
    def take(cls, options: dict[str, Any]) -> Choice:
        """Out of all options of a command; what is its own is left.

        Raises UsageError where they contradict each other.
        """
        choice = cls(**{name: options.pop(name) for name in cls.__slots__})
        if choice.jobs is not None and choice.scheduler is not None:
            raise UsageError(
                "--jobs is for processes of this machine, --scheduler for a cluster's workers",
                hint="leave one of them out",
            )
        return choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A fleet that was checked, with those who can go on working on it."""

    fleet: Fleet
    files: Files
    members: Sequence[Member]
    checked: int
    workers: Workers
    cached: bool

    @property
    def selected(self) -> list[Member]:
        """Those that are reported on."""
        return [one for one in self.members if one.selected]

    def store(self, kind: str) -> Store:
        """What earlier runs found out of another kind."""
        return open_store(kind, cached=self.cached)


def open_store(kind: str, *, cached: bool) -> Store:
    """A cache, or one that remembers nothing."""
    return Store(kind, describe_tool(), warn, cached=cached)


@contextmanager
def checked_fleet(choice: Choice, *, strangers: bool = True) -> Iterator[Run]:
    """Find all specs, check those that have changed, and compare them all."""
    fleet = find_fleet(choice.roots)
    files = Files(fleet.hashes)
    jobs = choice.jobs or _cores()
    with Workers(choice.scheduler, jobs, _PREPARE) as workers:
        store = open_store("check", cached=not choice.no_cache)
        answers, checked = check_fleet(fleet, files, store, workers)
        members = assemble(
            answers,
            environments=choice.environments,
            since=choice.since,
            strangers=strangers,
        )
        yield Run(
            fleet=fleet,
            files=files,
            members=members,
            checked=checked,
            workers=workers,
            cached=not choice.no_cache,
        )


def split_ready(members: Sequence[Member]) -> tuple[list[Member], list[Row]]:
    """Those that can be worked on, and rows about the others."""
    ready, rows = [], []
    for one in members:
        if one.failure is not None:
            rows.append(failed_row(one.spec, one.app, one.failure))
        elif one.has_errors:
            rows.append(_errors_row(one))
        else:
            ready.append(one)
    return ready, rows


def _errors_row(member: Member) -> Row:
    from penguin_compile.cli.specs import summarise

    return Row(
        spec=member.spec,
        app=member.app,
        status="errors",
        detail=f"{summarise(member.findings)}; see penguin-compile fleet validate",
        code=1,
    )


def show_errors(members: Sequence[Member]) -> None:
    """The findings of specs that have errors: commands that act don't repeat all warnings."""
    from penguin_compile.cli.specs import show_findings

    show_findings(unique_findings(one for one in members if one.has_errors), err=True)


def show(form: str, title: str, rows: Sequence[Row], noun: str = "spec") -> None:
    """The report on standard output."""
    from penguin_compile.cli.specs import style
    from penguin_compile.report import fleet_view

    ordered = sorted(rows, key=lambda one: one.spec)
    if form == "json":
        text = fleet_view.render_fleet_json(ordered)
    elif form == "markdown":
        text = fleet_view.render_fleet_markdown(title, ordered, noun)
    else:
        text = fleet_view.render_fleet(ordered, style, noun)
    click.echo(text, nl=False)


def warn(text: str) -> None:
    """A line on standard error."""
    click.echo(f"{click.style('warning', fg='yellow')}: {text}", err=True)


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
