"""One run over a fleet: what has to be asked anew, who answers, and what all of it comes to."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from penguin_compile.core.diagnostic import Diagnostic, Severity, sort_diagnostics
from penguin_compile.core.errors import UsageError
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.fleet.crew import Crew, do_all, open_crew
from penguin_compile.fleet.discovery import Fleet
from penguin_compile.fleet.findings import Texts, read_claims, read_finding, shared_keys
from penguin_compile.fleet.store import Files, Store, holds
from penguin_compile.fleet.task import Answer, Task
from penguin_compile.neighbours import find_clashes

_CHECK = "penguin_compile.fleet.checking:check"  # what it imports is for the workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One spec of the fleet, checked: its answer, its findings, and where it is looked at.

    `environments` are those of the spec that were asked for. `selected`: it is reported on, because
    it was asked for, or because it clashes with one that was.
    """

    answer: Answer
    findings: Sequence[Diagnostic]
    environments: Sequence[str]
    selected: bool

    @property
    def spec(self) -> str:
        """Its file, as the user knows it."""
        return str(self.answer["spec"])

    @property
    def app(self) -> str | None:
        """The app's name, as far as it can be read."""
        name = self.answer.get("app")
        return name if isinstance(name, str) else None

    @property
    def failure(self) -> dict[str, Any] | None:
        """What stood in the way of checking it at all."""
        failure: dict[str, Any] | None = self.answer.get("failure")
        return failure

    @property
    def has_errors(self) -> bool:
        """Whether it can't be compiled or planned."""
        return any(one.severity is Severity.ERROR for one in self.findings)


def unique_findings(members: Iterable[Member]) -> list[Diagnostic]:
    """Those of all, sorted; what stands in an import that many share is told once."""
    told: dict[tuple[object, ...], Diagnostic] = {}
    for one in members:
        for finding in one.findings:
            span = finding.span
            place = (span.path, span.start, span.end)
            told.setdefault((finding.code, *place, finding.message, finding.label), finding)
    return sort_diagnostics(told.values())


class Workers:
    """The crew, opened when there is the first work for it."""

    def __init__(self, scheduler: str | None, jobs: int, prepare: str) -> None:
        self._how = (scheduler, jobs, prepare)
        self._open = ExitStack()
        self._run = uuid.uuid4().hex

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def _crew(self) -> Crew:
        return self._open.enter_context(open_crew(*self._how))

    def do(self, action: str, work: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Answer]:
        """Answers about specs, each with options for the action, in any order."""
        here = os.getcwd()
        tasks = [
            Task(action=action, spec=spec, folder=here, run=self._run, options=options)
            for spec, options in work
        ]
        if tasks:
            yield from do_all(self._crew, tasks)


def check_fleet(
    fleet: Fleet, now: Files, store: Store, workers: Workers
) -> tuple[list[Answer], int]:
    """What is known of each spec, in the order of the fleet, and how many were checked anew."""
    known: dict[str, Answer] = {}
    for spec in fleet.specs:
        answer = store.get(spec)
        if answer is not None and holds(answer, now):
            known[spec] = answer
    stale = [spec for spec in fleet.specs if spec not in known]
    fresh: list[Answer] = []
    try:
        fresh.extend(workers.do(_CHECK, ((spec, {}) for spec in stale)))
    finally:  # also when all workers are gone, or somebody has enough of waiting
        store.keep(one for one in fresh if "failure" not in one)
    known |= {one["spec"]: one for one in fresh}
    return [known[spec] for spec in fleet.specs], len(stale)


def assemble(
    answers: Sequence[Answer],
    *,
    environments: Sequence[str] = (),
    since: str | None = None,
    strangers: bool = True,
) -> list[Member]:
    """The members of the fleet with all that is found about them and between them.

    Clashes are looked for among all; without `strangers`, apps that no spec here describes are no
    matter. Raises UsageError for an environment that no spec has.
    """
    _refuse_unknown(answers, environments)
    selected = None if since is None else _changed(answers, since)
    texts = Texts()
    between: dict[int, list[Diagnostic]] = {}
    able = [index for index, one in enumerate(answers) if "failure" not in one]
    claimed = [answers[index]["claims"] for index in able]
    keys = shared_keys(claimed)
    claims = [read_claims(one, keys, tuple(environments)) for one in claimed]
    for clash in find_clashes(claims, whole=strangers):
        spec = able[clash.spec]
        touched = {
            answers[able[one]]["spec"] for one in (clash.spec, clash.other) if one is not None
        }
        if selected is None or not touched.isdisjoint(selected):
            between.setdefault(spec, []).append(_place(clash.finding, texts))
    members = []
    for index, answer in enumerate(answers):
        chosen = selected is None or answer["spec"] in selected
        told = chosen and answer.get("findings")
        own = list(_findings(answer, environments, texts)) if told else []
        names = [
            one for one in answer.get("environments", ()) if not environments or one in environments
        ]
        members.append(
            Member(
                answer=answer,
                findings=sort_diagnostics([*own, *between.get(index, ())]),
                environments=names,
                selected=index in between or (chosen and bool(names or not environments)),
            )
        )
    return members


def _changed(answers: Sequence[Answer], since: str) -> set[str]:
    from penguin_compile.fleet.changes import changed_specs  # with the YAML parser

    return changed_specs(answers, since)


def _refuse_unknown(answers: Sequence[Answer], environments: Sequence[str]) -> None:
    known = dict.fromkeys(name for one in answers for name in one.get("environments", ()))
    for name in environments:
        if name not in known:
            near = did_you_mean(name, known)
            message = f'no spec has an environment "{name}"' + (f"; {near}" if near else "")
            raise UsageError(message, hint=f"there are: {list_names(known)}" if known else None)


def _findings(answer: Answer, environments: Sequence[str], texts: Texts) -> Iterator[Diagnostic]:
    """The findings that hold in the environments that were asked for."""
    from penguin_compile.pipeline import UNUSED_ALLOWANCE  # with the YAML parser

    chosen = [one for one in answer.get("environments", ()) if one in environments]
    for data in answer.get("findings", ()):
        names = [one for one in data["environments"] if one in chosen]
        if environments and not chosen:
            continue
        if chosen and data["environments"] and not names:
            continue
        if (
            chosen
            and data["code"] == UNUSED_ALLOWANCE
            and len(chosen) < len(answer["environments"])
        ):
            continue
        shown = () if chosen and len(names) == len(chosen) else names or data["environments"]
        yield read_finding({**data, "environments": shown}, texts)


def _place(finding: Diagnostic, texts: Texts) -> Diagnostic:
    """A finding between specs, whose places are offsets in texts that nobody has read."""
    return replace(
        finding,
        span=texts.span((finding.span.path, finding.span.start, finding.span.end)),
        related=tuple(
            replace(one, span=texts.span((one.span.path, one.span.start, one.span.end)))
            for one in finding.related
        ),
    )
