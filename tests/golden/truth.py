"""What two artifacts of one compile both say, compared: each contradiction as a sentence.

Only the artifacts are read, each as its consumer reads it. Nothing here asks the model: what the
model holds can't be wrong twice.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dotenv import dotenv_values
from ruamel.yaml import YAML

# Read by scripts/marchproxy-import.sh, which runs beside the deployment: no container has them.
IMPORT_SCRIPT = frozenset(("MARCHPROXY_API", "CLUSTER_API_KEY"))
ENV = "env/.env.example"
DIALECTS = ("postgresql", "mysql", "sqlite")
_REFERENCE = re.compile(r"\$(?:\$|\{?([A-Za-z_][A-Za-z0-9_]*))")
_ONE_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?:-(.*))?\}\Z", re.DOTALL)
_COPIED = re.compile(
    r"^# \(docker-compose.yml holds this value itself.*\)\n(?:# )?(\w+)", re.MULTILINE
)
_IDLE = re.compile(r"^# (\w+)[=:]", re.MULTILINE)  # shown, and said that no container is given them
_UNQUOTABLE = re.compile(r"^# ([A-Z_a-z0-9]+): no env file can hold its default", re.MULTILINE)
_PROBE = re.compile(
    r"wget -q (?:--no-check-certificate )?-O /dev/null '?(https?)://127.0.0.1:(\d+)([^ ']*)"
)
_INSERTED = re.compile(r"^INSERT INTO .*? VALUES \((?:E|CONCAT\()?'((?:[^']|'')*)'", re.MULTILINE)
_WITHHELD = re.compile(r"^-- (?:sensitive|without a default), not seeded: (.+)$", re.MULTILINE)
_SECRET = re.compile(r"^# \((?:required, )?secret\)\n([A-Za-z0-9_]+)=(.*)$", re.MULTILINE)
_METRIC = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{")


@dataclass(frozen=True)
class Outputs:
    """The artifacts of one environment.

    `told` are the spec's own variables of which validate says that no container is given them
    (PC312), or was told why not: they are in the env template alone, and a person knows.
    """

    app: str
    files: Mapping[str, str]
    told: frozenset[str] = field(default=frozenset())

    def data(self, path: str) -> Any:
        return json.loads(self.files[path]) if path in self.files else {}

    @cached_property
    def compose(self) -> dict[str, Any]:
        text = self.files.get("compose/docker-compose.yml")
        return {} if text is None else YAML(typ="safe", pure=True).load(text)

    @cached_property
    def containers(self) -> dict[str, Any]:
        return dict(self.compose.get("services", {}))

    @cached_property
    def registered(self) -> dict[str, Any]:
        """Services of the gateway, by the name that the spec has for them."""
        services = self.data("marchproxy/services.json")["services"]
        return {one["name"].removeprefix(f"{self.app}-"): one for one in services}

    @cached_property
    def runtime(self) -> dict[str, Any]:
        return dict(self.data("runtime/manifest.json"))

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """Everything that Kubernetes is told, one object after the other."""
        texts = (text for path, text in self.files.items() if path.startswith("kubernetes/"))
        parser = YAML(typ="safe", pure=True)
        return [one for text in texts for one in parser.load_all(text) if isinstance(one, dict)]

    def env(self, path: str) -> dict[str, str | None]:
        return dotenv_values(stream=io.StringIO(self.files[path]))

    @cached_property
    def tables(self) -> dict[str, list[list[str]]]:
        """The tables of the page, by the heading above them; cells without their code marks."""
        tables: dict[str, list[list[str]]] = {}
        heading = ""
        for line in self.files["docs/reference.md"].splitlines():
            if line.startswith("## "):
                heading = line.removeprefix("## ")
            elif line.startswith("| ") and not line.startswith("| ---"):
                cells = [one.strip() for one in re.split(r"(?<!\\)\|", line)[1:-1]]
                tables.setdefault(heading, []).append([one.strip("`") for one in cells])
        return tables


def contradictions(outputs: Outputs) -> list[str]:
    """Every one that there is."""
    return [
        sentence
        for check in (
            _variables,
            _defaults,
            _ports,
            _kubernetes_variables,
            _kubernetes_ports,
            _settings,
            _seeds,
            _sensitive,
            _routes,
            _license,
            _metrics,
            _docs,
        )
        for sentence in check(outputs)
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _used_by_compose(outputs: Outputs) -> set[str]:
    """`${NAME…}` anywhere. A bare name in `environment` is passed through from the shell, by its
    author's will; no file of ours speaks for the shell."""
    found = {
        match[1]
        for text in _texts(outputs.compose)
        for match in _REFERENCE.finditer(text)
        if match[1] is not None
    }
    secrets = (outputs.compose.get("secrets") or {}).values()
    return found | {one["environment"] for one in secrets if one and "environment" in one}


