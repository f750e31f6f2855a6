"""examples/myapp: started by its one command, edited in a real browser, promoted into its spec."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.models import ROOT
from tests.requirements import end_without
from tests.runtime.killkrill import run_killkrill

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PASSWORD = "a long password of tests"
CANARY = "Canary-of-the-mail-server-51c8"
SECONDS = 90
PARTS = ("app", "console", "gateway", "license")


class Example:
    """A copy of the example in a repository of its own, and the commands of a second terminal."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(
            ROOT / "examples" / "myapp",
            folder,
            ignore=shutil.ignore_patterns(".run", "__pycache__"),
        )
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "As it is")

    def git(self, *arguments):
        who = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
        command = ["git", *who, *arguments]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def penguin(self, command, *arguments):
        script = '. .run/environment && exec "$@"'
        program = (sys.executable, "-m", "penguin_compile", command, *arguments)
        done = subprocess.run(
            ["sh", "-c", script, "sh", *program, "spec/myapp.yaml", "--env", "dev"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def running(self, *options, **variables):
        """Addresses by part, and everything that the terminal showed."""
        process = subprocess.Popen(
            [sys.executable, "run.py", "--port", "0", "--console-port", "0", *options],
            cwd=self.folder,
            env={
                **{key: one for key, one in os.environ.items() if "KILLKRILL" not in key},
                "PYTHONPATH": str(ROOT),
                "PENGUIN_CONSOLE_PASSWORD": PASSWORD,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watchdog = threading.Timer(SECONDS, process.terminate)
        watchdog.start()
        try:
            said = ""
            while "Ctrl-C ends" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            yield dict(re.findall(r"^(\w+) +(http://\S+)", said, re.MULTILINE)), said
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGINT)
            last, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, last
        assert "All of it has ended" in last

    def logs(self):
        return "".join((self.folder / ".run" / f"{one}.log").read_text() for one in PARTS)


@pytest.fixture
def example(tmp_path):
    return Example(tmp_path / "myapp")


@pytest.fixture
def browser():
    program = shutil.which("chromium")
    if program is None:
        end_without("browser", "chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def edit_title(page, console, title):
    page.goto(f"{console}/login")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/settings")
    page.get_by_role("link", name="Edit page_title").click()
    page.get_by_label("page_title", exact=True).fill(title)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="page_title is saved").wait_for()


def shoot(page, name):
    if folder := os.environ.get("PENGUIN_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.slow
def test_an_edit_reaches_the_app_and_then_the_spec(example, browser):
    with example.running() as (urls, _):
        page = browser.new_page()
        page.set_default_timeout(20_000)
        app = browser.new_page()
        app.goto(urls["app"])
        expect(app.get_by_role("heading", level=1)).to_have_text("Team calendar")
        assert example.penguin("plan", "--detailed-exitcode")[0] == 0

        edit_title(page, urls["console"], "Winter sprint")
        shoot(page, "console")
        end = time.monotonic() + 20
        while app.title() != "Winter sprint" and time.monotonic() < end:
            app.reload()
        expect(app.get_by_role("heading", level=1)).to_have_text("Winter sprint")
        shoot(app, "app")

        code, plan = example.penguin("plan", "--detailed-exitcode")
        assert code == 0, plan
        assert re.search(r"config/page_title.*Winter sprint.*ada", " ".join(plan.split())), plan
        assert example.git("diff") == ""

        code, said = example.penguin("promote", "config/page_title", "--base")
        assert code == 0, said
        diff = example.git("diff", "--unified=0").splitlines()
        changed = [line for line in diff if re.match(r"[-+] ", line)]
        assert changed == ["-    default: Team calendar", "+    default: Winter sprint"]
        code, plan = example.penguin("plan", "--detailed-exitcode")
        assert code == 0, plan
        assert "Winter" not in plan
    assert "Traceback" not in example.logs()


@pytest.mark.slow
def test_license_telemetry_and_the_first_start(example):
    with run_killkrill() as killkrill:
        variables = {
            "KILLKRILL_API_URL": killkrill.url,
            "SMTP_USER": "calendar@example.com",
            "SMTP_PASS": CANARY,
        }
        with (
            example.running(**variables) as (urls, said),
            httpx.Client(base_url=urls["app"], timeout=30) as client,
        ):
            assert client.get("/api/v1/audit-log").status_code == 200
            denied = client.get("/api/v1/analytics")
            assert (denied.status_code, denied.json()["feature"]) == (403, "advanced_analytics")
            assert client.get("/api/v1/settings").json()["page_title"]["source"] == "database"
            assert CANARY not in said + client.get("/").text
        statuses = {
            (one["labels"]["endpoint"], one["labels"]["status"])
            for one in killkrill.metrics
            if one["name"] == "http.requests.total"
        }
        assert {("audit_log", "200"), ("analytics", "403")} <= statuses
        assert any("audit_log_read" in one["message"] for one in killkrill.logs)
    with closing(sqlite3.connect(example.folder / ".run" / "app.db")) as database:
        rows = dict(database.execute("SELECT config_key, config_value FROM config"))
    assert rows["smtp_user"] == "calendar@example.com"
    assert rows["smtp_pass"].startswith("enc:v1:")
    assert CANARY not in example.logs()


@pytest.mark.slow
def test_the_next_start_finds_everything_and_another_license(example):
    with example.running():
        pass
    with example.running("--tier", "enterprise") as (urls, said):
        assert "0 to create, 0 to update, 0 to delete" in said
        assert httpx.get(f"{urls['app']}/api/v1/analytics", timeout=30).status_code == 200


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_and_nothing_stays(example):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "run.py", "--port", str(port), "--console-port", "0"],
            cwd=example.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    assert done.returncode == 1
    assert "error: app ended with 1:" in done.stderr
    assert f"Port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
    for part in ("console", "gateway", "license"):
        log = (example.folder / ".run" / f"{part}.log").read_text()
        with pytest.raises(httpx.ConnectError):
            httpx.get(re.search(r"http://127\.0\.0\.1:\d+", log)[0])
