"""`fleet compile`: the artifacts of all specs without errors, each spec by a worker.

The locks of the repositories are held here, so that workers needn't wait for each other; which
folder is whose is settled before any of them writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from penguin_compile.cli.fleet_record import Invocation, remember_run
from penguin_compile.cli.fleet_run import Choice, Run, checked_fleet, show, show_errors, split_ready
from penguin_compile.cli.run_cache import digest_listing
from penguin_compile.core.canonical import canonical_json
from penguin_compile.fleet.exit_codes import worst
from penguin_compile.fleet.run import Member
from penguin_compile.fleet.store import Files, Store, holds
from penguin_compile.fleet.task import Answer, Task
from penguin_compile.report.fleet_view import Row, failed_row

_ACTION = "penguin_compile.cli.fleet_compile:compile_one"
_DIFFERENCES = 2


def compile_fleet(invocation: Invocation, form: str, **options: Any) -> int:
    """Check, compile what has no errors, tell, and return the exit code."""
    choice = Choice.take(options)
    with checked_fleet(choice) as run:
        ready, rows = split_ready(run.selected)
        show_errors(run.selected)
        ready = _refuse_shared_folders(ready, run.members, options["out"], rows)
        wanted = [_order(one, choice, options) for one in ready]
        store = run.store("compile")
        with _locked(ready, check=options["check"]):
            done = {spec: store.get(spec) for spec, _ in wanted}
            fresh = [
                (spec, order)
                for spec, order in wanted
                if not _is_done(done[spec], order, run.files)
            ]
            answers = list(run.workers.do(_ACTION, fresh))
        store.keep(one for one in answers if one.get("files"))
        told = {one["spec"]: one for one in answers}
        for one in ready:
            answer = told.get(one.spec) or _unchanged(done[one.spec] or {})
            rows.append(_row(one, answer, check=options["check"]))
    for row in rows:
        for notice in row.data.get("notes", ()):
            click.echo(notice, err=True)
    show(form, "Compiled", rows)
    code = worst(one.code for one in rows)
    if code == 0 and choice.since is None:
        _remember(invocation, run, store, rows, form)
    return code


def _refuse_shared_folders(
    ready: Sequence[Member], members: Sequence[Member], out: str | None, rows: list[Row]
) -> list[Member]:
    """Those with folders of their own; `rows` gets one for each that wants another's."""
    owner: dict[str, Member] = {}
    for one in members:
        for folder in _folders(one, out):
            owner.setdefault(folder.casefold(), one)
    alone = []
    for one in ready:
        taken = [each for each in _folders(one, out) if owner[each.casefold()] is not one]
        if not taken:
            alone.append(one)
            continue
        folder = os.path.relpath(taken[0])
        other = owner[taken[0].casefold()].spec
        hint = "give each a folder of its own: `outputs`, or the app's name"
        failure = {"message": f"{folder} is wanted by {other}, too", "hint": hint, "code": 64}
        rows.append(failed_row(one.spec, one.app, failure))
    return alone


def _folders(member: Member, out: str | None) -> list[str]:
    """Where it is written; everything of an app's environment into one folder of `out`."""
    folders = member.answer.get("folders", ())
    if out is None:
        return [path for _, name, path in folders if name in member.environments]
    root = os.path.realpath(out)
    return [
        os.path.join(root, app, name) for app, name, _ in folders if name in member.environments
    ]


