from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from penguin_compile.model.gateway_fields import gateway_routes, gateway_services
from tests.models import example_app, read_app, render

KEY = "cluster-key_0123.abc"


def standard_service(name, host, port, protocol, auth, path, interval):
    return {
        "name": name,
        "ip_fqdn": host,
        "port": port,
        "protocol": protocol,
        "collection": "myapp",
        "auth_type": auth,
        "tls_enabled": False,
        "health_check_enabled": True,
        "health_check_path": path,
        "health_check_interval": interval,
    }


# The examples of the standard's document, "MarchProxy API Gateway Integration".
SERVICES = [
    standard_service("myapp-flask-api", "flask-backend", 8080, "http", "jwt", "/healthz", 30),
    standard_service(
        "myapp-go-backend",
        "go-backend",
        50051,
        "grpc",
        "none",
        "/grpc.health.v1.Health/Check",
        10,
    ),
    standard_service("myapp-webui", "webui", 80, "http", "none", "/", 30),
]
MAPPINGS = [
    {
        "name": "myapp-external-api",
        "description": "External REST API access",
        "source_services": ["external"],
        "dest_services": ["myapp-flask-api"],
        "listen_port": 443,
        "protocol": "https",
        "path_prefix": "/api/v1",
    },
    {
        "name": "myapp-webui-access",
        "description": "WebUI frontend access",
        "source_services": ["external"],
        "dest_services": ["myapp-webui"],
        "listen_port": 443,
        "protocol": "https",
        "path_prefix": "/",
    },
]
METADATA = {"app_name": "myapp", "generated_by": "penguin-compile", "version": "1.4.0"}


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("marchproxy/services.json", {"services": SERVICES}),
        ("marchproxy/mappings.json", {"mappings": MAPPINGS}),
        (
            "marchproxy/import-config.json",
            {"services": SERVICES, "mappings": MAPPINGS, "metadata": METADATA},
        ),
    ],
)
def test_the_examples_of_the_standard(path, document):
    text = render("marchproxy", example_app())[path].text
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def test_no_services_and_text_that_is_not_ascii():
    app = read_app("penguin: 1\napp: {name: leer, version: 1.0.0-größer}\n")
    document = {
        "services": [],
        "mappings": [],
        "metadata": METADATA | {"app_name": "leer", "version": "1.0.0-größer"},
    }
    text = render("marchproxy", app)["marchproxy/import-config.json"].text
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


SPEC = """
penguin: 1
app: {name: shop}
services:
  web:
    port: 80
    tls: {enabled: true, verify: false}
    health_check: false
  feed: {port: 9000, protocol: tcp}
  sso: {port: 81, requires_feature: sso}
  saml: {port: 82, requires_feature: saml}
  cache: {gateway: false}
routes:
  all: {from: [external, saml, other/api], to: [web, saml]}
  only-saml: {from: [external], to: [saml]}
  from-saml: {from: [saml], to: [web]}
license:
  tiers: {community: {}, professional: {}, enterprise: {}}
  features: {sso: {tier: professional}, saml: {tier: enterprise}}
environments:
  free: {}
  prod: {tier: professional}
"""


def services_of(app):
    text = render("marchproxy", app)["marchproxy/services.json"].text
    return {one["name"]: one for one in json.loads(text)["services"]}


def test_fields_that_are_absent_are_left_out():
    services = services_of(read_app(SPEC, "free"))
    assert services["shop-web"] == {
        "name": "shop-web",
        "ip_fqdn": "web",
        "port": 80,
        "protocol": "http",
        "collection": "shop",
        "auth_type": "none",
        "tls_enabled": True,
        "tls_verify": False,
        "health_check_enabled": False,
    }
    assert list(services["shop-web"])[6:8] == ["tls_enabled", "tls_verify"]
    assert services["shop-feed"]["health_check_interval"] == 30
    assert "health_check_path" not in services["shop-feed"]


