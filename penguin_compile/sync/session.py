"""One environment's systems, opened: what plan reads and apply writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from penguin_compile.core.ahead import Ahead
from penguin_compile.core.errors import Conflicted, Refused, UsageError
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import SecretReference
from penguin_compile.live.backend import Backend, Reading
from penguin_compile.live.config.backend import ConfigBackend
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.database_url import SQLITE
from penguin_compile.live.config.row import KIND as CONFIG
from penguin_compile.live.config.row import Rows
from penguin_compile.live.marchproxy.backend import Lists, MarchProxyBackend
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import VALUE, Desired, SecretState
from penguin_compile.sync.application import Author, apply_plan
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.glance import remembered_resources, settled_resources, settled_settings
from penguin_compile.sync.guards import check_guards, remember
from penguin_compile.sync.ledger import Ledger
from penguin_compile.sync.outcome import Outcome, Progress
from penguin_compile.sync.past import find_other_apps
from penguin_compile.sync.planning import Situation, make_plan
from penguin_compile.sync.sight import note_sights
from penguin_compile.sync.state import FOLDER, State, open_state

_NOTHING_READ: Final = Situation(desired=(), live={}, bases={}, kinds=())


@dataclass(slots=True, kw_only=True)
class Session:
    """One app in one environment, with its systems."""

    app: App
    spec_digest: str
    locate: Callable[[Pointer], str]
    state: State
    database: Database | None
    gateway: MarchProxyBackend | None
    resolve: Resolver
    git_commit: str | None = None
    manners: Manners = field(default_factory=Manners)
    secret_keys: frozenset[str] = frozenset()
    situation: Situation = _NOTHING_READ

    def plan(self, decisions: Decisions, *, whole: bool = False) -> Plan:
        """Read both sides and the ledger, and compare. Writes nothing.

        `whole`: with changes that say nothing but `unchanged`, which are only counted otherwise.
        """
        situation = self.read(secrets=decisions.secrets, glance=not whole and not decisions.only)
        plan = make_plan(
            self.app,
            situation,
            decisions,
            spec_digest=self.spec_digest,
            locate=self.locate,
            whole=whole,
        )
        return note_sights(plan, self.app, situation)

    def read(self, *, secrets: bool, glance: bool = False) -> Situation:
        """Both sides and the ledger, kept as `situation` for whoever asks about the plan.

        With `glance`, what a first look finds settled is told by name alone.
        """
        lists = None if self.gateway is None else Ahead(self.gateway.fetch)
        try:
            return self._read(lists, secrets=secrets, glance=glance)
        finally:
            if lists is not None:
                lists.leave()

    def _read(self, lists: Ahead[Lists] | None, *, secrets: bool, glance: bool) -> Situation:
        config = self._config(secrets=secrets)
        ledger, rows = self._read_database(config)
        backends: list[Backend] = []
        readings: list[Reading] = []
        desired: list[Desired] = []
        settled: dict[str, Mapping[str, str]] = {CONFIG: {}}
        if config is not None:
            if glance:
                settled[CONFIG] = settled_settings(self.app.settings, rows, ledger)
            backends.append(config)
            readings.append(config.interpret(rows, settled=settled[CONFIG]))
            desired.extend(config.project(self.app, settled=settled[CONFIG]))
        if self.gateway is not None and lists is not None:
            wanted = self.gateway.projections
            remembered = remembered_resources(wanted, ledger) if glance else {}
            rows_there = lists.wait()
            settled |= settled_resources(remembered, self.gateway.find_plain(rows_there))
            backends.append(self.gateway)
            readings.append(self.gateway.interpret(rows_there, settled))
            desired.extend(self.gateway.project(self.app, settled))
        self.situation = Situation(
            desired=desired,
            live={address: live for one in readings for address, live in one.live.items()},
            bases=ledger.without(chain(*(one.values() for one in settled.values()))),
            kinds=[kind for one in backends for kind in one.kinds],
            undeletable=self._undeletable(),
            secrets=secrets,
            settled=settled,
            targets=tuple(one.describe() for one in backends),
            notices=tuple(notice for one in readings for notice in one.notices),
            warnings=tuple(warning for one in readings for warning in one.warnings),
        )
        return self.situation

    def _read_database(self, config: ConfigBackend | None) -> tuple[Ledger, Rows | None]:
        """The ledger and the config table, asked for at once: a server may be far away."""
        if self.state.database.dialect == SQLITE:  # a file: two threads only wait for each other
            ledger, rows = self.state.ledger(), None if config is None else config.fetch()
        else:
            waiting = Ahead(self.state.ledger)
            try:
                rows = None if config is None else config.fetch()
            finally:
                waiting.leave()
            ledger = waiting.wait()
        self.secret_keys = ledger.secret_keys(CONFIG)
        if config is not None:
            config.secret_keys = self.secret_keys
        return ledger, rows

    def check(
        self, plan: Plan, decisions: Decisions, desired: Sequence[Desired] | None = None
    ) -> None:
        """Everything that can say no before the first write.

        `desired` is what the plan wants where that is not the spec's. Raises UsageError for what
        the server can't do, Refused for limits and protections, Conflicted for what a person has
        to decide.
        """
        problems = self._problems(plan, desired)
        if problems:
            raise UsageError("; ".join(problems), hint="nothing was written")
        if self.manners.bulk and self.gateway is not None and not self.gateway.can_import():
            raise UsageError(
                f"--import: {self.gateway.describe()} has no import",
                hint="nothing was written; without --import each change is a request of its own",
            )
        memory = remember(self.situation, self._other_apps())
        reasons = check_guards(plan, decisions, self.app.environment.limits, memory)
        if reasons:
            raise Refused("; ".join(reasons), hint="nothing was written")
        conflicts = [one for one in plan.changes if one.klass is ChangeClass.CONFLICT]
        if conflicts and not decisions.skip_conflicts:
            listed = ", ".join(str(one.address) for one in conflicts[:10])
            raise Conflicted(
                f"{len(conflicts)} to be decided by a person: {listed}",
                hint="nothing was written; decide as shown above, or do the rest with "
                "--skip-conflicts",
            )

    def check_memory(self, plan: Plan) -> None:
        """A runner without memory would take everything for somebody else's (sync.md, State)."""
        environment = self.app.environment
        if environment.database is not None or environment.state is not None or FOLDER.exists():
            return
        if any(one.precondition is not None for one in plan.changes):
            raise Refused(
                f"there is no {FOLDER}/ here, and the gateway already has resources of "
                f"{self.app.name}: --yes would decide without knowing what was applied last",
                hint="keep the ledger in a database, `state: {url: …}`, or apply without --yes",
            )

    def apply(
        self,
        plan: Plan,
        *,
        plan_text: str,
        lock_timeout: float = 0.0,
        progress: Progress | None = None,
        desired: Sequence[Desired] | None = None,
        note: str | None = None,
    ) -> Outcome:
        """Do the plan, exactly; see `apply_plan` for what it raises.

        `plan_text` is what `keep_plan` made of it for the revision; `note` stands beside it.
        `desired` is what the plan wants where that is not the spec's. A secret that
        is not required and that nobody has set is not written.
        """
        needed = self._needs_secrets(plan)
        config = self._config(secrets=needed)
        if desired is None and self.situation.covers(secrets=needed):
            desired = self.situation.desired
        elif desired is None:
            backends = [one for one in (config, self.gateway) if one]
            desired = [want for one in backends for want in one.project(self.app)]
        wanted = {one.address: one for one in desired}
        return apply_plan(
            replace(plan, changes=tuple(one for one in plan.changes if _can_do(one, wanted))),
            config=config,
            gateway=self.gateway,
            state=self.state,
            desired=wanted,
            lock_timeout=lock_timeout,
            progress=progress,
            author=Author(git_commit=self.git_commit, plan=plan_text, note=note),
            parallelism=self.manners.parallelism,
            bulk=self.manners.bulk,
        )

    def _config(self, *, secrets: bool) -> ConfigBackend | None:
        if self.database is None:
            return None
        return ConfigBackend(
            self.database,
            self.app,
            salt=self.state.salt(),
            resolve=self.resolve if secrets else None,
            secret_keys=self.secret_keys,
        )

    def _other_apps(self) -> tuple[str, ...]:
        """Whose config table this is by its ledger, where this app has no part in it yet."""
        if self.database is None or not self.state.database.is_same(self.database):
            return ()
        bases = self.situation.bases
        if self.situation.count_settled()[CONFIG] or any(one.kind == CONFIG for one in bases):
            return ()
        return find_other_apps(self.state, self.app.outputs.config_table.name)

    def _needs_secrets(self, plan: Plan) -> bool:
        for one in plan.changes:
            if one.address.kind != CONFIG or one.action not in {Action.CREATE, Action.UPDATE}:
                continue
            for change in one.fields:
                if change.sensitive:
                    return True
        return False

    def _undeletable(self) -> list[str]:
        if self.gateway is None:
            return []
        return [kind for kind in self.gateway.kinds if not self.gateway.can_delete(kind)]

    def _problems(self, plan: Plan, desired: Sequence[Desired] | None) -> list[str]:
        config = self._config(secrets=False)
        problems = [] if config is None else config.problems(plan.changes)
        if self.gateway is None:
            return problems
        written = {one.address for one in plan.changes if one.action is not Action.NONE}
        wanted = self.gateway.project(self.app) if desired is None else desired
        return problems + [
            self._place(problem, one)
            for one in wanted
            if one.address in written and one.address.kind in self.gateway.kinds
            for problem in self.gateway.problems(one)
        ]

    def _place(self, problem: str, desired: Desired) -> str:
        """A problem and the line of the spec that it is about, where the spec has it."""
        if not desired.pointer:
            return problem
        return f"{self.locate(desired.pointer)}: {problem}"


