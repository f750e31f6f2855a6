"""Target `kubernetes`: the app's containers as manifests that Kustomize builds and kubectl applies.

One file per service with its Deployment and Service, the ConfigMap of its variables, the claims of
its volumes. Secrets are referred to, never written. MarchProxy is never in it, and WaddleAI is
inside the cluster only (integration-standards).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from penguin_compile.model.app import App, WaddleAI
from penguin_compile.model.deployed import deployed_services
from penguin_compile.model.service import FromVariable, Literal, Service
from penguin_compile.targets.compose import MODELS, WADDLEAI
from penguin_compile.targets.heading import heading
from penguin_compile.targets.kubernetes_environment import DeploymentValues, Given, pairs
from penguin_compile.targets.kubernetes_keys import mapping
from penguin_compile.targets.kubernetes_names import app_labels, free_name, is_label, object_names
from penguin_compile.targets.kubernetes_volumes import SIZE, Volumes
from penguin_compile.targets.kubernetes_workload import Workload, WorkloadObjects
from penguin_compile.targets.target import Artifact, Placement, Target
from penguin_compile.targets.yaml_text import yaml_text

Data: TypeAlias = dict[str, Any]

FOLDER = "kubernetes"
_OWN = frozenset(("configmap", "volumes", "kustomization"))  # file names that no service gets
_ONE_LABEL = re.compile(r"[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*\Z")
_NOT_IN_TAG = re.compile(r"[^A-Za-z0-9_.-]+")
_LARGEST_CONFIG_MAP = 1_048_576


def render(app: App, placement: Placement) -> Iterator[Artifact]:
    """The manifests; none for an app without containers."""
    services = _services(app)
    if not services:
        return
    values = DeploymentValues(app.name, app.deployment.variables)
    volumes = Volumes(mapping(app.compose.get("volumes")))
    first = heading(placement)
    taken, resources = set(_OWN), []
    for workload in _workloads(app, services):
        objects = WorkloadObjects(workload, values, volumes)
        documents = objects.documents()
        file = free_name(workload.name, taken)
        taken.add(file)
        resources.append(f"{file}.yaml")
        yield _artifact(f"{file}.yaml", [first], documents, objects.notices)
    claims = list(volumes.claims())
    if claims:
        resources.insert(0, "volumes.yaml")
        yield _artifact("volumes.yaml", [first], claims, _volume_notices(volumes, claims))
    data = values.config_data()
    if data or values.missing():
        resources.insert(0, "configmap.yaml")
        yield _config_map(first, values, data)
    yield _kustomization(app, [first, *_secret_lines(values)], resources)


def _artifact(
    name: str, comments: Iterable[str], documents: Iterable[Data], notices: Iterable[str] = ()
) -> Artifact:
    lines = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    text = lines + "---\n".join(yaml_text(one) for one in documents)
    return Artifact(path=f"{FOLDER}/{name}", text=text, notices=tuple(notices))


def _services(app: App) -> dict[str, tuple[Service, Given]]:
    """The services with a container and what the spec gives it, WaddleAI's own as one of them."""
    services: dict[str, tuple[Service, Given]] = {
        name: (one, app.deployment.containers[name])
        for name, one in deployed_services(app).items()
        if one.container is not None
    }
    waddleai = app.waddleai
    if waddleai is not None and waddleai.enabled and waddleai.container is not None:
        service = _waddleai_service(waddleai, waddleai.container)
        services.setdefault(WADDLEAI, (service, _waddleai_given(waddleai, waddleai.container)))
    return services


def _waddleai_given(waddleai: WaddleAI, container: Mapping[str, Any]) -> Given:
    given: Given = {
        "MODEL_PATH": Literal(waddleai.model_path),
        "MAX_WORKERS": FromVariable("WADDLEAI_MAX_WORKERS"),
    }
    stated = pairs(container.get("environment"))
    return {name: value for name, value in given.items() if name not in stated}


def _waddleai_service(waddleai: WaddleAI, container: Mapping[str, Any]) -> Service:
    """WaddleAI as the spec would state it among `services`, its models on a volume."""
    address = urlsplit(waddleai.url)
    models = {"type": "volume", "source": MODELS, "target": waddleai.model_path}
    return Service(
        name=WADDLEAI,
        host=address.hostname or WADDLEAI,
        port=address.port or (443 if address.scheme == "https" else 80),
        protocol="https" if address.scheme == "https" else "http",
        auth="none",
        tls_enabled=False,
        tls_verify=None,
        health_check=None,
        gateway=False,
        requires_feature=None,
        protected=False,
        container={**container, "volumes": [*(container.get("volumes") or ()), models]},
        environment={},
        all_config=False,
        config_globs=(),
        all_secrets=False,
    )


