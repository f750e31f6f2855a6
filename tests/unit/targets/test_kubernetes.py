from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from dotenv import dotenv_values
from ruamel.yaml import YAML

from penguin_compile.targets.kubernetes_names import free_name, label_value, object_names
from penguin_compile.targets.kubernetes_units import Port, cpus, flag, memory, ports, seconds
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import environment as compose_environment
from tests.compose_program import resolve_text
from tests.kubernetes_manifests import container_environment, expand, read_manifests
from tests.models import ROOT, example_app, read_app, render
from tests.requirements import end_without

if TYPE_CHECKING:
    from penguin_compile.model.app import App

RELEASE = "1.37.0"
SCHEMAS = files("kubernetes_validate") / f"kubernetes-json-schema/v{RELEASE}-local-strict"
EXAMPLES = [("myapp", "dev"), ("myapp", "prod"), ("waddleperf", "dev")]

HARD_VALUES = {
    "quotes": "it's \"quoted\" \\ and 'not'",
    "lines": "first\n  second\n\nlast\n",
    "dollars": "$ $$ $$$ $HOME ${HOME} $(HOME) $$(HOME) $",
    "open": "$(never closed",
    "emoji": "$é 🐧 $🐧",
    "truth": "true",
    "zero": "0",
    "empty": "",
    "nothing": "null",
    "octal": "0o17",
    "float": "1e3",
    "yes": "yes",
    "indicator": "- {a: [b]} # c",
    "tabs": "\ta\t",
    "carriage": "a\rb",
    "unusual": "\u2028\ufeff",
}


HARD_CONFIG = "\n".join(
    f"  {key}: {{type: string, default: {json.dumps(value)}}}" for key, value in HARD_VALUES.items()
)


def spec(text: str, environment: str = "default") -> App:
    return read_app(f"penguin: 1\napp: {{name: shop, version: 2.0.0+b.1}}\n{text}", environment)


NASTY = f"""
services:
  web:
    host: shop-web
    port: 8080
    container:
      image: "shop/web:${{TAG:-${{OTHER-1}}}}"
      command: "serve --user ${{DB_USER}} --key '${{API_KEY}}' --cost $$5"
      entrypoint: [/entry, "$$HOME"]
      user: "1000:2000"
      working_dir: /srv
      stop_grace_period: 1m30s
      ports: ["127.0.0.1:9000-9001:9000-9001", "53:53/udp", {{target: 7000, published: 7}}, 8080]
      expose: [9100, "8080"]
      cap_add: [CAP_NET_ADMIN, net_raw]
      cap_drop: [ALL]
      privileged: "true"
      read_only: true
      profiles: [extra]
      env_file: .env
      restart: on-failure
      tmpfs: ["/tmp:size=64m,mode=1777", /run]
      volumes:
        - cache_1:/cache:ro
        - cache_1:/other
        - /anonymous
        - ./source:/source
        - {{type: tmpfs, target: /scratch, tmpfs: {{size: 1024}}}}
        - {{type: volume, source: outside, target: /outside}}
        - {{type: bind, source: /etc, target: /host}}
      networks: {{front: {{aliases: [www, Not_A_Label, worker], ipv4_address: 10.0.0.7}}}}
      deploy:
        replicas: 5
        placement: {{constraints: [node.role == manager]}}
        resources:
          limits: {{cpus: "1.5", memory: 512M, pids: 10}}
          reservations: {{cpus: 0.25, memory: 1.5g}}
      healthcheck:
        test: curl --fail "http://localhost:8080/$$PATH" || exit 1
        interval: 1m30s
        timeout: 500ms
        retries: 4
        start_period: 40s
        start_interval: 1s
      environment:
        OWN: "user=${{DB_USER}} cost=$$5"
        FROM_KEY: "${{API_KEY:?it is needed}}"
        OPTIONAL: "${{MAYBE-nobody}}"
        DB_HOST:
        NUMBER: 1
        "bad=name": x
    environment:
      DB_USER: a literal of the container
      HARD: {json.dumps(HARD_VALUES["dollars"])}
      URL: {{template: "db://${{DB_USER}}:${{DB_PASS}}@${{DB_HOST}}/$(x)?cost=$5"}}
      TOKEN: {{variable: DB_PASS}}
      LOG_LEVEL: {{variable: LOG_LEVEL, default: debug}}
      PIN: {{secret: "env:PIN", required: false}}
    config: all
  worker:
    gateway: false
    container: {{build: ., volumes: ["cache_1:/cache"], restart: always, depends_on: [web]}}
    environment: {{LOG_LEVEL: {{variable: LOG_LEVEL}}}}
  configmap: {{gateway: false, container: {{image: x, healthcheck: {{disable: true}}}}}}
  My_Service.2: {{port: 50051, protocol: grpc, container: {{image: x}}}}
  2nd:
    port: 443
    protocol: https
    health_check: {{path: "/up?deep=1", interval: 7s}}
    container: {{image: x}}
  tcp-only: {{port: 1234, protocol: tcp, container: {{image: x, healthcheck: {{test: [NONE]}}}}}}
  metrics: {{host: shop-web, port: 9464, protocol: http}}
variables:
  TAG: {{default: ""}}
  OTHER: {{default: "7"}}
  DB_USER: {{default: "o'neil $(HOME)"}}
  DB_PASS: {{sensitive: true, secret: "env:DB_PASS"}}
  DB_HOST: {{required: true}}
  API_KEY: {{sensitive: true, secret: "env:API_KEY"}}
  MAYBE: {{}}
  LOG_LEVEL: {{default: info}}
compose:
  networks: {{front: {{}}}}
  volumes: {{cache_1: {{driver: nfs}}, outside: {{external: true, name: theirs}}}}
config:
{HARD_CONFIG}
integrations:
  waddleai:
    url: http://ai.internal:8000
    used_by: [worker]
    container:
      image: waddleai
      ports: ["8000:8000"]
      environment: [MAX_WORKERS=9]
      volumes: ["ai-models:/models"]
"""