@contextmanager
def open_session(
    app: App,
    spec_digest: str,
    locate: Callable[[Pointer], str],
    *,
    git_commit: str | None = None,
    manners: Manners | None = None,
) -> Iterator[Session]:
    """The systems of an app's environment; closed at the end. `manners` are for the gateway.

    Raises UsageError where the environment names none.
    """
    environment = app.environment
    if environment.database is None and environment.gateway is None:
        name = environment.name
        raise UsageError(
            f'the environment "{name}" of {app.name} names neither a database nor a gateway',
            hint=f"add environments.{name}.database: {{url: …}} or marchproxy: {{url: …}}",
        )
    with ExitStack() as stack:
        resolve = stack.enter_context(Resolver())
        database = None
        if environment.database is not None:
            database = Database(resolve_url(environment.database, resolve))
            stack.callback(database.close)
        state = open_state(
            app.name,
            environment.name,
            database=database,
            url=None if environment.state is None else resolve_url(environment.state, resolve),
            folder=Path(FOLDER),
        )
        stack.callback(state.database.close)
        gateway = None
        if environment.gateway is not None:
            gateway = MarchProxyBackend(environment.gateway, app, manners=manners, resolve=resolve)
            stack.callback(gateway.close)
        yield Session(
            app=app,
            spec_digest=spec_digest,
            locate=locate,
            state=state,
            database=database,
            gateway=gateway,
            resolve=resolve,
            git_commit=git_commit,
            manners=manners or Manners(),
        )


def _can_do(change: Change, desired: Mapping[Address, Desired]) -> bool:
    if not isinstance((change.writes or {}).get(VALUE), SecretState):
        return True
    wanted = desired.get(change.address)
    return wanted is not None and bool(wanted.secret)


def resolve_url(url: str | SecretReference, resolve: Resolver) -> str:
    """The URL of a system, where it is kept as a secret."""
    return url if isinstance(url, str) else resolve(url).reveal()
