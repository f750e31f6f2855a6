"""The console's list page with many keys, beside the bare SELECT of a page.

Over a real socket, logged in, with counts of all categories, the ledger's entries and rendering.
The SELECT is that of the page's rows alone, by a connection that is open. The console answers
in a process of its own, as it does where it is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
from sqlalchemy import create_engine, text

from bench.databases import databases, make_settings
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


def bench_console(count: int, folder: str) -> None:
    print(f"\nthe console's list page, {count:,} keys")
    with databases(folder) as found:
        for kind, url in found.items():
            _bench(kind, url, count, Path(folder))


def _bench(kind: str, url: str, count: int, folder: Path) -> None:
    spec = folder / "console.yaml"
    told = make_settings(count, "URL").splitlines()
    lines = [
        line.replace("category: system", f"category: {CATEGORIES[number % len(CATEGORIES)]}")
        for number, line in enumerate(told)
    ]
    secret = '{url: {secret: "env:BENCH_URL"}}'
    spec.write_text("\n".join(lines).replace('{url: "URL"}', secret) + "\n", encoding="utf-8")
    program = str(Path(sys.executable).parent / "penguin-compile")
    environment = {**os.environ, "BENCH_URL": url, "PENGUIN_CONSOLE_PASSWORD": PASSWORD}
    options = ("--env", "bench")
    subprocess.run(
        [program, "apply", str(spec), *options, "--yes"],
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
        [program, "serve", str(spec), *options, "--port", "0", "--local-admin", "bench"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split(" at ")[1].split(". ")[0]
        _measure(kind, url, address)
    finally:
        server.terminate()
        server.wait()


def _measure(kind: str, url: str, address: str) -> None:
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
    floor, seconds = median(selects), median(pages)
    print(f"  {kind}: an answer without any work          {median(empty) * 1000:8.2f} ms")
    print(f"  {kind}: floor, the bare SELECT of {PAGE} rows    {floor * 1000:8.2f} ms")
    print(
        f"  {kind}: the page                             {seconds * 1000:8.2f} ms"
        f" {seconds / floor:7.2f} times"
    )
