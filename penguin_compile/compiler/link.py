"""Linking: every variable of the deployment, whoever brings it, and what each container is given.

The names of the variables that sections bring are the standard's (integration-standards).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.secret import SecretReference
from penguin_compile.model.app import Identity, WaddleAI
from penguin_compile.model.deployment import Deployment, DeploymentVariable, Variable
from penguin_compile.model.license import License
from penguin_compile.model.service import (
    EnvironmentValue,
    FromSecret,
    FromSetting,
    FromVariable,
    Literal,
    Service,
    Template,
)
from penguin_compile.model.setting import Setting, Unset, stored_text, value_text
from penguin_compile.model.telemetry import Telemetry

_SECTION_GROUPS = frozenset(("App", "License", "KillKrill"))
_WADDLEAI_ACCESS = ("WADDLEAI_URL", "WADDLEAI_API_KEY")
_GLOB = re.compile(r"[*?\[]")


def link_deployment(
    identity: Identity,
    services: Mapping[str, Service],
    settings: Mapping[str, Setting],
    variables: Mapping[str, Variable],
    license_: License | None,
    telemetry: Telemetry | None,
    waddleai: WaddleAI | None,
) -> Deployment:
    """All variables, the first to declare a name being the one that counts, and all containers."""
    table: dict[str, DeploymentVariable] = {}
    for one in _declared(identity, settings, variables, license_, telemetry, waddleai):
        table.setdefault(one.name, one)
    for service in services.values():
        for one in _own_secrets(service):
            table.setdefault(one.name, one)
    brought = [one for one in table.values() if one.group in _SECTION_GROUPS]
    for_users = [] if waddleai is None else _waddleai_names(table)
    containers = {
        name: _container(service, settings, brought, for_users if _uses(name, waddleai) else [])
        for name, service in services.items()
    }
    return Deployment(variables=table, containers=containers)


def _uses(service: str, waddleai: WaddleAI | None) -> bool:
    return waddleai is not None and service in waddleai.used_by


def _waddleai_names(table: Mapping[str, DeploymentVariable]) -> list[str]:
    """The integration's variables; its URL and key may have been declared by config keys."""
    own = [one.name for one in table.values() if one.pointer[:1] == ("integrations",)]
    return [*own, *(name for name in _WADDLEAI_ACCESS if name in table and name not in own)]


def _declared(
    identity: Identity,
    settings: Mapping[str, Setting],
    variables: Mapping[str, Variable],
    license_: License | None,
    telemetry: Telemetry | None,
    waddleai: WaddleAI | None,
) -> Iterator[DeploymentVariable]:
    for variable in variables.values():
        yield DeploymentVariable(
            name=variable.name,
            group="Deployment",
            default=variable.default,
            description=variable.description,
            sensitive=variable.sensitive,
            required=variable.required,
            type=variable.type,
            pointer=("variables", variable.name),
        )
    for setting in settings.values():
        yield setting_variable(setting)
    version = "Version of the app"
    yield _bring("App", "APP_VERSION", identity.version, version, ("app", "version"))
    if license_ is not None:
        yield from _license_variables(license_)
    if telemetry is not None and telemetry.killkrill is not None:
        yield from _killkrill_variables(telemetry)
    if waddleai is not None:
        yield from _waddleai_variables(waddleai)


def setting_variable(setting: Setting) -> DeploymentVariable:
    """The bootstrap variable of a config key: its text is what the row would hold."""
    default = None
    if not isinstance(setting.default, Unset) and not setting.sensitive:
        default = stored_text(setting.type, setting.default)
    return DeploymentVariable(
        name=setting.variable,
        group=f"Settings: {setting.category}",
        default=default,
        description=setting.description,
        sensitive=setting.sensitive,
        required=setting.required,
        type=setting.type.value,
        pointer=("config", setting.key),
    )


def _bring(
    group: str, name: str, default: str | None, description: str, pointer: Pointer
) -> DeploymentVariable:
    return DeploymentVariable(
        name=name,
        group=group,
        default=default,
        description=description,
        sensitive=False,
        required=False,
        type="string",
        pointer=pointer,
    )


def _bring_secret(
    group: str, name: str, description: str, pointer: Pointer, *, required: bool
) -> DeploymentVariable:
    return DeploymentVariable(
        name=name,
        group=group,
        default=None,
        description=description,
        sensitive=True,
        required=required,
        type="string",
        pointer=pointer,
    )