def _listed(outputs: Outputs) -> set[str]:
    text = outputs.files[ENV]
    return {*outputs.env(ENV), *_UNQUOTABLE.findall(text)}


def _variables(outputs: Outputs) -> Iterator[str]:
    listed = _listed(outputs)
    if outputs.compose:
        used = _used_by_compose(outputs)
        for name in sorted(used - listed):
            yield f"Compose uses {name}, .env.example lacks it"
        copied = set(_COPIED.findall(outputs.files[ENV]))  # and it says so
        offered = set(outputs.env(ENV))  # what no env file can hold is not offered
        for name in sorted(offered - used - copied - IMPORT_SCRIPT - outputs.told):
            yield f".env.example has {name}, Compose does not use it"
    for path, text in outputs.files.items():
        name = path.removeprefix("env/").removesuffix(".env.example")
        if not path.startswith("env/") or path == ENV:
            continue
        given = {*outputs.env(path), *_UNQUOTABLE.findall(text)}
        environment = outputs.containers.get(name, {}).get("environment") or {}
        used = {
            match[1]
            for value in _texts(environment)
            for match in _REFERENCE.finditer(value)
            if match[1] is not None
        }
        # a default that Compose can't take stands there as it is
        used |= {one for one in given if one in environment and one not in used}
        for one in sorted(given - used):
            yield f"{path} has {one}, the container is not given it"
        for one in sorted(given - listed):
            yield f"{path} has {one}, .env.example lacks it"


def _defaults(outputs: Outputs) -> Iterator[str]:
    """A variable's default is one value, for Compose and for who copies the env file."""
    for name, service in outputs.containers.items():
        path = f"env/{name}.env.example"
        if path not in outputs.files:
            continue
        offered = outputs.env(path)
        for variable, text in (service.get("environment") or {}).items():
            match = _ONE_REFERENCE.match(text or "")
            if match is None or match[1] not in offered:
                continue
            default = (match[2] or "").replace("$$", "$")
            shared = [
                one for one in service["environment"].values() if f"${{{match[1]}-" in (one or "")
            ]
            if len(set(shared)) == 1 and offered[match[1]] != default:
                yield f"{name}: {variable} is {default!r} in Compose, {offered[match[1]]!r} in env"


def _container_ports(service: Mapping[str, Any]) -> set[str]:
    stated = [*(service.get("ports") or []), *(service.get("expose") or [])]
    texts = (str(one["target"]) if isinstance(one, dict) else str(one) for one in stated)
    return {one.partition("/")[0].rpartition(":")[2] for one in texts}


def _ports(outputs: Outputs) -> Iterator[str]:
    for name, one in outputs.registered.items():
        service = outputs.containers.get(name)
        if service is None:
            continue
        port = str(one["port"])
        stated = _container_ports(service)
        if stated and port not in stated:
            yield f"{name}: port {port} for the gateway, {', '.join(sorted(stated))} in Compose"
        probe = _PROBE.search(" ".join(_texts(service.get("healthcheck") or {})))
        if probe is None:
            continue
        if probe[2] != port:
            yield f"{name}: port {port} for the gateway, {probe[2]} in its health check"
        if probe[3] != one.get("health_check_path"):
            yield f"{name}: health path {one.get('health_check_path')}, {probe[3]} in Compose"
        if probe[1] != one["protocol"]:
            yield f"{name}: speaks {one['protocol']}, is asked by {probe[1]}"


