"""The console's list page with many keys, beside the bare SELECT of a page.

Over a real socket, logged in, with counts of all categories, the ledger's entries and rendering.
The SELECT is that of the page's rows alone, by a connection that is open. The console answers
in a process of its own, as it does where it is used.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
from sqlalchemy import create_engine, text

from bench.databases import databases, make_settings
from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM
from penguin_compile.console.browsing import PAGE
from penguin_compile.live.config.database_url import parse_url

ROUNDS = 60
PASSWORD = "a long password of the bench"
CATEGORIES = ("database", "email", "integration", "license", "security", "system")
SELECT = (
    "SELECT config_key, config_value, config_type, category, description, is_sensitive, "
    "last_updated, updated_by FROM config ORDER BY category, config_key "
    f"LIMIT {PAGE} OFFSET 0"
)


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    with databases(str(folder)) as found:
        for kind, url in found.items():
            yield from _measure_page(kind, url, scale.page_keys, folder)


def _measure_page(kind: str, url: str, count: int, folder: Path) -> Iterator[Measurement]:
    spec = folder / "console.yaml"
    told = make_settings(count, "URL").splitlines()
    lines = [
        line.replace("category: system", f"category: {CATEGORIES[number % len(CATEGORIES)]}")
        for number, line in enumerate(told)
    ]
    secret = '{url: {secret: "env:BENCH_URL"}}'
    spec.write_text("\n".join(lines).replace('{url: "URL"}', secret) + "\n", encoding="utf-8")
    environment = {**os.environ, "BENCH_URL": url, "PENGUIN_CONSOLE_PASSWORD": PASSWORD}
    options = ("--env", "bench")
    subprocess.run(
        [PROGRAM, "apply", str(spec), *options, "--yes"],
        check=True,
        capture_output=True,
        cwd=folder,
        env=environment,
    )
    if kind == "PostgreSQL":  # as its autovacuum does within a minute
        analyse = create_engine(parse_url(url), isolation_level="AUTOCOMMIT")
        with analyse.connect() as connection:
            connection.execute(text("ANALYZE"))
        analyse.dispose()
    server = subprocess.Popen(
        [PROGRAM, "serve", str(spec), *options, "--port", "0", "--local-admin", "bench"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split(" at ")[1].split(". ")[0]
        select, nothing, page = _ask(url, address)
    finally:
        server.terminate()
        server.wait()
    size = f"{count:,} keys"
    for stage, value, target in (
        ("an answer without any work", nothing, None),
        ("the list page", page, 5),
    ):
        yield Measurement(
            size=size,
            stage=f"{kind}: {stage}",
            value=value,
            beside=f"bare SELECT of {PAGE} rows",
            beside_value=select,
            target=target,
        )


def _ask(url: str, address: str) -> tuple[float, float, float]:
    """Median seconds of the SELECT, of an answer without work, and of the page."""
    engine = create_engine(parse_url(url))
    with httpx.Client(base_url=address) as client, engine.connect() as connection:
        token = client.get("/login")
        cookie = token.headers["set-cookie"].partition(";")[0]
        form = {"name": "bench", "password": PASSWORD, "token": cookie.partition("=")[2]}
        answer = client.post("/login", data=form, headers={"Cookie": cookie})
        session = answer.headers["set-cookie"].partition(";")[0]
        # The library's own client: it takes a tenth of the time of httpx, which is not our subject.
        wire = HTTPConnection(urlsplit(address).netloc)

        def fetch(path: str) -> bytes:
            wire.request("GET", path, headers={"Cookie": session})
            answer = wire.getresponse()
            assert answer.status == 200
            return answer.read()

        query = text(SELECT)
        pages, selects, empty = [], [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            rows = connection.execute(query).fetchall()
            selects.append(time.perf_counter() - start)
            start = time.perf_counter()
            fetch("/healthz")
            empty.append(time.perf_counter() - start)
            start = time.perf_counter()
            page = fetch("/settings")
            pages.append(time.perf_counter() - start)
            assert page.count(b'class="row"') == PAGE == len(rows)
        wire.close()
    engine.dispose()
    return median(selects), median(empty), median(pages)
