"""An apply killed at one place after another; run by test_database_killed.

`killed_database URL FOLDER SCENARIO SEED COUNT` prints one line of JSON for each place: what was
killed there, and everything that was wrong afterwards. COUNT 0 takes all places. A place may be
missed: on a busy machine the lock is renewed more often in one run than in another.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from penguin_compile.cli.program import run
from tests.faults.places import Step, kill_at, watch_drivers
from tests.faults.shop import APPLY, BEFORE, NEW_KEYS, ROTATE, Shop, read_table

PLAN = ("plan", "--env", "dev", "--prune", "--secrets", "--detailed-exitcode")
COMMANDS = {"first": APPLY, "later": APPLY, "saved": ("apply", "plan.json"), "rotate": ROTATE}


def in_a_child(shop: Shop, arguments: tuple[str, ...], step: Step | None = None) -> int | None:
    """The exit code of the program, None where it was killed."""
    child = os.fork()
    if child == 0:
        try:
            os.chdir(shop.folder)
            os.environ.update(shop.variables)
            log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            if step is not None:
                watch_drivers(step)
            code = run(arguments)
            sys.stdout.flush()
            Path("modules").write_text("\n".join(sys.modules))
            os._exit(code)
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


class Trial:
    """One scenario: how the database stands before the apply, and how after one that nobody kills.

    `first` applies to an empty database, `later` changes what is there, `saved` does so by a saved
    plan, after which an admin edits what the plan leaves alone, and `rotate` seals secrets anew.
    """

    def __init__(self, shop: Shop, scenario: str) -> None:
        self.shop = shop
        self.scenario = scenario
        self.command = COMMANDS[scenario]
        self.engine = create_engine(shop.url, poolclass=NullPool)
        self._prepare()
        self.before = self._snapshot()
        self.missed = False
        self.seen = shop.everything()
        self.places = self._count()
        warm_up(shop)
        self.wanted = shop.everything()

    def _prepare(self) -> None:
        shop = self.shop
        shop.write(BEFORE)
        if self.scenario == "first":
            return
        expect(in_a_child(shop, APPLY), 0, "the apply before")
        if self.scenario == "rotate":
            shop.keys = NEW_KEYS
            return
        shop.live_through_a_day()
        expect(in_a_child(shop, (*PLAN, "--out", "plan.json")), 2, "the plan")
        if self.scenario == "saved":
            shop.edit(foreign_key="edited after the plan", same="edited after the plan")

    def _count(self) -> list[str]:
        log = self.shop.folder / "places"
        log.write_text("")

        def note(what: str) -> None:
            with log.open("a") as file:
                file.write(f"{what}\n")

        expect(in_a_child(self.shop, self.command, note), 0, "the apply that nobody kills")
        return log.read_text().splitlines()

    def _snapshot(self) -> dict[str, list[dict[str, Any]]]:
        with self.engine.connect() as connection:
            names = inspect(connection).get_table_names()
            return {name: read_table(connection, name) for name in names}

    def restore(self) -> None:
        """All tables as they were before the apply."""
        with self.engine.begin() as connection:
            for name in inspect(connection).get_table_names():
                if name not in self.before:
                    connection.execute(text(f"DROP TABLE {name}"))
                    continue
                connection.execute(text(f"DELETE FROM {name}"))
                rows = self.before[name]
                if rows:
                    quote = connection.dialect.identifier_preparer.quote
                    columns = ", ".join(quote(one) for one in rows[0])
                    values = ", ".join(f":{one}" for one in rows[0])
                    insert = text(f"INSERT INTO {name} ({columns}) VALUES ({values})")
                    connection.execute(insert, rows)

    def kill(self, place: int) -> list[str]:
        """What is wrong after a kill there and the same command again."""
        self.restore()
        code = in_a_child(self.shop, self.command, kill_at(place))
        self.missed = code is not None
        if self.missed:
            return [] if code == 0 else [f"it was not killed, and ended with {code}"]
        killed = self.shop.everything()
        done = killed == self.wanted
        wrong = [] if done or killed == self.seen else ["the database is neither before nor after"]
        # A saved plan that was done is no plan for what is there now.
        again = in_a_child(self.shop, self.command)
        wanted = 5 if done and self.scenario == "saved" else 0
        wrong += [] if again == wanted else [f"the same command ends with {again}"]
        return wrong + self._compare(self.wanted) + self._check_plan()

    def kill_and_edit(self, place: int) -> list[str]:
        """The same where an admin edits a row of the plan before it is repeated."""
        self.restore()
        self.missed = in_a_child(self.shop, self.command, kill_at(place)) is not None
        done = self.shop.everything() == self.wanted
        if self.scenario == "first" and not done:
            return []  # there is no row yet
        self.shop.edit(updated="the admin's")
        again = in_a_child(self.shop, self.command)
        wanted = {("later", False): 3, ("saved", False): 5, ("saved", True): 5}
        expected = wanted.get((self.scenario, done), 0)
        wrong = [] if again == expected else [f"the same command ends with {again}"]
        if expected == 3:
            rest = in_a_child(self.shop, (*APPLY, "--skip-conflicts"))
            wrong += [] if rest == 3 else [f"the rest ends with {rest}"]
        if self.shop.value("updated") != "the admin's":
            wrong.append("an edit was overwritten")
        return wrong

    def _compare(self, wanted: dict[str, Any]) -> list[str]:
        now = self.shop.everything()
        return [
            f"{name} has {sorted(set(rows) ^ set(wanted[name]))}"
            if set(rows) != set(wanted[name])
            else f"{name} has something twice"
            for name, rows in now.items()
            if rows != wanted[name]
        ]

    def _check_plan(self) -> list[str]:
        left = in_a_child(self.shop, PLAN)
        return [] if left == 0 else [f"the plan afterwards ends with {left}"]


def warm_up(shop: Shop) -> None:
    """What a child did before it came to the database, so that none has to do it again."""
    modules = shop.folder / "modules"
    for name in modules.read_text().splitlines() if modules.exists() else ():
        with suppress(ImportError):
            import_module(name)
    with redirect_stdout(StringIO()):
        run(("-C", str(shop.folder), "validate"))


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found} for {wanted}")


def choose(places: list[str], count: int, seed: int) -> list[int]:
    """All, or some: those around commits, and others at random."""
    if count == 0:
        return list(range(1, len(places) + 1))
    commits = [number for number, what in enumerate(places, 1) if what.endswith(" commit")]
    others = [number for number in range(1, len(places) + 1) if number not in commits]
    dice = random.Random(seed)
    commits = dice.sample(commits, min(len(commits), count // 2))
    return sorted([*commits, *dice.sample(others, min(len(others), count - len(commits)))])


def main(url: str, folder: str, scenario: str, seed: str, count: str) -> None:
    expect(scenario in COMMANDS, True, scenario)
    shop = Shop(Path(folder), url)
    trial = Trial(shop, scenario)
    gc.freeze()
    every = int(count) == 0
    for number, place in enumerate(choose(trial.places, int(count), int(seed))):
        wrong: list[str] = []
        ways: tuple[Callable[[int], list[str]], ...] = (trial.kill, trial.kill_and_edit)
        for way in ways if every else (ways[number % 3 == 2],):
            wrong += way(place)
        line = {"place": place, "of": len(trial.places), "at": trial.places[place - 1]}
        sys.stdout.write(json.dumps(line | {"wrong": wrong, "missed": trial.missed}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