def _pods(outputs: Outputs) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each container of Kubernetes, by its name."""
    for one in outputs.objects:
        template = (one.get("spec") or {}).get("template") or {}
        for container in (template.get("spec") or {}).get("containers") or []:
            yield container["name"], container


def _kubernetes_variables(outputs: Outputs) -> Iterator[str]:
    """What a pod is given is what the container is given by Compose."""
    maps = {
        one["metadata"]["name"]: set(one.get("data") or {}) | set(one.get("stringData") or {})
        for one in outputs.objects
        if one.get("kind") in {"ConfigMap", "Secret"}
    }
    for name, container in _pods(outputs):
        given = {one["name"] for one in container.get("env") or []}
        for source in container.get("envFrom") or []:
            reference = source.get("configMapRef") or source.get("secretRef") or {}
            given |= maps.get(reference.get("name"), set())
        if name not in outputs.containers:
            continue
        environment = outputs.containers[name].get("environment") or {}
        # one without a value is taken from the shell that runs Compose, which a cluster lacks
        wanted = {variable for variable, value in environment.items() if value is not None}
        # what a text of this container refers to, and the container isn't given itself
        given = {one for one in given if not one.startswith("DEPLOYMENT_")}
        for one in sorted(wanted - given):
            yield f"{name}: Compose gives it {one}, Kubernetes does not"
        for one in sorted(given - wanted):
            yield f"{name}: Kubernetes gives it {one}, Compose does not"


def _kubernetes_ports(outputs: Outputs) -> Iterator[str]:
    for name, container in _pods(outputs):
        ports = {one.get("name", ""): one["containerPort"] for one in container.get("ports") or []}
        registered = outputs.registered.get(name, {}).get("port")
        if ports and registered is not None and registered not in ports.values():
            yield f"{name}: port {registered} for the gateway, {ports} in Kubernetes"
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            for kind in ("httpGet", "tcpSocket", "grpc"):
                port = ((container.get(probe) or {}).get(kind) or {}).get("port")
                if port is not None and registered not in {None, ports.get(port, port)}:
                    yield f"{name}: port {registered} for the gateway, {port} in its {probe}"
    for one in outputs.objects:
        if one.get("kind") != "Service":
            continue
        name = one["spec"]["selector"]["app.kubernetes.io/name"]
        registered = outputs.registered.get(name, {}).get("port")
        ports = [port["port"] for port in one["spec"].get("ports") or []]
        if registered is not None and registered not in ports:
            yield f"{name}: port {registered} for the gateway, {ports} of its Kubernetes service"


def _settings(outputs: Outputs) -> Iterator[str]:
    """A key is in the run-time manifest, SQL, env template and page, or in none."""
    keys = outputs.runtime["keys"]
    listed, idle = _listed(outputs), set(_IDLE.findall(outputs.files[ENV]))
    heads = (rows for name, rows in outputs.tables.items() if name.startswith("Settings: "))
    page = dict(row[0].split("`<br>`") for rows in heads for row in rows[1:])
    places = {"the page": set(page)}
    for dialect in DIALECTS:
        text = outputs.files[f"sql/{dialect}/02_config_seed.sql"]
        seeded = [one.replace("''", "'") for one in _INSERTED.findall(text)]
        places[f"SQL of {dialect}"] = {*seeded, *_WITHHELD.findall(text)}
    for place, found in places.items():
        for key in sorted(keys.keys() - found):
            yield f"config key {key} is not in {place}"
        for key in sorted(found - keys.keys()):
            yield f"config key {key} is in {place}, not in the run-time manifest"
    for key, one in keys.items():
        if one["variable"] not in listed | idle:
            yield f"the variable of config key {key}, {one['variable']}, is not in .env.example"
        if key in page and page[key] != one["variable"]:
            yield f"config key {key} has the variable {page[key]} on the page"


def _seeds(outputs: Outputs) -> Iterator[str]:
    """The rows are the run-time manifest's defaults, in the table that it names."""
    table = outputs.runtime["table"]
    columns = table["columns"]
    with closing(sqlite3.connect(":memory:")) as database:
        for part in ("01_schema", "02_config_seed"):
            database.executescript(outputs.files[f"sql/sqlite/{part}.sql"])
        query = (
            f'SELECT "{columns["config_key"]}", "{columns["config_value"]}" FROM "{table["name"]}"'
        )
        try:
            rows = dict(database.execute(query).fetchall())
        except sqlite3.Error as error:
            yield f"SQL has another table than the run-time manifest: {error}"
            return
    for key, one in outputs.runtime["keys"].items():
        if one["sensitive"] or "default" not in one:
            if key in rows:
                yield f"config key {key} has no default, and is seeded"
        elif key not in rows or _read(one["type"], rows[key]) != one["default"]:
            yield f"config key {key}: {rows.get(key)!r} in SQL, {one['default']!r} at run time"


def _read(kind: str, text: str) -> Any:
    if kind == "string":
        return text
    return text == "true" if kind == "boolean" else json.loads(text)


