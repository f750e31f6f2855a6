"""MarchProxy over loopback: plan and apply beside the bare requests of the same HTTP library.

The gateway is the sandbox in a process of its own, as a user has it. Floor and command take turns;
what is told are medians, of seconds and of this process's own processor time: the server's time is
in the seconds of both.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread
from typing import Any

import httpx
import orjson

from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM
from penguin_compile.cli.planning import open_environment
from penguin_compile.pipeline import CheckedSpec, check_file
from penguin_compile.sandbox.store import Store
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.kept_plan import keep_plan
from penguin_compile.sync.session import Session

CONNECTIONS = 4  # what apply takes by default
PAGE = 1000
FIRST_LIST = 64
SERVICES = "/api/v1/services"
KEY, PASSWORD = "bench-key", "bench-password"
DEFAULTS = {
    "tls_verify": True,
    "jwt_expiry": 3600,
    "jwt_algorithm": "HS256",
    "jwt_secret": "made-up " * 8,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the wall, and of this process's processor time."""

    wall: float
    own: float


def timed(work: Callable[[], object]) -> Cost:
    """What some work costs, without the garbage collector, as every command does."""
    gc.collect()
    gc.disable()
    wall, own = time.perf_counter(), time.process_time()
    work()
    cost = Cost(time.perf_counter() - wall, time.process_time() - own)
    gc.enable()
    return cost


def middle(costs: Sequence[Cost]) -> Cost:
    return Cost(median(one.wall for one in costs), median(one.own for one in costs))