@cache
def app_named(name: str, environment: str = "default") -> App:
    if name == "nasty":
        return spec(NASTY)
    return read_app((ROOT / "spec" / f"{name}.yaml").read_text("utf-8"), environment)


APPS = [*EXAMPLES, ("nasty", "default")]


@cache
def validator(kind: str, api: str) -> Any:
    """The strict schema of one kind, as kubernetes-validate chooses it."""
    definitions = json.loads((SCHEMAS / "_definitions.json").read_text("utf-8"))
    schema = json.loads(
        (SCHEMAS / f"{kind.lower()}-{api.replace('/', '-')}.json").read_text("utf-8")
    )
    return jsonschema_rs.validator_for(schema, retriever=lambda _: definitions)


def manifests(app: App) -> dict[str, list[dict[str, Any]]]:
    """The objects of each file; what the official schemas refuse fails here."""
    found = {}
    for path, artifact in render("kubernetes", app).items():
        found[path] = read_manifests(artifact.text)
        if path != "kubernetes/kustomization.yaml":
            for one in found[path]:
                check = validator(one["kind"], one["apiVersion"])
                assert [str(error) for error in check.iter_errors(one)] == []
    return found


def objects(app: App, kind: str) -> dict[str, Any]:
    every = [one for documents in manifests(app).values() for one in documents]
    return {one["metadata"]["name"]: one for one in every if one["kind"] == kind}


def pod(app: App, name: str) -> dict[str, Any]:
    return objects(app, "Deployment")[name]["spec"]["template"]["spec"]


def container(app: App, name: str) -> dict[str, Any]:
    (only,) = pod(app, name)["containers"]
    return only


def notices(app: App) -> str:
    return "\n".join(one for file in render("kubernetes", app).values() for one in file.notices)


def web(text: str, rest: str = "") -> tuple[dict[str, Any], str]:
    """The container of a Compose service, and what is told of it."""
    app = spec(f"services: {{web: {{gateway: false, container: {text}}}}}\n{rest}")
    return container(app, "web"), notices(app)


@pytest.mark.parametrize(("name", "environment"), APPS)
def test_official_schemas_take_every_object(name, environment):
    app = app_named(name, environment)
    kinds = [one["kind"] for documents in manifests(app).values() for one in documents]
    assert kinds.count("Deployment") >= 5
    assert kinds.count("ConfigMap") == 1
    assert "Secret" not in kinds