def _workloads(app: App, services: Mapping[str, tuple[Service, Given]]) -> Iterator[Workload]:
    names = object_names(services)
    taken = set(names.values())
    others = _ports_elsewhere(app, services)
    tag = _NOT_IN_TAG.sub("-", app.identity.version).lstrip("-.")[:128] or "latest"
    for name, (service, given) in services.items():
        wanted = [one for one in _network_names(service) if one != names[name]]
        heard = [one for one in wanted if is_label(one) and one not in taken]
        taken.update(heard)
        hosts = (*heard, names[name])
        at = dict.fromkeys(one for host in (name, *hosts) for one in others.get(host, ()))
        feature = service.requires_feature is not None and app.environment.tier is None
        yield Workload(
            app=app.name,
            name=names[name],
            service=service,
            hosts=hosts,
            unheard=tuple(one for one in wanted if one not in heard),
            others=tuple(at),
            given=given,
            image=f"{app.name}/{names[name]}:{tag}",
            hidden=feature or bool(mapping(service.container).get("profiles")),
        )


def _network_names(service: Service) -> list[str]:
    """What Compose's network knows a container by: its `host`, its own name, its aliases."""
    networks = mapping(mapping(service.container).get("networks")).values()
    aliases = [one for network in networks for one in mapping(network).get("aliases") or ()]
    host = [service.host] if _ONE_LABEL.match(service.host) else []
    names = dict.fromkeys([*host, service.name, *(str(one) for one in aliases)])
    return [one for one in names if one != "localhost"]


def _ports_elsewhere(app: App, services: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """Ports, by host, of services that have no container: another service's may have them."""
    ports: dict[str, list[tuple[int, str]]] = {}
    for name, service in deployed_services(app).items():
        if name not in services and service.port is not None:
            ports.setdefault(service.host, []).append((service.port, service.protocol))
    return ports


def _config_map(first: str, values: DeploymentValues, data: Mapping[str, str]) -> Artifact:
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": values.config_map},
        "data": dict(data),
    }
    comments = [first, "Pods read it when they start: after a change, kubectl rollout restart."]
    if missing := values.missing():
        comments.append("Required and without default, for an overlay to add:")
        comments += [f"  {name}" for name in missing]
    size = sum(len(key) + len(value.encode()) for key, value in data.items())
    notices = []
    if size > _LARGEST_CONFIG_MAP:
        notices.append(f"{values.config_map} has {size:,} bytes; Kubernetes takes 1 MiB at most")
    return _artifact("configmap.yaml", comments, [document], notices)


def _volume_notices(volumes: Volumes, claims: list[Data]) -> Iterator[str]:
    names = ", ".join(claim["metadata"]["name"] for claim in claims)
    yield f"Compose states no size of a volume: {SIZE} is asked for, an overlay patches it: {names}"
    if shared := volumes.shared():
        yield (
            "several pods mount it, which takes a storage class with ReadWriteMany:"
            f" {', '.join(shared)}"
        )
    if options := volumes.options():
        yield f"volumes: has no place in a claim: {', '.join(options)}"


def _secret_lines(values: DeploymentValues) -> Iterator[str]:
    """Which Secret the deployment provides: its values are in no file."""
    secrets = values.secrets()
    if not secrets:
        return
    yield ""
    yield f"The deployment provides the Secret {values.secret}; no pod starts without its keys:"
    for name, needed in secrets.items():  # a line each: a new one changes no other's
        yield f"  {name}{'' if needed else ' (optional)'}"


def _kustomization(app: App, comments: Iterable[str], resources: list[str]) -> Artifact:
    document = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "labels": [{"pairs": app_labels(app.name, app.identity.version), "includeTemplates": True}],
        "resources": resources,
    }
    notices = []
    if app.compose.get("networks"):
        notices.append(
            "networks: in a cluster every pod reaches every other; NetworkPolicies limit that"
        )
    return _artifact("kustomization.yaml", comments, [document], notices)


TARGET = Target(
    name="kubernetes",
    render=render,
    renders=frozenset(("service", "setting", "variable", "waddleai")),
    ignores={
        "route": "routes are the gateway's, which is no part of the app",
        "tier": "decides which services are there, and is no resource of Kubernetes",
        "feature": "decides which services are there, and is no resource of Kubernetes",
        "metric": "metrics go to KillKrill",
    },
    owns=(f"{FOLDER}/",),
    default=False,
)