@contextmanager
def served(dialect: str, database: Path | None = None) -> Iterator[str]:
    """A sandbox in a process of its own; its URL."""
    command = [PROGRAM, "sandbox", "--port", "0", "--json", "--dialect", dialect]
    if dialect == "api-server":
        command += ["--seed", f"admin@example.com:{PASSWORD}"]
    if database is not None:
        command += ["--database", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def write_spec(folder: Path, url: str, dialect: str, services: int) -> CheckedSpec:
    """A spec of services alone."""
    lines = ["penguin: 1", 'app: {name: bench, version: "1"}', "services:"]
    for number in range(services):
        port = 1024 + number % 60000
        lines.append(
            f"  service-{number}: {{host: backend-{number}, port: {port}, protocol: http,"
            f" auth: jwt, health_check: {{path: /healthz/{number}, interval: 30s}}}}"
        )
    access = '"env:BENCH_GATEWAY"'
    login = f"token: {{secret: {access}}}"
    if dialect == "api-server":
        login = f"username: admin, password: {{secret: {access}}}"
    lines += ["environments:", "  bench:", f'    marchproxy: {{url: "{url}", {login}}}', ""]
    spec = folder / "spec.yaml"
    spec.write_text("\n".join(lines), encoding="utf-8")
    return check_file(spec)


@contextmanager
def opened(checked: CheckedSpec) -> Iterator[Session]:
    with open_environment(checked.environments["bench"], checked.loaded.root) as session:
        yield session


def authorize(http: httpx.Client, dialect: str) -> None:
    """The header that all bare requests bear."""
    token = KEY
    if dialect == "api-server":
        body = {"username": "admin", "password": PASSWORD}
        token = http.post("/api/v1/auth/login", json=body).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"


def fetch_pages(url: str, dialect: str) -> list[Any]:
    """The list alone, parsed."""
    rows: list[Any] = []
    with httpx.Client(base_url=url) as http:
        authorize(http, dialect)
        if dialect == "standard":
            orjson.loads(http.get("/api/v1/config/1").content)
            return list(orjson.loads(http.get(SERVICES).content)["services"])
        while True:
            query = f"?skip={len(rows)}&limit={PAGE}&active_only=false"
            page = orjson.loads(http.get(SERVICES + query).content)
            rows += page["services"]
            if len(rows) >= page["total"]:
                return rows


class Creation:
    """Creates, and what reads them back: each by itself, or where only a list can, some by a list.

    Lists come as often as apply has them: after 64 creates, 128 more and so on, and at the end; the
    last of those before the end falls together with it, because answers come many at a time.
    """

    def __init__(self, dialect: str, bodies: Sequence[dict[str, Any]]) -> None:
        self.waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
        for body in bodies:
            self.waiting.put(body)
        self.by_list = dialect == "standard"
        doublings = (len(bodies) // FIRST_LIST).bit_length()
        self.lists = [FIRST_LIST * (2**one - 1) for one in range(1, doublings)] + [len(bodies)]
        self.done = count(1)

    def work(self, http: httpx.Client) -> None:
        """Until none is left."""
        while True:
            try:
                body = self.waiting.get_nowait()
            except Empty:
                return
            answer = http.post(SERVICES, json=body)
            assert answer.status_code == httpx.codes.CREATED, answer.text
            row = orjson.loads(answer.content)
            if not self.by_list:
                orjson.loads(http.get(f"{SERVICES}/{row['id']}").content)
            elif next(self.done) in self.lists:
                orjson.loads(http.get(SERVICES).content)


def create_bare(url: str, dialect: str, bodies: Sequence[dict[str, Any]]) -> Cost:
    """What a loop costs that has as many connections as apply, each with a client of its own."""
    creation = Creation(dialect, bodies)
    clients = [httpx.Client(base_url=url) for _ in range(CONNECTIONS)]
    for client in clients:
        authorize(client, dialect)
    threads = [Thread(target=creation.work, args=(one,)) for one in clients]

    def work() -> None:
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    try:
        return timed(work)
    finally:
        for client in clients:
            client.close()


def make_bodies(checked: CheckedSpec) -> list[dict[str, Any]]:
    """What apply sends."""
    with opened(checked) as session:
        assert session.gateway is not None
        wanted = session.gateway.project(session.app)
    return [{**one.fields, "name": one.address.name, "cluster_id": 1} for one in wanted]


def fill(path: Path, bodies: Sequence[dict[str, Any]]) -> None:
    """The sandbox's memory with all services in it."""
    store = Store(path)
    with store.transaction():
        for body in bodies:
            store.insert("services", {**DEFAULTS, **body})
    store.close()


def measure_plan(dialect: str, services: int, folder: Path, runs: int) -> Iterator[Measurement]:
    """A plan that finds nothing changed, beside fetching and parsing the list."""
    database = folder / "sandbox.db"
    fill(database, make_bodies(write_spec(folder, "http://127.0.0.1:1", dialect, services)))
    with served(dialect, database) as url:
        checked = write_spec(folder, url, dialect, services)

        def plan() -> None:
            with opened(checked) as session:
                made = session.plan(Decisions())
                assert not made.changes, made.changes[:3]

        with opened(checked) as session:
            session.apply(session.plan(Decisions()), plan_text="{}")
        floors, plans = [], []
        plan()
        for _ in range(runs):
            floors.append(timed(lambda: fetch_pages(url, dialect)))
            plans.append(timed(plan))
    yield from rows(
        f"{services:,} services",
        f"{dialect}: plan, nothing changed",
        middle(plans),
        "httpx: the pages alone, parsed",
        middle(floors),
        1.5,
    )


def measure_apply(dialect: str, services: int, folder: Path, runs: int) -> Iterator[Measurement]:
    """An apply that creates everything, beside the bare requests."""
    floors, applies = [], []
    for run in range(runs):
        place = folder / str(run)
        place.mkdir()
        with chdir(place):
            with served(dialect) as url:
                bodies = make_bodies(write_spec(place, url, dialect, services))
                floors.append(create_bare(url, dialect, bodies))
            with served(dialect) as url:
                applies.append(apply_all(write_spec(place, url, dialect, services), services))
    yield from rows(
        f"{services:,} services",
        f"{dialect}: apply all as new, {CONNECTIONS} connections",
        middle(applies),
        "httpx: the requests alone",
        middle(floors),
        1 / 0.9,
    )


def apply_all(checked: CheckedSpec, services: int) -> Cost:
    """What the apply costs, without the plan before it."""
    with opened(checked) as session:
        plan = session.plan(Decisions())

        def apply() -> None:
            text = keep_plan(plan, str(checked.loaded.path), Decisions())
            outcome = session.apply(plan, plan_text=text)
            assert len(outcome.done) == services, outcome

        return timed(apply)


def rows(
    size: str, stage: str, cost: Cost, floor_name: str, floor: Cost, target: float
) -> Iterator[Measurement]:
    """On the wall, where the server's time is in both, and of this process alone."""
    yield Measurement(
        size=size,
        stage=stage,
        value=cost.wall,
        beside=floor_name,
        beside_value=floor.wall,
        target=target,
    )
    yield Measurement(
        size=size,
        stage=f"{stage}, processor seconds of the client alone",
        value=cost.own,
        beside=floor_name,
        beside_value=floor.own,
    )


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    runs = max(scale.runs, 7) if scale.runs > 2 else scale.runs
    for dialect in ("standard", "api-server"):
        os.environ["BENCH_GATEWAY"] = PASSWORD if dialect == "api-server" else KEY
        for part, number in ((measure_plan, scale.peer_items), (measure_apply, scale.created)):
            with tempfile.TemporaryDirectory(dir=folder) as place, chdir(place):
                yield from part(dialect, number, Path(place), runs)
