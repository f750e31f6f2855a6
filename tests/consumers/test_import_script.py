"""The import script by a real bash and curl, against the sandbox; what shellcheck says of it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.models import example_app, read_app, render

KEY = "cluster-key_0123.abc"
BASH = shutil.which("bash") or "bash"
IMPORT = "POST /services/import"


def lay_out(app, folder):
    """The script and its JSON as compile lays them out; the script."""
    for path, artifact in render("marchproxy", app).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(artifact.text, encoding="utf-8")
        target.chmod(0o755 if artifact.executable else 0o644)
    return folder / "scripts" / "marchproxy-import.sh"


@pytest.fixture
def script(tmp_path):
    return lay_out(example_app(), tmp_path / "generated here")


def run(script, folder, *interpreter, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        [*interpreter, str(script)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def served(sandbox):
    """What the gateway runs with after the import: names of services, and of mappings."""
    request = urllib.request.Request(
        f"{sandbox.url}/api/v1/config/1", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(request) as answer:
        document = json.load(answer)
    return tuple({one["name"]: one for one in document[part]} for part in ("services", "mappings"))


def assert_imported(done, sandbox, script):
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "MarchProxy configuration of myapp imported\n"
    exported = json.loads((script.parent.parent / "marchproxy/import-config.json").read_text())
    for stated, there in zip(("services", "mappings"), served(sandbox), strict=True):
        assert len(there) == len(exported[stated]) > 0
        for item in exported[stated]:
            assert item.items() <= there[item["name"]].items()


def test_services_and_mappings_are_there_afterwards_and_twice_is_once(script, tmp_path):
    with Sandbox(cluster_key=KEY) as sandbox:
        variables = {"MARCHPROXY_API": f"{sandbox.url}/", "CLUSTER_API_KEY": KEY, "CDPATH": "/"}
        for _ in range(2):
            assert_imported(run(script, tmp_path, **variables), sandbox, script)


def _by_a_relative_path(script, folder):
    return Path("generated here/scripts/marchproxy-import.sh"), folder


def _from_its_own_folder(script, folder):
    return Path("./marchproxy-import.sh"), script.parent


def _from_the_root(script, folder):
    return script, Path("/")


def _through_a_link(script, folder):
    (folder / "bin").mkdir()
    link = folder / "bin" / "import"
    link.symlink_to(script)
    return link, folder


def _through_relative_links(script, folder):
    (folder / "bin").mkdir()
    (script.parent / "short").symlink_to("marchproxy-import.sh")
    link = folder / "bin" / "-import it"
    link.symlink_to("../generated here/scripts/short")
    return Path("./-import it"), link.parent


def _through_a_linked_folder(script, folder):
    (folder / "current").symlink_to(script.parent)
    return Path("current/marchproxy-import.sh"), folder


@pytest.mark.parametrize(
    "place",
    [
        _by_a_relative_path,
        _from_its_own_folder,
        _from_the_root,
        _through_a_link,
        _through_relative_links,
        _through_a_linked_folder,
    ],
)
@pytest.mark.parametrize("interpreter", [(), (BASH,)], ids=["itself", "bash"])
def test_it_finds_its_files(script, tmp_path, place, interpreter):
    path, folder = place(script, tmp_path)
    path = f"./{path}" if path.parent != Path() and not path.is_absolute() else str(path)
    path = path if "/" in path else f"./{path}"
    with Sandbox(cluster_key=KEY) as sandbox:
        done = run(path, folder, *interpreter, MARCHPROXY_API=sandbox.url, CLUSTER_API_KEY=KEY)
        assert_imported(done, sandbox, script)


def test_a_key_that_the_gateway_refuses(script, tmp_path):
    with Sandbox(cluster_key="another") as sandbox:
        done = run(script, tmp_path, MARCHPROXY_API=sandbox.url, CLUSTER_API_KEY=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"marchproxy-import: {sandbox.url} refused the key (HTTP 401): check CLUSTER_API_KEY\n"
    )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("403", "refused the key (HTTP 403): check CLUSTER_API_KEY"),
        ("405", "has no bulk import (HTTP 405): use penguin-compile apply"),
        ("422", "answered HTTP 422: "),
        ("500", "answered HTTP 500: "),
        ("503", "answered HTTP 503: "),
        ("lost", "no answer from"),
        ("reset", "no answer from"),
    ],
)
def test_a_gateway_that_fails(script, tmp_path, fault, told):
    with Sandbox(cluster_key=KEY, faults=[f"{IMPORT}:{fault}"]) as sandbox:
        done = run(script, tmp_path, MARCHPROXY_API=sandbox.url, CLUSTER_API_KEY=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert KEY not in done.stderr


def test_no_gateway(script, tmp_path):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = run(script, tmp_path, MARCHPROXY_API=url, CLUSTER_API_KEY=KEY)
    assert done.returncode == 1
    assert f"no answer from {url}: nothing is known to be imported" in done.stderr


def test_a_part_that_the_gateway_refuses(tmp_path):
    """Protocol udp is none of the standard's: the rest is imported, and the script fails."""
    text = """
penguin: 1
app: {name: shop}
services: {web: {port: 80}, feed: {port: 9000, protocol: udp}}
routes: {all: {from: [external], to: [web]}}
"""
    script = lay_out(read_app(text), tmp_path)
    with Sandbox(cluster_key=KEY) as sandbox:
        done = run(script, tmp_path, MARCHPROXY_API=sandbox.url, CLUSTER_API_KEY=KEY)
        services, mappings = served(sandbox)
    assert (done.returncode, done.stdout) == (1, "")
    assert "imported in part: " in done.stderr
    assert "shop-feed" in done.stderr
    assert (list(services), list(mappings)) == (["shop-web"], ["shop-all"])