@pytest.mark.slow
def test_kubernetes_validate_takes_them_as_it_is_called():
    from kubernetes_validate import latest_version, validate

    assert latest_version() == RELEASE
    for documents in manifests(app_named("nasty")).values():
        for one in documents:
            if one["kind"] != "Kustomization":
                assert validate(one, RELEASE, strict=True) == "1.37"


def test_a_schema_that_is_kept_refuses_something():
    check = validator("Service", "v1")
    service = objects(app_named("myapp", "dev"), "Service")["db"]
    assert not check.is_valid({**service, "spec": {**service["spec"], "typo": 1}})


@pytest.mark.parametrize(("name", "environment"), APPS)
def test_kubectl_builds_all_objects(name, environment, tmp_path):
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        end_without("kubectl", "kubectl is not installed: Debian's kubernetes-client has it")
    app = app_named(name, environment)
    for path, artifact in render("kubernetes", app).items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(artifact.text, encoding="utf-8")
    done = subprocess.run(
        [kubectl, "kustomize", tmp_path / "kubernetes"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    built = {(one["kind"], one["metadata"]["name"]): one for one in read_manifests(done.stdout)}
    written = {
        (one["kind"], one["metadata"]["name"]): one
        for path, documents in manifests(app).items()
        for one in documents
        if path != "kubernetes/kustomization.yaml"
    }
    assert built.keys() == written.keys()
    for key, one in built.items():
        labels = one["metadata"].pop("labels")
        assert labels["app.kubernetes.io/part-of"] == app.name
        assert labels["app.kubernetes.io/managed-by"] == "penguin-compile"
        assert labels["app.kubernetes.io/version"] == label_value(app.identity.version)
        own = written[key]["metadata"].pop("labels", {})
        assert labels == {**labels, **own}
        if key[0] == "Deployment":
            template = one["spec"]["template"]["metadata"].pop("labels")
            assert template == labels
            selector = one["spec"]["selector"]["matchLabels"]
            assert selector == written[key]["spec"]["template"]["metadata"].pop("labels") == own
            assert "app.kubernetes.io/version" not in selector
        if key[0] == "ConfigMap":
            assert one["data"] == written[key]["data"]
        assert one == written[key]


@pytest.mark.parametrize(("name", "environment"), APPS)
def test_selectors_lead_to_the_pods_of_one_deployment(name, environment):
    app = app_named(name, environment)
    deployments = objects(app, "Deployment")
    for service in objects(app, "Service").values():
        selector = service["spec"]["selector"]
        (target,) = [
            one
            for one in deployments.values()
            if one["spec"]["template"]["metadata"]["labels"] == selector
        ]
        (only,) = target["spec"]["template"]["spec"]["containers"]
        listened = {(one["name"], one["containerPort"]) for one in only.get("ports", ())}
        assert {(one["name"], one["port"]) for one in service["spec"].get("ports", ())} == listened
        assert service["spec"]["type"] == "ClusterIP"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "environment"), APPS)
def test_keys_are_those_of_the_env_template(name, environment):
    app = app_named(name, environment)
    text = render("env", app)["env/.env.example"].text
    template = dotenv_values(stream=StringIO(text))
    secret = {one.name for one in app.deployment.variables.values() if one.sensitive}
    marked = set(re.findall(r"^# \([^)]*secret\)\n([A-Za-z_]\w*)=$", text, re.MULTILINE))
    uncarried = set(re.findall(r"^# (\w+): no env file", text, re.MULTILINE))
    (config_map,) = objects(app, "ConfigMap").values()
    for key, value in config_map["data"].items():
        if key in uncarried:
            assert value == app.deployment.variables[key].default
        else:
            assert (key, value) == (key, template[key])
    referred = references(app)
    assert referred["secretKeyRef"] <= secret & marked
    assert referred["configMapKeyRef"].isdisjoint(secret)
    missing = referred["configMapKeyRef"] - config_map["data"].keys()
    assert missing == ({"DB_HOST"} if name == "nasty" else set())
    assert len(config_map["data"]) > 5
    assert referred["secretKeyRef"]