def _license_variables(license_: License) -> Iterator[DeploymentVariable]:
    at: Pointer = ("license",)
    release = license_.release_mode
    text = "License key, PENG-XXXX-XXXX-XXXX-XXXX-XXXX"
    yield _bring_secret("License", "LICENSE_KEY", text, at, required=release)
    yield _bring("License", "LICENSE_SERVER_URL", license_.server_url, "License server", at)
    yield _bring("License", "PRODUCT_NAME", license_.product, "Product that is licensed", at)
    text = "true: a missing or invalid license stops the app"
    yield _bring("License", "RELEASE_MODE", value_text(release), text, at)


def _killkrill_variables(telemetry: Telemetry) -> Iterator[DeploymentVariable]:
    at: Pointer = ("telemetry", "killkrill")
    sink = telemetry.killkrill
    if sink is None:
        return
    group, enabled = "KillKrill", value_text(sink.enabled)
    yield _bring(group, "KILLKRILL_ENABLED", enabled, "Send logs and metrics", at)
    yield _bring(group, "KILLKRILL_API_URL", sink.api_url or "", "HTTP receiver", at)
    yield _bring(group, "KILLKRILL_GRPC_URL", sink.grpc_url or "", "gRPC receiver", at)
    for name, reference, text in (
        ("KILLKRILL_CLIENT_ID", sink.client_id, "Client id"),
        ("KILLKRILL_CLIENT_SECRET", sink.client_secret, "Client secret"),
    ):
        if reference is not None:
            yield _bring_secret(group, name, text, at, required=sink.enabled)


def _waddleai_variables(waddleai: WaddleAI) -> Iterator[DeploymentVariable]:
    at: Pointer = ("integrations", "waddleai")
    group = "WaddleAI"
    yield _bring(group, "AI_FEATURES_ENABLED", value_text(waddleai.enabled), "AI features", at)
    yield _bring(group, "WADDLEAI_URL", waddleai.url, "WaddleAI API endpoint", at)
    if waddleai.api_key is not None:
        yield _bring_secret(group, "WADDLEAI_API_KEY", "WaddleAI API key", at, required=False)
    yield _bring(group, "WADDLEAI_MODEL_PATH", waddleai.model_path, "Folder of the models", at)
    workers = value_text(waddleai.max_workers)
    yield _bring(group, "WADDLEAI_MAX_WORKERS", workers, "Requests served at once", at)
    seconds = value_text(waddleai.timeout)
    yield _bring(group, "WADDLEAI_TIMEOUT", seconds, "Seconds that callers wait", at)


def secret_variable(name: str, reference: SecretReference) -> str:
    """The variable that carries a container's secret: the reference's own, or the key's name."""
    return reference.rest if reference.scheme == "env" else name


def _own_secrets(service: Service) -> Iterator[DeploymentVariable]:
    for name, value in service.environment.items():
        if isinstance(value, FromSecret):
            yield _bring_secret(
                f"Service {service.name}",
                secret_variable(name, value.secret),
                f"Secret of {service.name}",
                ("services", service.name, "environment", name),
                required=value.required,
            )


def _container(
    service: Service,
    settings: Mapping[str, Setting],
    brought: Sequence[DeploymentVariable],
    waddleai: Sequence[str],
) -> dict[str, Literal | FromVariable | Template]:
    """What one container is given: its own entries first, then config, then sections."""
    given: dict[str, Literal | FromVariable | Template] = {}
    for name, value in service.environment.items():
        linked = _link_value(name, value, settings)
        if linked is not None:
            given[name] = linked
    for setting in selected_settings(service, settings):
        given.setdefault(setting.variable, FromVariable(setting.variable))
    if service.all_config:
        for variable in brought:
            if service.all_secrets or not variable.sensitive:
                given.setdefault(variable.name, FromVariable(variable.name))
    for name in waddleai:
        given.setdefault(name, FromVariable(name))
    return given


def _link_value(
    name: str, value: EnvironmentValue, settings: Mapping[str, Setting]
) -> Literal | FromVariable | Template | None:
    if isinstance(value, FromSetting):
        setting = settings.get(value.key)
        return None if setting is None else FromVariable(setting.variable)
    if isinstance(value, FromSecret):
        return FromVariable(secret_variable(name, value.secret))
    return value


def selected_settings(service: Service, settings: Mapping[str, Setting]) -> Iterator[Setting]:
    """The config keys that a service is given.

    A sensitive key needs its exact name, or `secrets: all`.
    """
    exact = [key for key in service.config_globs if key in settings]
    globs = [key for key in service.config_globs if _GLOB.search(key)]
    chosen = dict.fromkeys(exact)
    if globs:
        chosen.update(dict.fromkeys(key for key in settings if _matches(key, globs)))
    for key in chosen:
        if not settings[key].sensitive or service.all_secrets or key in exact:
            yield settings[key]


def _matches(key: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(key, glob) for glob in globs)
