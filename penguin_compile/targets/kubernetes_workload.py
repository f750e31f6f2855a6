"""One container in Kubernetes: its Deployment and its Services (target `kubernetes`).

It has a Service for each name that it answers to in Compose; none is reached from outside the
cluster, which is the gateway's part.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any, TypeAlias

from penguin_compile.core.records import dataclass
from penguin_compile.model.service import Service
from penguin_compile.targets.kubernetes_environment import (
    ContainerEnvironment,
    DeploymentValues,
    Given,
)
from penguin_compile.targets.kubernetes_keys import ContainerKeys, mapping
from penguin_compile.targets.kubernetes_names import workload_labels
from penguin_compile.targets.kubernetes_probes import probes
from penguin_compile.targets.kubernetes_text import KubernetesText, Unresolvable
from penguin_compile.targets.kubernetes_units import (
    Port,
    cpus,
    flag,
    is_published,
    memory,
    ports,
    seconds,
)
from penguin_compile.targets.kubernetes_volumes import Mounts, Volumes

Data: TypeAlias = dict[str, Any]

_USER = re.compile(r"(?P<user>[0-9]{1,10})(?::(?P<group>[0-9]{1,10}))?\Z")
_LONGEST_PORT_NAME = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A service with a container, by its `name` in Kubernetes.

    `hosts` are the names of its Services, `unheard` those that it can't have. `others` are ports,
    with their protocols, that services without a container have at one of them. `hidden` tells
    that Compose starts it for a profile alone.
    """

    app: str
    name: str
    service: Service
    hosts: tuple[str, ...]
    unheard: tuple[str, ...]
    others: tuple[tuple[int, str], ...]
    given: Given
    image: str
    hidden: bool


