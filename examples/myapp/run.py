"""The example app with all that stands beside it, in one terminal: python examples/myapp/run.py.

Compiles the spec, starts a local gateway and license server, applies to SQLite, and serves the
app and the console, until Ctrl-C. What it makes is in `.run/`.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = HERE / "spec" / "myapp.yaml"
WORK = HERE / ".run"
COMPILED = WORK / "generated" / "myapp" / "dev"
COMPILER = (sys.executable, "-m", "penguin_compile")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS = 60
LICENSE_KEY = "PENG-DEMO-DEMO-DEMO-DEMO-DEMO"  # the sandbox takes any key of this form
ADMIN = "ada"


class Failed(Exception):
    """A part didn't start, or ended by itself; its text says which, and what it wrote."""


class Parts:
    """The programs that run, each in a session of its own: this one alone hears Ctrl-C."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        """Start a program that ends when the stack does."""
        self._running[name] = self._stack.enter_context(running(name, command, environment))

    def find_url(self, name: str) -> str:
        """Where a program says it listens. Failed when it ends without."""
        for _ in self._attempts(name):
            if found := re.search(r"http://127\.0\.0\.1:[0-9]+", read_log(name)):
                return found[0]
        raise Failed(f"{name} doesn't say where it listens:\n{read_log(name)}")

    def wait_for(self, name: str, url: str) -> None:
        """Wait until a URL answers. Failed when its program ends before."""
        for _ in self._attempts(name):
            try:
                with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - one of ours
                    return
            except OSError:
                continue
        raise Failed(f"{name} doesn't answer at {url}:\n{read_log(name)}")

    def watch(self) -> None:
        """Wait until one of them ends by itself, and that is Failed."""
        while True:
            for name in self._running:
                self._check(name)
            time.sleep(0.2)

    def _attempts(self, name: str) -> Iterator[None]:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            self._check(name)
            yield
            time.sleep(0.05)

    def _check(self, name: str) -> None:
        code = self._running[name].poll()
        if code is not None:
            raise Failed(f"{name} ended with {code}:\n{read_log(name)}")


@contextmanager
def running(
    name: str, command: tuple[str, ...], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that writes to its log, and is asked to end as by Ctrl-C."""
    with log_file(name).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=WORK,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    """Run everything until a signal; 1 where a part fails."""
    options = read_arguments()
    for number in STOPPING:
        signal.signal(number, interrupt)
    WORK.mkdir(exist_ok=True)
    try:
        with ExitStack() as stack:
            parts = Parts(stack)
            start(parts, options)
            parts.watch()
    except KeyboardInterrupt:
        print("\nAll of it has ended.")
    except Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


def read_arguments() -> argparse.Namespace:
    """The ports and the license."""
    parser = argparse.ArgumentParser(description="The example app with all that stands beside it.")
    parser.add_argument(
        "--port", type=int, default=8080, help="of the app, 8080; 0 takes a free one"
    )
    parser.add_argument("--console-port", type=int, default=8460, help="of the console, 8460")
    parser.add_argument(
        "--tier",
        default="professional",
        choices=("community", "professional", "enterprise"),
        help="of the license; default: professional",
    )
    return parser.parse_args()


def interrupt(*_: object) -> None:
    """End, once: the next signals find everything ending already."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def start(parts: Parts, options: argparse.Namespace) -> None:
    """Start each part when those that it needs are there, and tell where they are."""
    environment = base_environment()
    run_compiler(
        ("compile", str(SPEC), "--env", "dev", "--out", str(COMPILED.parents[1])), environment
    )
    start_sandbox(parts, options.tier, environment)
    write_environment(environment)
    run_compiler(("apply", str(SPEC), "--env", "dev", "--yes"), environment)
    password = os.environ.get("PENGUIN_CONSOLE_PASSWORD") or secrets.token_urlsafe(12)
    console = start_console(parts, options.console_port, password, environment)
    app = start_app(parts, options.port or free_port(), environment)
    spec = shlex.quote(shown(SPEC))
    print(
        f"""
