"""`fleet plan` and `fleet drift`: each environment of each spec beside its live systems.

Nothing is applied. Workers read the systems; secrets come from their own environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.fleet_run import Choice, checked_fleet, show, show_errors, split_ready
from penguin_compile.core.errors import FileFailure
from penguin_compile.fleet.exit_codes import worst
from penguin_compile.fleet.run import Member
from penguin_compile.fleet.task import Answer, Task
from penguin_compile.report.fleet_view import Row, failed_row

if TYPE_CHECKING:
    from penguin_compile.live.marchproxy.manners import Manners
    from penguin_compile.pipeline import CheckedSpec
    from penguin_compile.sync.session import Session

_Describe = Callable[[Member, Answer], Row]
_PLAN = "penguin_compile.cli.fleet_live:plan_one"
_DRIFT = "penguin_compile.cli.fleet_live:drift_one"
_NOUN = "environment"
_DIFFERENCES = 2


def plan_fleet(form: str, *, out: str | None, detailed_exitcode: bool, **options: Any) -> int:
    """Plan each environment, tell, and return the exit code."""
    if options["insecure"]:
        warning = "--insecure: no gateway's certificate is checked; anybody may answer for it"
        click.echo(click.style(warning, fg="red"), err=True)
    rows = _ask(Choice.take(options), _PLAN, options, _plan_row)
    if out is not None:
        for one in rows:
            if "plan" in one.data:
                _save(Path(out, str(one.app), f"{one.environment}.json"), one.data["plan"])
    show(form, "Plans", rows, _NOUN)
    codes = (one.code for one in rows)
    return worst(code for code in codes if detailed_exitcode or code not in {2, 3})


def drift_fleet(form: str, **options: Any) -> int:
    """Look for live edits in each environment, tell, and return the exit code."""
    rows = _ask(Choice.take(options), _DRIFT, {}, _drift_row)
    show(form, "Drift", rows, _NOUN)
    return worst(one.code for one in rows)


def _ask(choice: Choice, action: str, options: Mapping[str, Any], describe: _Describe) -> list[Row]:
    """Rows about every environment that names a live system, and about specs that can't be asked.

    What one environment's systems answer is no other's matter.
    """
    with checked_fleet(choice) as run:
        ready, rows = split_ready(run.selected)
        members = {one.spec: one for one in ready}
        work = [
            (one.spec, {**options, "environment": environment})
            for one in ready
            for environment in one.environments
            if environment in one.answer["live"]
        ]
        show_errors(run.selected)
        answers = {_key(one): one for one in run.workers.do(action, work)}
        rows += [
            _answer_row(members[spec], answers[spec, order["environment"]], describe)
            for spec, order in work
        ]
    return rows


def _key(answer: Answer) -> tuple[str, str]:
    return answer["spec"], answer["environment"]


def _answer_row(member: Member, answer: Answer, describe: _Describe) -> Row:
    if "failure" in answer:
        return failed_row(member.spec, member.app, answer["failure"], answer["environment"])
    return describe(member, answer)


def plan_one(task: Task) -> Answer:
    """A worker's part: the plan of one environment, as data."""
    from penguin_compile.cli.planning import check_strict, detailed_code, review_plan
    from penguin_compile.live.marchproxy.manners import Manners
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.plan_file import plan_data, summarise

    options = task.options
    decisions = Decisions(
        only=tuple(options["only"]), prune=options["prune"], secrets=options["secrets"]
    )
    with _session(task, Manners(insecure=options["insecure"])) as (checked, session):
        plan = review_plan(session, checked, decisions)
        check_strict(session, checked, strict=options["strict"])
    return _answer(task) | {
        "plan": plan_data(plan, checked.loaded.path, decisions),
        "refusals": list(plan.refusals),
        "code": detailed_code(summarise(plan)),
    }


def drift_one(task: Task) -> Answer:
    """A worker's part: the live edits of one environment, as data and as text."""
    from penguin_compile.report.drift_text import drift_data, render_drift
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.drift import find_drift

    with _session(task) as (_, session):
        plan = session.plan(Decisions())
        edits = find_drift(plan, session.situation)
    data = drift_data(plan, edits)
    return _answer(task) | {
        "drift": data,
        "text": render_drift(plan, edits, _plain) if edits else "",
        "code": _DIFFERENCES if data["summary"]["new"] else 0,
    }


@contextmanager
def _session(task: Task, manners: Manners | None = None) -> Iterator[tuple[CheckedSpec, Session]]:
    """A task's spec in its environment, with the live systems."""
    from penguin_compile.cli.planning import open_environment
    from penguin_compile.fleet.checking import read_spec
    from penguin_compile.pipeline import check_spec

    environment = task.options["environment"]
    checked = check_spec(read_spec(task)[0], [environment])
    resolved = checked.environments[environment]
    with open_environment(resolved, checked.loaded.root, manners) as session:
        yield checked, session


def _answer(task: Task) -> Answer:
    return {"spec": task.spec, "environment": task.options["environment"]}


def _plan_row(member: Member, answer: Answer) -> Row:
    from penguin_compile.cli.planning import render_view
    from penguin_compile.report.plan_view import view_plan
    from penguin_compile.report.plan_words import summary_parts

    view = view_plan(answer["plan"], unmanaged=False)
    status = {0: "no changes", 2: "changes", 3: "conflicts"}[answer["code"]]
    loud = answer["code"] or answer["refusals"] or view.changes
    refusals = "".join(f"apply would refuse this: {one}\n" for one in answer["refusals"])
    return Row(
        spec=member.spec,
        app=member.app,
        environment=answer["environment"],
        status=status,
        detail="; ".join(summary_parts(view.summary)) if answer["code"] else "",
        code=answer["code"],
        text=f"{render_view(view, 'text')}{refusals}" if loud else "",
        data={"plan": answer["plan"]},
    )


def _drift_row(member: Member, answer: Answer) -> Row:
    summary = answer["drift"]["summary"]
    known = "known edits" if summary["edits"] else "no edits"
    return Row(
        spec=member.spec,
        app=member.app,
        environment=answer["environment"],
        status="new edits" if summary["new"] else known,
        detail=f"{summary['edits']}, {summary['new']} of them new" if summary["edits"] else "",
        code=answer["code"],
        text=answer["text"],
        data={"drift": answer["drift"]},
    )


def _plain(text: str, _colour: str) -> str:
    return text


def _save(path: Path, plan: Mapping[str, Any]) -> None:
    from penguin_compile.sync.plan_file import write_json

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write_json(plan), encoding="utf-8")
    except OSError as error:
        raise FileFailure(
            f"can't write the plan to {path}: {error.strerror}",
            hint="name another folder with --out",
        ) from None