def _sensitive(outputs: Outputs) -> Iterator[str]:
    """A secret has no value anywhere: not in the manifest, not in an env file, not in Compose."""
    keys = outputs.runtime["keys"]
    secrets = {one["variable"] for one in keys.values() if one["sensitive"]}
    for key, one in keys.items():
        if one["sensitive"] and "default" in one:
            yield f"config key {key} is sensitive and has a default at run time"
    for path, text in outputs.files.items():
        if path.startswith("env/"):
            yield from _secrets_in(path, text, secrets)
    for name in sorted(secrets):
        pattern = re.compile(rf"\$\{{{name}:?-[^}}]")
        if any(pattern.search(text) for text in _texts(outputs.compose)):
            yield f"Compose has a default of the secret {name}"


def _secrets_in(path: str, text: str, secrets: set[str]) -> Iterator[str]:
    marked = dict(_SECRET.findall(text))
    for name, value in marked.items():
        if value:
            yield f"{path} holds a value of the secret {name}"
    for name in sorted(secrets & dotenv_values(stream=io.StringIO(text)).keys() - marked.keys()):
        yield f"{path} does not say that {name} is a secret"


def _routes(outputs: Outputs) -> Iterator[str]:
    mappings = outputs.data("marchproxy/mappings.json")["mappings"]
    services = outputs.data("marchproxy/services.json")["services"]
    whole = outputs.data("marchproxy/import-config.json")
    if (whole["services"], whole["mappings"]) != (services, mappings):
        yield "import-config.json is not services.json and mappings.json"
    known = {one["name"] for one in services}
    for one in mappings:
        for end in (*one["source_services"], *one["dest_services"]):
            if end.startswith(f"{outputs.app}-") and end not in known:
                yield f"mapping {one['name']} names {end}, which services.json lacks"


def _license(outputs: Outputs) -> Iterator[str]:
    granted = outputs.data("license/entitlements.json")
    tiers = [one["name"] for one in granted.get("tiers", [])]
    features = {name: one["tier"] for name, one in granted.get("features", {}).items()}
    runtime = {name: one["tier"] for name, one in outputs.runtime["features"].items()}
    if outputs.runtime["tiers"] != tiers:
        yield f"tiers {tiers} are granted, {outputs.runtime['tiers']} are known at run time"
    if runtime != features:
        yield f"features {features} are granted, {runtime} are known at run time"
    rows = outputs.tables.get("License", [])
    page = [row for row in rows if row[0] in features]
    if rows and rows[0][0] == "Feature" and rows[0][1:-1] != tiers:
        yield f"tiers {tiers} are granted, the page has {rows[0][1:-1]}"
    if [row[0] for row in page] != list(features):
        yield f"features {list(features)} are granted, the page has {[row[0] for row in page]}"
    for row in page:
        shown = [tier for tier, mark in zip(tiers, row[1:-1], strict=True) if mark]
        wanted = [one["name"] for one in granted["tiers"] if row[0] in one["features"]]
        if shown != wanted:
            yield f"feature {row[0]} is granted to {wanted}, the page says {shown}"


def _metrics(outputs: Outputs) -> Iterator[str]:
    """The page has no metrics: the catalogue is one to look at already."""
    catalogue = {
        one["prometheus_name"] for one in outputs.data("telemetry/metrics.json").get("metrics", [])
    }
    panels = outputs.data("telemetry/grafana-dashboard.json").get("panels", [])
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    asked = {name for query in queries for name in _METRIC.findall(query)}
    parts = {
        name: {name, *(f"{name}_{end}" for end in ("bucket", "sum", "count"))} for name in catalogue
    }
    for name in sorted(catalogue):
        if not parts[name] & asked:
            yield f"the dashboard does not show the metric {name}"
    for name in sorted(asked - set().union(*parts.values())):
        yield f"the dashboard asks for {name}, the catalogue lacks it"


def _docs(outputs: Outputs) -> Iterator[str]:
    """The page's services and containers are the gateway's and Compose's."""
    rows = outputs.tables.get("Services and routes", [])
    services = {row[0]: row for row in rows if len(row) > 4}
    for name, one in outputs.registered.items():
        address = f"{one['ip_fqdn']}:{one['port']}"
        if name not in services:
            yield f"the page lacks the service {name}"
        elif services[name][1] != address:
            yield f"service {name} is at {address} for the gateway, {services[name][1]} on the page"
    for name, service in outputs.containers.items():
        rows = outputs.tables.get(f"Variables of `{name}`", [])
        if not rows:
            continue
        page = {row[0] for row in rows[1:]}
        for one in sorted(page - (service.get("environment") or {}).keys()):
            yield f"the page gives {name} the variable {one}, Compose does not"