app      {app}
console  {console}  log in as {ADMIN}, password {password}
gateway  {environment["MARCHPROXY_URL"]}  penguin-compile sandbox, not MarchProxy
license  {environment["LICENSE_SERVER_URL"]}  penguin-compile sandbox, tier {options.tier}
logs     {shown(WORK)}/*.log

Change a setting on the console, look at the app, and in another terminal:
  . {shlex.quote(shown(WORK / "environment"))}
  penguin-compile plan {spec} --env dev
  penguin-compile promote config/page_title {spec} --env dev --base

Ctrl-C ends all of them.""",
        flush=True,
    )


def start_sandbox(parts: Parts, tier: str, environment: dict[str, str]) -> None:
    """A gateway that keeps its rows for the next start, and a license server; told to the rest."""
    sandbox = (*COMPILER, "sandbox", "--port", "0")
    entitlements = str(COMPILED / "license" / "entitlements.json")
    licensing = ("--license", "--entitlements", entitlements, "--tier", tier)
    parts.start("gateway", (*sandbox, "--database", str(WORK / "gateway.db")), environment)
    parts.start("license", (*sandbox, *licensing), environment)
    environment["MARCHPROXY_URL"] = parts.find_url("gateway")
    environment["LICENSE_SERVER_URL"] = parts.find_url("license")


def start_console(parts: Parts, port: int, password: str, environment: Mapping[str, str]) -> str:
    """The console, with an admin of this machine; its address."""
    command = ("serve", str(SPEC), "--env", "dev", "--local-admin", ADMIN, "--port", str(port))
    told = {**environment, "PENGUIN_CONSOLE_PASSWORD": password}
    parts.start("console", (*COMPILER, *command), told)
    return parts.find_url("console")


def start_app(parts: Parts, port: int, environment: Mapping[str, str]) -> str:
    """The app, with a license key; its address, once it answers there."""
    flask = (sys.executable, "-m", "flask", "--app", str(HERE / "app.py"))
    told = {**environment, "LICENSE_KEY": LICENSE_KEY}
    parts.start("app", (*flask, "run", "--port", str(port)), told)
    parts.wait_for("app", f"http://127.0.0.1:{port}/healthz")
    return f"http://127.0.0.1:{port}"


def base_environment() -> dict[str, str]:
    """What all parts are told: the database, the keys of its secrets, the gateway's key."""
    keys = WORK / "config.keys"
    if not keys.exists():
        keys.touch(mode=0o600)
        keys.write_text(f"example:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{WORK / 'app.db'}",
        "PENGUIN_CONFIG_KEYS_FILE": str(keys),
        "CLUSTER_API_KEY": "any",
        "SMTP_PASS": os.environ.get("SMTP_PASS") or "no-mail-server-here",
    }
    environment.pop("PENGUIN_CONFIG_KEYS", None)
    return environment


def write_environment(environment: Mapping[str, str]) -> None:
    """What `plan` and `promote` need in another terminal; none of it is a secret."""
    names = ("DATABASE_URL", "PENGUIN_CONFIG_KEYS_FILE", "CLUSTER_API_KEY", "MARCHPROXY_URL")
    lines = [f"export {name}={shlex.quote(environment[name])}\n" for name in names]
    programs = shlex.quote(str(Path(sys.executable).parent))
    (WORK / "environment").write_text("".join([f"export PATH={programs}:$PATH\n", *lines]))


def run_compiler(command: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Run one command before everybody's eyes. Failed with its exit code."""
    typed = [shown(word) for word in command]
    print(f"$ penguin-compile {shlex.join(typed)}", flush=True)
    done = subprocess.run((*COMPILER, *typed), env=environment, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise Failed(f"{command[0]} ended with {done.returncode}")


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def log_file(name: str) -> Path:
    """What a part writes."""
    return WORK / f"{name}.log"


def read_log(name: str) -> str:
    """What a part wrote so far."""
    return log_file(name).read_text(encoding="utf-8", errors="replace")


def shown(text: str | Path) -> str:
    """A path as it is typed here; any other text as it is."""
    path = Path(text)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(text)


if __name__ == "__main__":
    sys.exit(main())