@contextmanager
def gateway(status, body):
    """A server that answers every POST alike, as the sandbox never would; and what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, dict(self.headers)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (307, "", "HTTP 307"),
        (502, f'{{"you sent": "Bearer {KEY}"}}', 'HTTP 502: {"you sent": "Bearer ***"}'),
        (200, f'{{"failed": [{{"name": "{KEY}"}}]}}', 'in part: {"failed": [{"name": "***"}]}'),
        (200, '{"failed" :\n [ "x" ]}', "imported in part"),
    ],
)
def test_an_answer_that_the_standard_does_not_know(script, tmp_path, status, body, told):
    with gateway(status, body) as (url, seen):
        done = run(script, tmp_path, MARCHPROXY_API=url, CLUSTER_API_KEY=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert KEY not in done.stderr
    path, headers = seen[0]
    assert path == "/api/v1/services/import"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/json"


def processes():
    """Of every process: its arguments, and its environment where it may be read."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # a process that has ended meanwhile
            arguments = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
            environment = b""
            with suppress(PermissionError):
                environment = (folder / "environ").read_bytes()
            yield arguments, environment.decode("utf-8", "replace")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="/proc shows the processes")
def test_the_key_is_seen_in_no_process_while_the_gateway_thinks(script, tmp_path):
    key = f"{KEY}.{os.getpid()}.{time.monotonic_ns()}"  # nobody else's, whatever runs here
    with Sandbox(cluster_key=key, faults=[f"{IMPORT}:delay=700ms"]) as sandbox:
        variables = {"MARCHPROXY_API": sandbox.url, "CLUSTER_API_KEY": key}
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables}
        child = subprocess.Popen(
            [str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        samples = []
        while child.poll() is None:
            samples.append(list(processes()))
            time.sleep(0.02)
        output, errors = child.communicate()
    assert (child.returncode, errors) == (0, b"")
    assert key.encode() not in output
    seen = [one for sample in samples for one in sample]
    assert not [arguments for arguments, _ in seen if key in arguments]
    curl = [environment for arguments, environment in seen if "import-config.json" in arguments]
    assert curl
    assert any("HOME=" in environment for environment in curl)
    assert not [one for one in curl if key in one]


@pytest.mark.parametrize("flag", ["-x", "-v", "-xv"])
@pytest.mark.parametrize("key", [KEY, "wrong-key-9876"])
def test_a_trace_does_not_show_the_key(script, tmp_path, flag, key):
    with Sandbox(cluster_key=KEY) as sandbox:
        variables = {"MARCHPROXY_API": sandbox.url, "CLUSTER_API_KEY": key}
        done = run(script, tmp_path, BASH, flag, **variables)
        inherited = run(script, tmp_path, SHELLOPTS="xtrace", **variables)
    for one in (done, inherited):
        assert one.returncode == (0 if key == KEY else 1)
        assert key not in one.stdout + one.stderr


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "set CLUSTER_API_KEY"),
        ({"CLUSTER_API_KEY": 'x"\nurl = "http://evil.example'}, "no API key"),
        ({"CLUSTER_API_KEY": KEY, "MARCHPROXY_API": 'http://x"\noutput = "/tmp/y'}, "not a URL"),
        ({"CLUSTER_API_KEY": KEY, "MARCHPROXY_API": "http://u:hunter2@x"}, "no user or password"),
    ],
)
def test_it_refuses_what_would_reconfigure_curl_or_tell_a_secret(script, tmp_path, variables, told):
    done = run(script, tmp_path, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "hunter2" not in done.stderr


def test_it_says_what_is_missing(script, tmp_path):
    (script.parent.parent / "marchproxy" / "import-config.json").unlink()
    done = run(script, tmp_path, CLUSTER_API_KEY=KEY)
    assert done.returncode == 1
    assert "run penguin-compile compile" in done.stderr


def test_shellcheck_has_nothing_to_say(script):
    program = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [str(program), "--enable=all", "--norc", "--exclude=SC2250", str(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
