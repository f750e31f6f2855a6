"""Target `compose`: a Compose file by the Compose specification, from the spec's containers.

`outputs.compose.form` decides: `full` runs by itself, `override` is laid over the app's own file
and holds nothing but what compile adds to a container. MarchProxy is in neither: it is
infrastructure of its own (integration-standards). WaddleAI is, where the spec describes its
container, and is never published on a host port.
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
from penguin_compile.targets.compose_merge import dependencies, lay_over, networks, pairs
from penguin_compile.targets.compose_paths import ComposePaths, has_relative_paths
from penguin_compile.targets.compose_text import ComposeText, literal
from penguin_compile.targets.heading import heading
from penguin_compile.targets.target import Artifact, Placement, Target
from penguin_compile.targets.yaml_text import yaml_text

Data: TypeAlias = dict[str, Any]

PATH = "compose/docker-compose.yml"
OVERRIDE_PATH = "compose/docker-compose.override.yml"
WADDLEAI = "waddleai"
MODELS = "ai-models"
_OVERRIDE_HEADING = "# Laid over the app's own Compose file: that one's -f comes first, then this."
_NOT_TOP = frozenset(("name", "version", "services"))
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\Z")


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """The Compose file; none for an app without containers."""
    compose = _Compose(app, placement)
    lines = [f"# {heading(placement)}"]
    if compose.is_override:
        path, document = OVERRIDE_PATH, compose.override()
        lines.append(_OVERRIDE_HEADING)
    else:
        path, document = PATH, compose.document()
    if document["services"]:
        text = "\n".join([*lines, yaml_text(document)])
        yield Artifact(path=path, text=text, notices=tuple(compose.notices()))


class _Compose:
    """One Compose file while it is put together."""

    def __init__(self, app: App, placement: Placement) -> None:
        self._app = app
        self.is_override = app.outputs.compose_form == "override"
        self._text = ComposeText(
            app.deployment.variables, empty_counts=app.outputs.compose_empty == "value"
        )
        self._paths = ComposePaths(placement.way_up("compose"))
        self._notices: list[str] = []
        deployed = deployed_services(app)
        self._absent = app.services.keys() - deployed.keys()
        present = app.services if self.is_override else deployed
        self._services = {name: one for name, one in present.items() if one.container is not None}
        used = app.waddleai is not None and app.waddleai.enabled
        self._waddleai = app.waddleai if used and WADDLEAI not in self._services else None
        if self._waddleai is not None and self._waddleai.container is None:
            self._waddleai = None

    def notices(self) -> list[str]:
        """What a person should know about it."""
        return [*self._notices, *self._text.notices, *self._paths.notices]

    def document(self) -> Data:
        """A file that runs by itself, as data."""
        services = {name: self._service(one) for name, one in self._services.items()}
        top = self._text.copy(
            {key: value for key, value in self._app.compose.items() if key not in _NOT_TOP}
        )
        self._paths.rewrite_top(top)
        if self._waddleai is not None:
            services[WADDLEAI] = self._waddleai_service(self._waddleai)
            top["volumes"] = {**(top.get("volumes") or {}), MODELS: {}}
        project = self._text.copy(self._app.compose.get("name")) or self._app.name
        return {"name": project, "services": services, **top}

    def override(self) -> Data:
        """A file to be laid over the app's own, as data.

        No name: the project, and with it every volume, would get another one.
        """
        services = {name: self._added_over_own(one) for name, one in self._services.items()}
        if self._waddleai is None:
            return {"services": services}
        services[WADDLEAI] = self._waddleai_service(self._waddleai)
        return {"services": services, "volumes": {MODELS: {}}}

    def _service(self, service: Service) -> Data:
        data: Data = self._text.copy(service.container)
        self._paths.rewrite_service(data)
        self._drop_absent(data)
        return lay_over(data, self._added(service))

    def _added_over_own(self, service: Service) -> Data:
        """What an override says of a service.

        The app's own file has even what the environment doesn't deploy: a profile keeps it from
        starting, and it needs no variables then.
        """
        if service.name in self._absent:
            return {"profiles": [self._profile(service)]}
        return self._added(service)

    def _added(self, service: Service) -> Data:
        """What compile knows of a container beside the spec's own `container`."""
        container: Any = service.container
        environment = {
            name: self._text.given(value)
            for name, value in self._app.deployment.containers[service.name].items()
        }
        added: Data = {}
        if environment:
            added["environment"] = environment
        if aliases := self._aliases(service.name, container, service.host):
            added["networks"] = aliases
        if depends := self._added_dependencies(service):
            added["depends_on"] = depends
        if "healthcheck" not in container and (check := health_check(service)) is not None:
            added["healthcheck"] = check
        if (profile := self._profile(service)) is not None:
            added["profiles"] = [profile]
        return added

    def _aliases(self, name: str, container: Data, host: str) -> Data:
        """`networks` that let it answer to its `host`, where that is another name than its own."""
        taken = host in self._services or host in {name, "localhost"}
        if taken or not _LABEL.match(host):
            return {}
        if "network_mode" in container:
            self._notices.append(
                f'{name}: with network_mode it can\'t answer to its host "{host}" in a network'
            )
            return {}
        if self.is_override and not container.get("networks"):
            self._notices.append(
                f'{name}: it answers to its host "{host}" in the network "default"; if it is in'
                " others in the app's own Compose file, name them in container.networks too"
            )
        return {network: {"aliases": [host]} for network in networks(container.get("networks"))}

    def _drop_absent(self, data: Data) -> None:
        """No dependency on what is left out."""
        depends = data.get("depends_on")
        if depends and not self._absent.isdisjoint(depends):
            rest = [name for name in depends if name not in self._absent]
            data["depends_on"] = (
                {name: depends[name] for name in rest} if isinstance(depends, dict) else rest
            )
            if not rest:
                del data["depends_on"]

    def _added_dependencies(self, service: Service) -> Data:
        """Dependencies that a profile hides, which may not be required then, and on WaddleAI."""
        container: Any = service.container
        declared = dependencies(container.get("depends_on"))
        added = {
            name: {**one, "required": False}
            for name, one in declared.items()
            if self._is_hidden(name, service)
        }
        waddleai = self._waddleai
        if waddleai is not None and service.name in waddleai.used_by and WADDLEAI not in declared:
            added[WADDLEAI] = {"condition": "service_started"}
        return added

    def _profile(self, service: Service) -> str | None:
        """The profile of a service that not every license lets run, where none is decided on.

        In an override, also where the environment's tier is too low.
        """
        undecided = self._app.environment.tier is None or service.name in self._absent
        if service.requires_feature is None or not undecided:
            return None
        return f"feature-{service.requires_feature}"

    def _is_hidden(self, name: str, service: Service) -> bool:
        """Whether a dependency has a profile, for its feature, that the service itself lacks."""
        needed = self._services.get(name)
        profile = None if needed is None else self._profile(needed)
        return profile not in {None, self._profile(service)}

    def _waddleai_service(self, waddleai: WaddleAI) -> Data:
        data: Data = self._text.copy(waddleai.container)
        if not self.is_override:
            self._paths.rewrite_service(data)
        elif has_relative_paths(data):
            self._notices.append(
                "waddleai: its paths start at the folder of the app's own Compose file"
            )
        if data.pop("ports", None):
            self._notices.append("waddleai: its ports are left out, it is reached inside only")
        environment = {
            "MODEL_PATH": literal(waddleai.model_path),
            "MAX_WORKERS": self._text.variable("WADDLEAI_MAX_WORKERS"),
        }
        added: Data = {
            "environment": {**environment, **pairs(data.get("environment"))},
            "volumes": [f"{MODELS}:{literal(waddleai.model_path)}"],
        }
        if aliases := self._aliases(WADDLEAI, data, urlsplit(waddleai.url).hostname or WADDLEAI):
            added["networks"] = aliases
        return lay_over(data, added)


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
