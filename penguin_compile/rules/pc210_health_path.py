"""PC210: a health path that does not fit the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule

_GRPC_METHOD = "/grpc.health.v1.Health/Check"
_GRPC = re.compile(rf"{re.escape(_GRPC_METHOD)}(?:(?:/|\?service=)?[A-Za-z_][A-Za-z0-9_.-]*)?\Z")
_HTTP = re.compile(r"/(?!/)[!-~]*\Z")
_EXPECTED = {
    "http": (_HTTP, "an absolute path such as /healthz"),
    "https": (_HTTP, "an absolute path such as /healthz"),
    "grpc": (_GRPC, f"{_GRPC_METHOD}, or that and /SERVICE"),
}


def check(app: App) -> Iterator[Finding]:
    """A check over tcp or udp has no path: the gateway opens a connection."""
    for name, service in app.services.items():
        if service.health_check is None or service.health_check.path is None:
            continue
        expected = _EXPECTED.get(service.protocol)
        if expected is not None and not expected[0].match(service.health_check.path):
            yield Finding(
                pointer=("services", name, "health_check", "path"),
                message=f'the health path of service "{name}" does not fit its protocol'
                f" {service.protocol}",
                label=f"expected {expected[1]}",
            )


RULE = Rule(
    code="PC210",
    severity=Severity.ERROR,
    title="health path does not fit the protocol",
    why="Every check would fail, and the gateway takes a service that is well out of rotation.",
    source="integration-standards, Service Definition Format; the gRPC health checking protocol",
    check=check,
)