def references(app: App) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"secretKeyRef": set(), "configMapKeyRef": set()}
    names = {"secretKeyRef": f"{app.name}-secrets", "configMapKeyRef": f"{app.name}-config"}
    for name in objects(app, "Deployment"):
        for entry in container(app, name).get("env", ()):
            for kind, reference in entry.get("valueFrom", {}).items():
                assert reference["name"] == names[kind]
                found[kind].add(reference["key"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize(("name", "environment"), APPS)
def test_containers_see_what_they_see_in_compose(name, environment, changed, tmp_path):
    app = app_named(name, environment)
    (config_map,) = objects(app, "ConfigMap").values()
    variables = app.deployment.variables.values()
    secrets = {one.name: f"s3cret $(HOME) {one.name}" for one in variables if one.sensitive}
    config = {"DB_HOST": "db.example", **config_map["data"]}
    stated = {"DB_HOST": config["DB_HOST"], **secrets}  # the rest has its default
    if changed:
        config = {key: f"{value} $(HOME) changed" for key, value in config.items()}
        stated = config | secrets
    text = render("compose", app)["compose/docker-compose.yml"].text
    document = YAML(typ="safe", pure=True).load(text)
    for service in document["services"].values():
        for key in ("command", "env_file"):  # Compose refuses the nasty ones
            service.pop(key, None)
    compose = resolve_text(yaml_text(document), tmp_path, variables=stated, may_warn=True)
    names = object_names(compose["services"])
    fixed = fixed_variables(app)
    seen = 0
    for service in compose["services"]:
        ours = container_environment(container(app, names[service]), config, secrets)
        theirs = compose_environment(compose, service)
        for key, value in theirs.items():
            if key == "bad=name" or (changed and (service, key) in fixed):
                continue
            expected = stated[key] if value is None else value
            assert (service, key, ours[key]) == (service, key, expected)
            seen += 1
        extra = ours.keys() - theirs.keys()
        assert all(one.startswith("DEPLOYMENT_") for one in extra)
    assert seen > 15


def fixed_variables(app: App) -> set[tuple[str, str]]:
    """A container's own defaults: they are told, and no ConfigMap changes them."""
    told = re.findall(r"^(\S+): written as .+ reference: (.+);", notices(app), re.MULTILINE)
    assert told
    found = {(service, name) for service, names in told for name in names.split(", ")}
    # made of one of them; and what Compose, too, writes as it stands
    return {*found, ("web", "OPTIONAL"), ("web", "LINES")}


def test_values_come_back_equal_whatever_they_hold():
    app = app_named("nasty")
    (config_map,) = objects(app, "ConfigMap").values()
    for key, value in HARD_VALUES.items():
        assert (key, config_map["data"][key.upper()]) == (key, value)
    for value in (*HARD_VALUES.values(), "a\u0085b"):  # kubectl's own output spoils the last
        literal = spec(
            f"services: {{web: {{gateway: false, container: {{image: x}}, environment:"
            f" {{HOME: /root, X: {json.dumps(value)}}}}}}}"
        )
        assert container_environment(container(literal, "web"), {}, {})["X"] == value


def test_what_a_text_is_made_of_is_declared_before_it_and_always_there():
    entries = container(app_named("nasty"), "web")["env"]
    place = {one["name"]: index for index, one in enumerate(entries)}
    url = next(one["value"] for one in entries if one["name"] == "URL")
    assert url == "db://$(DEPLOYMENT_DB_USER):$(TOKEN)@$(DB_HOST)/$$(x)?cost=$$5"
    assert max(place["DEPLOYMENT_DB_USER"], place["TOKEN"], place["DB_HOST"]) < place["URL"]
    sources = {one["name"]: one["valueFrom"] for one in entries if "valueFrom" in one}
    assert "optional" not in sources["TOKEN"]["secretKeyRef"]
    assert sources["PIN"]["secretKeyRef"]["optional"] is True
    with pytest.raises(KeyError, match="DB_PASS"):
        container_environment(container(app_named("nasty"), "web"), AnyText(), {"API_KEY": "x"})


class AnyText(dict[str, str]):
    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return key


def test_a_container_says_in_kubernetes_what_it_says_in_compose():
    app = app_named("nasty")
    web = container(app, "web")
    assert web["image"] == "shop/web:7"
    assert web["workingDir"] == "/srv"
    known = {"DEPLOYMENT_DB_USER": "o'neil", "DEPLOYMENT_API_KEY": "k"}
    assert [expand(one, known) for one in web["command"]] == ["/entry", "$HOME"]
    assert [expand(one, known) for one in web["args"]] == [
        *("serve", "--user", "o'neil", "--key", "k", "--cost", "$5")
    ]
    assert [(one["name"], one["containerPort"], one["protocol"]) for one in web["ports"]] == [
        ("http", 8080, "TCP"),
        ("http-9464", 9464, "TCP"),
        ("tcp-9000", 9000, "TCP"),
        ("tcp-9001", 9001, "TCP"),
        ("udp-53", 53, "UDP"),
        ("tcp-7000", 7000, "TCP"),
        ("tcp-9100", 9100, "TCP"),
    ]
    assert web["resources"] == {
        "requests": {"cpu": "250m", "memory": "1610612736"},
        "limits": {"cpu": "1500m", "memory": "512Mi"},
    }
    assert web["securityContext"] == {
        "runAsUser": 1000,
        "runAsGroup": 2000,
        "privileged": True,
        "readOnlyRootFilesystem": True,
        "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
    }
    deployment = objects(app, "Deployment")["web"]["spec"]
    assert deployment["replicas"] == 0
    assert deployment["strategy"] == {"type": "Recreate"}
    assert pod(app, "web")["terminationGracePeriodSeconds"] == 90
    assert pod(app, "web")["securityContext"] == {"fsGroup": 2000}
    assert pod(app, "web")["enableServiceLinks"] is False


def test_volumes():
    app = app_named("nasty")
    mounts = {one["mountPath"]: one for one in container(app, "web")["volumeMounts"]}
    volumes = {one.pop("name"): one for one in map(dict, pod(app, "web")["volumes"])}
    said = {
        path: {
            **volumes[one["name"]],
            **{key: one[key] for key in ("subPath", "readOnly") if key in one},
        }
        for path, one in mounts.items()
    }
    claim = {"persistentVolumeClaim": {"claimName": "cache-1"}, "subPath": "data"}
    assert said == {
        "/cache": {**claim, "readOnly": True},
        "/other": claim,
        "/anonymous": {"emptyDir": {}},
        "/scratch": {"emptyDir": {"medium": "Memory", "sizeLimit": "1024"}},
        "/outside": {"persistentVolumeClaim": {"claimName": "theirs"}},
        "/tmp": {"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        "/run": {"emptyDir": {"medium": "Memory"}},
    }
    claims = objects(app, "PersistentVolumeClaim")
    assert {name: one["spec"]["accessModes"] for name, one in claims.items()} == {
        "cache-1": ["ReadWriteOnce"],  # one of its two has no replicas
        "ai-models": ["ReadWriteOnce"],
    }


def test_a_volume_of_several_pods():
    app = spec(
        "services: {web: {gateway: false, container: {image: x, volumes: ['v:/v'],"
        " deploy: {replicas: 2}}}}\ncompose: {volumes: {v: {}}}"
    )
    (claim,) = objects(app, "PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert "takes a storage class with ReadWriteMany: v" in notices(app)


def test_probes():
    app = app_named("nasty")
    web = container(app, "web")
    assert web["readinessProbe"] == {
        "httpGet": {"path": "/healthz", "port": 8080},
        "periodSeconds": 30,
    }
    assert web["livenessProbe"] == {
        "initialDelaySeconds": 40,
        "exec": {
            "command": [
                "/bin/sh",
                "-c",
                'curl --fail "http://localhost:8080/$PATH" || exit 1',
            ]
        },
        "periodSeconds": 90,
        "timeoutSeconds": 1,
        "failureThreshold": 12,
    }
    https = container(app, "x-2nd")["readinessProbe"]
    assert https["httpGet"] == {"path": "/up?deep=1", "port": 443, "scheme": "HTTPS"}
    assert https["periodSeconds"] == 7
    assert container(app, "my-service-2")["readinessProbe"]["grpc"] == {"port": 50051}
    assert container(app, "tcp-only")["livenessProbe"]["tcpSocket"] == {"port": 1234}
    assert "readinessProbe" not in container(app, "configmap")
    assert "readinessProbe" not in container(app, "worker")


@pytest.mark.parametrize("path", ["/", "?service=", ""])
def test_a_grpc_check_of_one_service(path):
    app = spec(
        "services: {web: {port: 1, protocol: grpc, container: {image: x}, health_check:"
        f" {{path: /grpc.health.v1.Health/Check{path}shop.v1.Web}}}}}}"
    )
    assert container(app, "web")["readinessProbe"]["grpc"] == {"port": 1, "service": "shop.v1.Web"}


def test_names_in_the_network_are_those_of_compose():
    app = app_named("nasty")
    services = objects(app, "Service")
    assert list(services) == [
        *("shop-web", "www", "web", "worker", "configmap"),
        *("my-service-2", "x-2nd", "tcp-only", "waddleai"),
    ]
    assert services["worker"]["spec"]["clusterIP"] == "None"
    assert 9464 in [one["port"] for one in services["web"]["spec"]["ports"]]
    assert 'the name "Not_A_Label" in the network' in notices(app)
    assert 'the name "worker" in the network' in notices(app)
    assert 'the name "My_Service.2" in the network' in notices(app)
    assert set(render("kubernetes", app)) == {
        f"kubernetes/{name}.yaml"
        for name in (
            *("configmap", "configmap-2", "kustomization", "my-service-2", "tcp-only", "volumes"),
            *("waddleai", "web", "worker", "x-2nd"),
        )
    }


def test_nothing_is_lost_without_a_word():
    told = notices(app_named("nasty"))
    (left,) = [one for one in told.splitlines() if one.startswith("web: has no place")]
    assert (
        left.removeprefix("web: has no place in Kubernetes: ").split(", ")
        == [
            "env_file",
            "restart",
            "deploy.placement.constraints",
            "deploy.resources.limits.pids",
            "healthcheck.start_interval",
            "networks.front.ipv4_address",
            'the name "worker" in the network',
            'the name "Not_A_Label" in the network',
            "ports of the host",
            "volumes (./source at /source)",
            "volumes (/etc at /host)",
            "environment bad=name",
        ]
        or left
    )
    assert "web: Compose starts it for a profile alone" in told
    assert "worker: it is built; shop/worker:2.0.0-b.1 stands for its image" in told
    assert "volumes: has no place in a claim: cache_1.driver" in told
    assert "NetworkPolicies" in told


def test_what_a_deployment_has_to_provide_is_said_and_no_secret():
    files = render("kubernetes", app_named("nasty"))
    head = files["kubernetes/kustomization.yaml"].text.split("apiVersion")[0]
    assert head == (
        "# Generated by penguin-compile from spec/myapp.yaml; edit the spec instead.\n#\n"
        "# The deployment provides the Secret shop-secrets; no pod starts without its keys:\n"
        "#   DB_PASS\n#   API_KEY\n#   PIN (optional)\n"
    )
    text = files["kubernetes/configmap.yaml"].text
    assert "# Required and without default, for an overlay to add:\n#   DB_HOST\n" in text


def test_waddleai_is_inside_only():
    app = example_app()
    service = objects(app, "Service")["waddleai"]["spec"]
    assert service["type"] == "ClusterIP"
    assert [one["port"] for one in service["ports"]] == [8000]
    seen = container_environment(container(app, "waddleai"), {"WADDLEAI_MAX_WORKERS": "4"}, {})
    assert seen == {"MODEL_PATH": "/models", "MAX_WORKERS": "4"}
    assert container(app_named("nasty"), "waddleai")["env"] == [
        {"name": "MODEL_PATH", "value": "/models"},
        {"name": "MAX_WORKERS", "value": "9"},
    ]
    assert len(container(app_named("nasty"), "waddleai")["volumeMounts"]) == 1


def test_an_app_without_containers_has_no_manifests():
    assert render("kubernetes", spec("services: {web: {port: 1}}")) == {}


TIERS = """
services:
  web: {port: 1, requires_feature: sso, container: {image: x}}
  api: {port: 2, container: {image: x}}
license: {tiers: {low: {}, high: {}}, features: {sso: {tier: high}}}
environments: {none: {}, low: {tier: low}, high: {tier: high}}
"""


@pytest.mark.parametrize(
    ("environment", "replicas"), [("none", {"web": 0}), ("low", {}), ("high", {"web": None})]
)
def test_a_tier_decides_what_is_deployed(environment, replicas):
    deployments = objects(spec(TIERS, environment), "Deployment")
    seen = {name: one["spec"].get("replicas") for name, one in deployments.items()}
    assert seen == {**replicas, "api": None}


@pytest.mark.parametrize(
    ("text", "image", "told"),
    [
        ("x:${TAG:-1}", "x:2", "reference: TAG;"),
        ("x:$TAG", "x:2", "reference: TAG;"),
        ("x:${TAG:+3}", "x:3", "reference: TAG;"),
        ("x:${NONE:-${TAG}}", "x:2", "reference: NONE, TAG;"),
        ("x:${NONE?}", "shop/web:2.0.0-b.1", "image (NONE has no default)"),
        ("x:${NEEDED}", "shop/web:2.0.0-b.1", "image (NEEDED has no default)"),
        ("x:${PASS:-changeme}", "shop/web:2.0.0-b.1", "image (PASS is a secret)"),
        ("x:${TAG", "shop/web:2.0.0-b.1", "image (a brace stays open)"),
        ("x:${TAG!}", "shop/web:2.0.0-b.1", "nothing that Compose reads"),
        ("${NONE-" * 3000 + "}" * 3000, "shop/web:2.0.0-b.1", "nest too deeply"),
    ],
)
def test_text_of_compose_is_filled_in_or_told(text, image, told):
    variables = """
variables:
  TAG: {default: 2}
  NONE: {}
  NEEDED: {required: true}
  PASS: {sensitive: true}
"""
    found, notices = web(f"{{image: {json.dumps(text)}}}", variables)
    assert found["image"] == image
    assert told in notices


@pytest.mark.parametrize(
    "text",
    [
        "{image: [x], ports: 80x, deploy: 3, cap_add: 7, networks: [1], volumes: {a: b}}",
        "{image: x, healthcheck: {retries: [1], test: 5}, environment: 7, command: 7, tmpfs: {}}",
        '{image: x, command: "it\'s", privileged: maybe, user: me}',
        "{image: x, ports: [0, 70000, true, 9-8], mem_limit: much, cpus: -1, scale: many}",
        "{image: x, networks: {a: x, b: {aliases: [7]}}, deploy: {resources: {limits: {cpus: n}}}}",
    ],
)
def test_what_compose_would_refuse_is_told_and_stops_nothing(text):
    _, told = web(text, "compose: {volumes: [], networks: 3}")
    assert "web: has no place in Kubernetes: " in told


def test_units():
    assert [memory(one) for one in ("512m", "1gb", "2 GiB", 7, "1.5k", "10b")] == [
        *("512Mi", "1Gi", "2Gi", "7", "1536", "10")
    ]
    assert [cpus(one) for one in ("0.50", 2, "0.0001", 1.25)] == ["500m", "2", "1m", "1250m"]
    assert [seconds(one) for one in ("1m30s", "500ms", "2h", "1.5s")] == [90, 1, 7200, 2]
    assert list(ports("[::1]:80:81-82/udp")) == [Port(81, "UDP"), Port(82, "UDP")]
    assert [flag(one) for one in (True, "False")] == [True, False]
    for read, wrong in ((memory, True), (cpus, "x"), (seconds, "5"), (flag, 1)):
        with pytest.raises(ValueError, match=r"n(ot|either)"):
            read(wrong)


def test_names():
    assert object_names(["a.b", "a-b", "A_b", "9", "é"]) == {
        "a-b": "a-b",
        "a.b": "a-b-2",
        "A_b": "a-b-3",
        "9": "x-9",
        "é": "x",
    }
    assert free_name("a" * 63, {"a" * 63}) == "a" * 61 + "-2"
    assert label_value("-1.0+é" + "x" * 80) == "1.0-" + "x" * 58


def test_a_config_map_that_kubernetes_refuses_is_told():
    app = spec(
        "services: {web: {gateway: false, config: all, container: {image: x}}}\n"
        f"config: {{big: {{type: string, default: {'x' * 1_100_000}}}}}"
    )
    assert "Kubernetes takes 1 MiB at most" in notices(app)
