"""Health checks in Kubernetes (target `kubernetes`).

The gateway's question decides who gets traffic, which is readiness; Compose's `healthcheck` is the
container's own, which is liveness. Where there is but one of them it serves for both.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from penguin_compile.model.service import Service
from penguin_compile.targets.kubernetes_keys import ContainerKeys
from penguin_compile.targets.kubernetes_units import flag, seconds

Data: TypeAlias = dict[str, Any]

_GRPC_METHOD = "/grpc.health.v1.Health/Check"
_INTERVAL = _TIMEOUT = 30  # Compose's own defaults
_RETRIES = 3
# A pod gets no traffic for some time before it is killed.
_PATIENCE = 3


def probes(service: Service, keys: ContainerKeys) -> dict[str, Data]:
    """`readinessProbe` and `livenessProbe`, as far as there is something to ask."""
    own, delay = _own_check(keys)
    asked = _gateway_check(service)
    ready, alive = asked or own, own or asked
    if not ready or not alive:
        return {}
    alive = {
        **({"initialDelaySeconds": delay} if delay else {}),
        **alive,
        "failureThreshold": alive.get("failureThreshold", _RETRIES) * _PATIENCE,
    }
    return {"readinessProbe": ready, "livenessProbe": alive}


def _gateway_check(service: Service) -> Data | None:
    check = service.health_check
    if check is None or service.port is None or not service.gateway:
        return None
    period = {"periodSeconds": check.interval}
    if service.protocol in {"http", "https"} and check.path is not None:
        scheme = {"scheme": "HTTPS"} if service.protocol == "https" else {}
        return {"httpGet": {"path": check.path, "port": service.port, **scheme}, **period}
    if service.protocol == "grpc":
        asked = (check.path or "").removeprefix(_GRPC_METHOD)
        asked = asked.removeprefix("?service=").removeprefix("/")
        named = {"service": asked} if asked else {}
        return {"grpc": {"port": service.port, **named}, **period}
    if service.protocol == "tcp":
        return {"tcpSocket": {"port": service.port}, **period}
    return None


def _own_check(keys: ContainerKeys) -> tuple[Data | None, int]:
    """Compose's check as a probe, and its `start_period`; none where it is switched off."""
    command = _command(keys.take("healthcheck", "test"))
    interval = keys.take_as(seconds, "healthcheck", "interval")
    timeout = keys.take_as(seconds, "healthcheck", "timeout")
    retries = keys.take_as(int, "healthcheck", "retries")
    delay = keys.take_as(seconds, "healthcheck", "start_period")
    disabled = keys.take_as(flag, "healthcheck", "disable")
    if disabled or not command:
        return None, 0
    check: Data = {
        "exec": {"command": command},
        "periodSeconds": interval or _INTERVAL,
        "timeoutSeconds": timeout or _TIMEOUT,
        "failureThreshold": retries or _RETRIES,
    }
    return check, delay or 0


def _command(test: Any) -> list[str] | None:
    """The command of a test; it runs as it stands, `$(NAME)` is not expanded in it."""
    if isinstance(test, str):
        return ["/bin/sh", "-c", test]
    if not isinstance(test, list) or not test:
        return None
    kind, *words = (str(one) for one in test)
    if kind == "CMD-SHELL":
        return ["/bin/sh", "-c", *words]
    return words if kind == "CMD" else None
