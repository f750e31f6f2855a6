"""Target `compose`: docker-compose.yml by the Compose specification, from the spec's containers.

MarchProxy is never in it: it is infrastructure of its own (integration-standards). WaddleAI is,
where the spec describes its container, and is never published on a host port.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from penguin_compile.model.app import App, WaddleAI
from penguin_compile.model.deployed import deployed_services
from penguin_compile.model.service import Service
from penguin_compile.targets.compose_paths import ComposePaths
from penguin_compile.targets.compose_text import ComposeText, literal
from penguin_compile.targets.heading import heading
from penguin_compile.targets.target import Artifact, Placement, Target
from penguin_compile.targets.yaml_text import yaml_text

Data: TypeAlias = dict[str, Any]

PATH = "compose/docker-compose.yml"
WADDLEAI = "waddleai"
MODELS = "ai-models"
_NOT_TOP = frozenset(("name", "version", "services"))
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\Z")


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """The Compose file; none for an app without containers."""
    compose = _Compose(app, placement)
    document = compose.document()
    if document["services"]:
        text = f"# {heading(placement)}\n{yaml_text(document)}"
        yield Artifact(path=PATH, text=text, notices=tuple(compose.notices()))


class _Compose:
    """One Compose file while it is put together."""

    def __init__(self, app: App, placement: Placement) -> None:
        self._app = app
        self._text = ComposeText(app.deployment.variables)
        self._paths = ComposePaths(placement.way_up("compose"))
        self._notices: list[str] = []
        deployed = deployed_services(app)
        self._absent = app.services.keys() - deployed.keys()
        self._services = {name: one for name, one in deployed.items() if one.container is not None}
        used = app.waddleai is not None and app.waddleai.enabled
        self._waddleai = app.waddleai if used and WADDLEAI not in self._services else None
        if self._waddleai is not None and self._waddleai.container is None:
            self._waddleai = None

    def notices(self) -> list[str]:
        """What a person should know about it."""
        return [*self._notices, *self._text.notices, *self._paths.notices]

    def document(self) -> Data:
        """The whole file as data."""
        services = {name: self._service(one) for name, one in self._services.items()}
        top = self._text.copy(
            {key: value for key, value in self._app.compose.items() if key not in _NOT_TOP}
        )
        self._paths.rewrite_top(top)
        if self._waddleai is not None:
            services[WADDLEAI] = self._waddleai_service(self._waddleai)
            top["volumes"] = {**(top.get("volumes") or {}), MODELS: {}}
        return {"name": self._app.name, "services": services, **top}

    def _service(self, service: Service) -> Data:
        data: Data = self._text.copy(service.container)
        self._paths.rewrite_service(data)
        environment = _pairs(data.get("environment"))
        for name, value in self._app.deployment.containers[service.name].items():
            environment[name] = self._text.given(value)
        if environment:
            data["environment"] = environment
        self._add_alias(data, service.name, service.host)
        self._limit_dependencies(data, service)
        if "healthcheck" not in data and (check := health_check(service)) is not None:
            data["healthcheck"] = check
        if service.requires_feature is not None and self._app.environment.tier is None:
            profile = f"feature-{service.requires_feature}"
            data["profiles"] = [*(data.get("profiles") or []), profile]
        return data

    def _add_alias(self, data: Data, name: str, host: str) -> None:
        """Let the container answer to its `host`, where that is another name in the network."""
        taken = host in self._services or host in {name, "localhost"}
        if taken or not _LABEL.match(host):
            return
        if "network_mode" in data:
            self._notices.append(
                f'{name}: with network_mode it can\'t answer to its host "{host}" in a network'
            )
            return
        networks = data.get("networks") or ["default"]
        if isinstance(networks, list):
            networks = {network: {} for network in networks}
        data["networks"] = {
            network: {**(settings or {}), "aliases": _with((settings or {}).get("aliases"), host)}
            for network, settings in networks.items()
        }

    def _limit_dependencies(self, data: Data, service: Service) -> None:
        """Dependencies on what is there: none on what is left out, none that a profile hides."""
        depends = data.get("depends_on")
        if depends:
            depends = {
                name: condition
                for name, condition in _dependencies(depends).items()
                if name not in self._absent
            }
            for name in depends:
                if self._is_hidden(name, service):
                    depends[name] = {**depends[name], "required": False}
            data["depends_on"] = _shortest(depends, data["depends_on"])
            if not depends:
                del data["depends_on"]
        if self._waddleai is not None and service.name in self._waddleai.used_by:
            depends = data.get("depends_on") or []
            if isinstance(depends, list):
                data["depends_on"] = _with(depends, WADDLEAI)
            else:
                depends.setdefault(WADDLEAI, {"condition": "service_started"})

    def _is_hidden(self, name: str, service: Service) -> bool:
        """Whether a dependency has a profile, for its feature, that the service itself lacks."""
        needed = self._services.get(name)
        if needed is None or self._app.environment.tier is not None:
            return False
        return needed.requires_feature not in {None, service.requires_feature}

    def _waddleai_service(self, waddleai: WaddleAI) -> Data:
        data: Data = self._text.copy(waddleai.container)
        self._paths.rewrite_service(data)
        if data.pop("ports", None):
            self._notices.append("waddleai: its ports are left out, it is reached inside only")
        environment = _pairs(data.get("environment"))
        environment.setdefault("MODEL_PATH", literal(waddleai.model_path))
        environment.setdefault("MAX_WORKERS", self._text.variable("WADDLEAI_MAX_WORKERS"))
        data["environment"] = environment
        mount = f"{MODELS}:{literal(waddleai.model_path)}"
        data["volumes"] = _with(data.get("volumes"), mount)
        self._add_alias(data, WADDLEAI, urlsplit(waddleai.url).hostname or WADDLEAI)
        return data


def health_check(service: Service) -> Data | None:
    """What the gateway asks a service over HTTP, asked by its own container.

    Images have wget or curl, rarely both. None where the gateway asks in no such way.
    """
    check = service.health_check
    if check is None or check.path is None or service.port is None or not service.gateway:
        return None
    if service.protocol not in {"http", "https"}:
        return None
    url = shlex.quote(f"{service.protocol}://127.0.0.1:{service.port}{check.path}")
    secure = service.protocol == "https"  # the certificate is for another name than 127.0.0.1
    wget = f"wget -q{' --no-check-certificate' if secure else ''} -O /dev/null {url}"
    curl = f"curl -fsS{' -k' if secure else ''} -o /dev/null {url}"
    command = literal(f"{wget} || {curl} || exit 1")
    return {"test": ["CMD-SHELL", command], "interval": f"{check.interval}s"}


def _pairs(environment: Any) -> Data:
    """Compose's `environment`, a list or a mapping, as a mapping; a name alone is null."""
    if isinstance(environment, dict):
        return dict(environment)
    pairs: Data = {}
    for entry in environment or []:
        name, equals, value = str(entry).partition("=")
        pairs[name] = value if equals else None
    return pairs


def _dependencies(depends: Any) -> Data:
    """Compose's `depends_on`, a list or a mapping, as a mapping."""
    if isinstance(depends, dict):
        return {name: dict(value or {}) for name, value in depends.items()}
    return {name: {"condition": "service_started"} for name in depends}


def _shortest(depends: Data, written: Any) -> Any:
    """A list where it was one and still says everything."""
    if isinstance(written, list) and not any("required" in one for one in depends.values()):
        return list(depends)
    return depends


def _with(items: Any, item: str) -> list[Any]:
    present = list(items or [])
    return present if item in present else [*present, item]


TARGET = Target(
    name="compose",
    render=render,
    renders=frozenset(("service", "setting", "variable", "waddleai")),
    ignores={
        "route": "the gateway is not part of the Compose file",
        "tier": "decides which services are there, and is no resource of Compose",
        "feature": "decides which services are there, and is no resource of Compose",
        "metric": "metrics go to KillKrill",
    },
    owns=("compose/",),
)