def _order(
    member: Member, choice: Choice, options: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What a worker is told of a spec; `inputs` change with all that the result depends on."""
    order = {
        "environments": list(member.environments) if choice.environments else [],
        "targets": list(options["targets"]),
        "out": options["out"],
        "check": options["check"],
        "force": options["force"],
    }
    settled = {**order, "check": False, "force": False}
    inputs = canonical_json([settled, member.answer["files"], member.answer["root"]])
    return member.spec, {**order, "inputs": sha256(inputs.encode()).hexdigest()}


def _is_done(answer: Answer | None, order: Mapping[str, Any], now: Files) -> bool:
    """Whether an earlier run made of the same spec what is there now."""
    return (
        answer is not None
        and answer["inputs"] == order["inputs"]
        and holds({**answer, "links": {}, "root": now.root(answer["spec"])}, now)
        and all(os.access(path, os.X_OK) for path in answer["executable"])
        and all(digest_listing(path) == names for path, names in answer["listings"].items())
    )


def _unchanged(answer: Answer) -> Answer:
    return {**answer, "status": "unchanged", "lines": [], "code": 0}


def compile_one(task: Task) -> Answer:
    """A worker's part: one spec's artifacts, written or compared with what is there."""
    from penguin_compile.artifacts.writer import apply_writes
    from penguin_compile.cli.compile import notes_of, tell_stale, tell_written
    from penguin_compile.cli.compile_record import make_compile_record
    from penguin_compile.compilation import compile_spec, plan_compiled
    from penguin_compile.fleet.checking import read_spec
    from penguin_compile.pipeline import check_spec

    options = task.options
    checked = check_spec(read_spec(task)[0], options["environments"])
    out = None if options["out"] is None else Path(options["out"])
    compiled = compile_spec(checked, out=out, targets=options["targets"])
    everything = plan_compiled(compiled)
    changed = [one for one in everything if not one.clean]
    answer: Answer = {
        "spec": task.spec,
        "inputs": options["inputs"],
        "notes": list(notes_of(compiled)),
        "status": "unchanged",
        "lines": [],
        "code": 0,
    }
    if options["check"] and changed:
        lines = [line for one in changed for line in tell_stale(one)]
        return answer | {"status": "stale", "lines": lines, "code": _DIFFERENCES}
    if not options["check"]:
        apply_writes(*everything, force=options["force"])
        if changed:
            answer |= {"status": "written", "lines": [tell_written(one) for one in changed]}
    live = [one for one in compiled if one.digest is not None]
    record = make_compile_record([checked], live, out="", err="")
    if record is None:
        return answer
    parents = {str(one.folder.path.parent) for one in live if one.folder.target is None}
    return answer | {
        "files": {os.path.abspath(path): digest for path, digest, _ in record.files},
        "executable": [os.path.abspath(path) for path, _, mode in record.files if mode],
        "plain": [os.path.abspath(path) for path, _, mode in record.files if mode is False],
        "listings": {path: digest_listing(path) for path in sorted(parents)},
    }


@contextmanager
def _locked(members: Sequence[Member], *, check: bool) -> Iterator[None]:
    """The locks of all repositories that are written to, always taken in one order."""
    from penguin_compile.artifacts.lock import writing

    with ExitStack() as locks:
        if not check:
            for root in sorted({one.answer["root"] for one in members}):
                locks.enter_context(writing(Path(root)))
        yield


def _row(member: Member, answer: Answer, *, check: bool) -> Row:
    failure = answer.get("failure")
    if failure is not None:
        return failed_row(member.spec, member.app, failure)
    status = "up to date" if check and answer["status"] == "unchanged" else answer["status"]
    return Row(
        spec=member.spec,
        app=member.app,
        status=status,
        code=answer["code"],
        text="\n".join(answer["lines"]),
        data={"environments": list(member.environments), "notes": answer["notes"]},
    )


def _remember(
    invocation: Invocation, run: Run, store: Store, rows: Sequence[Row], form: str
) -> None:
    """What the next run says where nothing has changed: that, and the notes again."""
    answers = [store.get(one.spec) for one in rows]
    files: list[tuple[str, str, bool | None]] = []
    for answer in answers:
        if answer is None:  # it can't be told what its result depends on
            return
        modes: dict[str, bool] = dict.fromkeys(answer["executable"], True)
        modes |= dict.fromkeys(answer["plain"], False)
        files += [(path, digest, modes.get(path)) for path, digest in answer["files"].items()]
    if form == "text" and all(one.is_quiet for one in rows):
        from penguin_compile.report.fleet_view import sum_up

        notes = [notice for one in rows for notice in one.data["notes"]]
        listings = [path for answer in answers if answer for path in answer["listings"]]
        settled = "up to date" if all(one.status == "up to date" for one in rows) else "unchanged"
        out = f"{sum_up([replace(one, status=settled) for one in rows])}\n"
        remember_run(invocation, run, out=out, err=notes, files=files, listings=listings)