def test_a_tier_leaves_out_what_is_above_it():
    free, prod = read_app(SPEC, "free"), read_app(SPEC, "prod")
    assert list(gateway_services(free)) == ["web", "feed", "sso", "saml"]
    assert list(gateway_services(prod)) == ["web", "feed", "sso"]
    assert list(gateway_routes(free)) == ["all", "only-saml", "from-saml"]
    text = render("marchproxy", prod)["marchproxy/mappings.json"].text
    assert json.loads(text)["mappings"] == [
        {
            "name": "shop-all",
            "source_services": ["external", "other-api"],
            "dest_services": ["shop-web"],
        }
    ]


def test_a_feature_or_tier_that_is_unknown_leaves_nothing_out():
    app = read_app(SPEC, "prod")
    unknown = replace(app.environment, tier="platinum")
    assert "saml" in gateway_services(replace(app, environment=unknown))
    assert "saml" in gateway_services(replace(app, license=None))


@pytest.fixture
def script(tmp_path):
    """The script and its JSON as compile lays them out."""
    for path, artifact in render("marchproxy", example_app()).items():
        target = tmp_path / "generated here" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(artifact.text, encoding="utf-8")
        target.chmod(0o755 if artifact.executable else 0o644)
    return tmp_path / "generated here" / "scripts" / "marchproxy-import.sh"


def process_list():
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # a process that has ended meanwhile
            lines.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return "\n".join(lines)


@contextmanager
def gateway(status=200, body='{"created": 3, "updated": 0, "failed": []}'):
    """A server that answers every POST alike, and what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            seen.append((self.path, dict(self.headers), self.rfile.read(length)))
            # the arguments of every process while the request is under way
            seen.append(process_list())
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


def run(script, folder, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        [str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_script_imports_from_any_folder(script, tmp_path):
    with gateway() as (url, seen):
        done = run(script, tmp_path, MARCHPROXY_API=f"{url}/", CLUSTER_API_KEY=KEY, CDPATH="/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "MarchProxy configuration of myapp imported\n"
    path, headers, content = seen[0]
    assert path == "/api/v1/services/import"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(content)["services"] == SERVICES
    assert "import-config.json" in seen[1]
    assert KEY not in seen[1]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, "{}", "check CLUSTER_API_KEY"),
        (405, "{}", "use penguin-compile apply"),
        (422, '{"detail": "port"}', 'HTTP 422: {"detail": "port"}'),
        (307, "", "HTTP 307"),
        (200, '{"created": 1, "failed": [{"name": "myapp-webui"}]}', "imported in part"),
    ],
)
def test_the_script_fails_when_the_gateway_refuses(script, tmp_path, status, body, told):
    with gateway(status, body) as (url, _):
        done = run(script, tmp_path, MARCHPROXY_API=url, CLUSTER_API_KEY=KEY)
    assert done.returncode == 1
    assert told in done.stderr
    assert "imported\n" not in done.stdout
    assert KEY not in done.stderr


def test_the_script_fails_without_a_gateway(script, tmp_path):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = run(script, tmp_path, MARCHPROXY_API=url, CLUSTER_API_KEY=KEY)
    assert done.returncode == 1
    assert f"no answer from {url}" in done.stderr


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "set CLUSTER_API_KEY"),
        ({"CLUSTER_API_KEY": 'x"\nurl = "http://evil.example'}, "no API key"),
        ({"CLUSTER_API_KEY": KEY, "MARCHPROXY_API": 'http://x"\noutput = "/tmp/y'}, "not a URL"),
    ],
)
def test_the_script_refuses_what_would_reconfigure_curl(script, tmp_path, variables, told):
    done = run(script, tmp_path, **variables)
    assert done.returncode == 1
    assert told in done.stderr


def test_the_script_says_what_is_missing(script, tmp_path):
    (script.parent.parent / "marchproxy" / "import-config.json").unlink()
    done = run(script, tmp_path, CLUSTER_API_KEY=KEY)
    assert done.returncode == 1
    assert "run penguin-compile compile" in done.stderr