class WorkloadObjects:
    """The objects of one workload. `notices` holds what they couldn't say."""

    def __init__(self, workload: Workload, values: DeploymentValues, volumes: Volumes) -> None:
        self._workload = workload
        self._text = KubernetesText(values.variables)
        self._keys = ContainerKeys(workload.service.container or {}, self._text)
        self._environment = ContainerEnvironment(
            values, self._text, self._keys.take_raw("environment"), workload.given
        )
        self._volumes = volumes
        self._labels = workload_labels(workload.app, workload.name)
        for network, settings in mapping(self._keys.take_raw("networks")).items():
            for key in mapping(settings):
                if key != "aliases":
                    self._keys.refuse(f"networks.{network}.{key}")
        for alias in workload.unheard:
            self._keys.refuse(f'the name "{alias}" in the network')
        self.notices: list[str] = []

    def documents(self) -> list[Data]:
        """The Deployment, and the Services."""
        published = self._ports()
        deployment = self._deployment(published)
        services = [self._service(name, published) for name in self._workload.hosts]
        self._tell()
        return [deployment, *services]

    def _tell(self) -> None:
        name = self._workload.service.name
        if left := [*self._keys.left(), *self._environment.refused]:
            self.notices.append(f"{name}: has no place in Kubernetes: {', '.join(left)}")
        if fixed := list(self._text.fixed):
            self.notices.append(
                f"{name}: written as their defaults, where Kubernetes takes no reference:"
                f" {', '.join(fixed)}; a deployment that changes one patches the manifest"
            )
        if self._workload.hidden:
            self.notices.append(
                f"{name}: Compose starts it for a profile alone; it has 0 replicas until an overlay"
                " scales it"
            )

    def _deployment(self, published: dict[Port, str]) -> Data:
        replicas = self._replicas()
        mounts = self._volumes.mount(self._keys, 1 if replicas is None else replicas)
        container = self._container(published, mounts)
        pod: Data = {
            # a Service called `db` would bring a variable DB_PORT to every container
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
        }
        grace = self._keys.take_as(seconds, "stop_grace_period")
        if grace is not None:
            pod["terminationGracePeriodSeconds"] = grace
        group = container.get("securityContext", {}).get("runAsGroup")
        if mounts.claims and group is not None:  # or the volume would be root's alone
            pod["securityContext"] = {"fsGroup": group}
        pod["containers"] = [container]
        if mounts.volumes:
            pod["volumes"] = list(mounts.volumes.values())
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self._workload.name, "labels": dict(self._labels)},
            "spec": {
                **({} if replicas is None else {"replicas": replicas}),
                # two pods at once on one volume: the second waits for ever, or spoils its data
                **({"strategy": {"type": "Recreate"}} if mounts.claims else {}),
                "selector": {"matchLabels": dict(self._labels)},
                "template": {"metadata": {"labels": dict(self._labels)}, "spec": pod},
            },
        }

    def _replicas(self) -> int | None:
        stated = [self._keys.take_as(int, *path) for path in (("deploy", "replicas"), ("scale",))]
        self._keys.take("profiles")
        if self._workload.hidden:
            return 0
        return next((one for one in stated if one is not None), None)

    def _container(self, published: dict[Port, str], mounts: Mounts) -> Data:
        container: Data = {"name": self._workload.name, "image": self._image()}
        for key, theirs in (("entrypoint", "command"), ("command", "args")):
            words = self._words(key)
            if words is not None:
                container[theirs] = words
        directory = self._keys.take_as(str, "working_dir")
        optional = {
            "workingDir": directory,
            "ports": [
                {"name": name, "containerPort": port.number, "protocol": port.protocol}
                for port, name in published.items()
            ],
            "env": self._environment.entries(),
            "resources": self._resources(),
            **probes(self._workload.service, self._keys),
            "securityContext": self._security(),
            "stdin": self._keys.take_as(flag, "stdin_open"),
            "tty": self._keys.take_as(flag, "tty"),
            "volumeMounts": mounts.mounts,
        }
        return {**container, **{key: value for key, value in optional.items() if value}}

    def _image(self) -> str:
        image = self._keys.take("image")
        build = self._keys.take_raw("build")
        if image:
            return str(image)
        self.notices.append(
            f"{self._workload.service.name}: "
            + ("it is built" if build is not None else "it states no image")
            + f"; {self._workload.image} stands for its image: `images` in an overlay's"
            " kustomization.yaml names the real one"
        )
        return self._workload.image

    def _words(self, key: str) -> list[str] | None:
        """A command, which Kubernetes expands as it does variables."""
        stated = self._keys.take_raw(key)
        if stated is None:
            return None
        try:
            if isinstance(stated, str):
                return shlex.split(self._environment.expanded(stated))
            return [self._environment.expanded(str(one)) for one in stated]
        except (TypeError, Unresolvable, ValueError) as problem:
            self._keys.refuse(f"{key} ({problem})")
            return None

    def _ports(self) -> dict[Port, str]:
        """Every port that others may reach, and its name: the protocol, or protocol and number."""
        service = self._workload.service
        found: dict[Port, str] = {}
        if service.port is not None:
            _add_port(found, service.port, service.protocol)
        for number, protocol in self._workload.others:
            _add_port(found, number, protocol)
        on_host = False
        for key in ("ports", "expose"):
            for entry in self._keys.take_each(key):
                on_host = on_host or (key == "ports" and is_published(entry))
                for port in self._keys.convert(key, lambda one: list(ports(one)), entry) or ():
                    found.setdefault(port, f"{port.protocol.lower()}-{port.number}")
        if on_host:
            self._keys.refuse("ports of the host")
        return found

    def _service(self, name: str, published: dict[Port, str]) -> Data:
        spec: Data = {"type": "ClusterIP", "selector": dict(self._labels)}
        if published:
            spec["ports"] = [
                {"name": label, "port": port.number, "protocol": port.protocol}
                for port, label in published.items()
            ]
        else:  # no port is known: the name leads to the pod itself, and so to all of them
            spec["clusterIP"] = "None"
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "labels": dict(self._labels)},
            "spec": spec,
        }

    def _resources(self) -> Data:
        at = ("deploy", "resources")
        stated = {
            "requests": {
                "cpu": self._first(cpus, (*at, "reservations", "cpus")),
                "memory": self._first(
                    memory, (*at, "reservations", "memory"), ("mem_reservation",)
                ),
            },
            "limits": {
                "cpu": self._first(cpus, (*at, "limits", "cpus"), ("cpus",)),
                "memory": self._first(memory, (*at, "limits", "memory"), ("mem_limit",)),
            },
        }
        present = {
            kind: {name: value for name, value in amounts.items() if value is not None}
            for kind, amounts in stated.items()
        }
        return {kind: amounts for kind, amounts in present.items() if amounts}

    def _first(self, read: Any, *paths: tuple[str, ...]) -> str | None:
        found = [self._keys.take_as(read, *path) for path in paths]
        return next((one for one in found if one is not None), None)

    def _security(self) -> Data:
        context: Data = {}
        user = self._keys.take("user")
        match = _USER.match(str(user))
        if match is not None:
            context["runAsUser"] = int(match["user"])
            if match["group"]:
                context["runAsGroup"] = int(match["group"])
        elif user is not None:
            self._keys.refuse(f"user ({user}: Kubernetes takes numbers)")
        if self._keys.take_as(flag, "privileged"):
            context["privileged"] = True
        if self._keys.take_as(flag, "read_only"):
            context["readOnlyRootFilesystem"] = True
        capabilities = {
            "add": _capabilities(self._keys.take_each("cap_add")),
            "drop": _capabilities(self._keys.take_each("cap_drop")),
        }
        if any(capabilities.values()):
            context["capabilities"] = {key: one for key, one in capabilities.items() if one}
        return context


def _capabilities(names: Iterable[Any]) -> list[str]:
    return [str(one).upper().removeprefix("CAP_") for one in names]


def _add_port(found: dict[Port, str], number: int, protocol: str) -> None:
    port = Port(number, "UDP" if protocol == "udp" else "TCP")
    name = f"{protocol}-{number}" if protocol in found.values() else protocol
    found.setdefault(port, name[:_LONGEST_PORT_NAME])
