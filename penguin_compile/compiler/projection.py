"""The model as flat resources, each with an address: what two versions of a spec are compared by.

Services, mappings and config keys have the fields that plan and apply speak of. Every other part of
the model is there with all that its dataclass holds, so that no change goes untold.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.secret import SecretReference
from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_services
from penguin_compile.model.gateway_fields import (
    gateway_routes,
    gateway_services,
    route_fields,
    service_fields,
)
from penguin_compile.model.record import VALUE
from penguin_compile.model.service import FromVariable, Literal, Service, Template
from penguin_compile.model.setting import Setting, Unset
from penguin_compile.model.setting_fields import described_fields
from penguin_compile.model.spec_change import Hidden, Resource

_ENDS = ("source_services", "dest_services")


def project(app: App) -> dict[str, Resource]:
    """Everything that an environment of an app is, by address, in the order of a person's interest.

    `config/…`, `service/…` and `mapping/…` are the addresses of plan; the others are ours.
    """
    return dict(
        [
            *_services(app),
            *_routes(app),
            *((f"config/{one.key}", _setting(one)) for one in app.settings.values()),
            *(
                (f"variable/{name}", _resource(one, ("variables", name), "name"))
                for name, one in app.variables.items()
            ),
            *_containers(app),
            *_compose(app),
            *_license(app),
            *_telemetry(app),
            *_sections(app),
        ]
    )


def _services(app: App) -> Iterator[tuple[str, Resource]]:
    gateway = app.environment.gateway
    spelled = {} if gateway is None else gateway.protocol_map
    for name, service in gateway_services(app).items():
        fields = service_fields(app, service)
        address = f"service/{fields.pop('name')}"
        fields["protocol"] = spelled.get(fields["protocol"], fields["protocol"])
        fields |= {"requires_feature": service.requires_feature, "protected": service.protected}
        yield address, Resource(fields=flatten(fields), pointer=("services", name))


def _routes(app: App) -> Iterator[tuple[str, Resource]]:
    for name, route in gateway_routes(app).items():
        fields = route_fields(app, route)
        address = f"mapping/{fields.pop('name')}"
        fields |= {end: sorted(set(fields[end])) for end in _ENDS}
        fields["protected"] = route.protected
        yield address, Resource(fields=flatten(fields), pointer=("routes", name))


def _setting(setting: Setting) -> Resource:
    fields = {
        **described_fields(setting),
        "manage": setting.manage.value,
        "protected": setting.protected,
        "required": setting.required,
        "variable": setting.variable,
        "secret": None if setting.secret is None else str(setting.secret),
        "check": plain(setting.check),
    }
    flat = flatten(fields)
    if not isinstance(setting.default, Unset):
        # null is a value here, and a JSON value is one value
        flat = {VALUE: plain(setting.default), **flat}
    return Resource(fields=flat, pointer=("config", setting.key), sensitive=setting.sensitive)


def _containers(app: App) -> Iterator[tuple[str, Resource]]:
    for name, service in deployed_services(app).items():
        given = app.deployment.containers[name]
        if service.container is not None or given:
            fields = flatten(_container(service, given))
            yield f"container/{name}", Resource(fields=fields, pointer=("services", name))


def _container(service: Service, given: Mapping[str, Any]) -> dict[str, Any]:
    """Compose's mapping, with the environment that compile gives it."""
    data = dict(service.container or {})
    own = data.pop("environment", None) or {}
    if not isinstance(own, Mapping):
        pairs = (str(one).partition("=") for one in own)
        own = {name: value if equals else None for name, equals, value in pairs}
    environment = {**own, **{name: _given(value) for name, value in given.items()}}
    # a name without a value is passed through from the shell, which is not the same as absent
    data["environment"] = {
        name: "(from the shell)" if value is None else value for name, value in environment.items()
    }
    return data


def _given(value: Literal | FromVariable | Template) -> str:
    if isinstance(value, FromVariable):
        return (
            f"${{{value.name}}}" if value.default is None else f"${{{value.name}-{value.default}}}"
        )
    # as Compose has it, so that a literal `${A}` is not taken for the variable
    return value.text if isinstance(value, Template) else value.text.replace("$", "$$")


def _compose(app: App) -> Iterator[tuple[str, Resource]]:
    for section, content in app.compose.items():
        named = content if isinstance(content, Mapping) else {"": content}
        for name, value in named.items():
            address = f"compose/{section}/{name}".rstrip("/")
            fields = flatten(value if isinstance(value, Mapping) else {VALUE: value})
            yield address, Resource(fields=fields, pointer=("compose", section, name))


def _license(app: App) -> Iterator[tuple[str, Resource]]:
    if app.license is None:
        return
    yield "license", _resource(app.license, ("license",), "tiers", "features")
    below = None
    for tier in app.license.tiers:
        pointer = ("license", "tiers", tier.name)
        fields = flatten({"above": below, "limits": tier.limits})
        yield f"tier/{tier.name}", Resource(fields=fields, pointer=pointer)
        below = tier.name
    for one in app.license.features:
        pointer = ("license", "features", one.name)
        yield f"feature/{one.name}", _resource(one, pointer, "name")


def _telemetry(app: App) -> Iterator[tuple[str, Resource]]:
    if app.telemetry is None:
        return
    yield "telemetry", _resource(app.telemetry, ("telemetry",), "metrics")
    for one in app.telemetry.metrics:
        yield f"metric/{one.name}", _resource(one, ("telemetry", "metrics", one.name), "name")


def _sections(app: App) -> Iterator[tuple[str, Resource]]:
    if app.waddleai is not None:
        yield "waddleai", _resource(app.waddleai, ("integrations", "waddleai"))
    identity = {**plain(app.identity), "categories": list(app.categories)}
    del identity["name"]  # a renamed app is told as such
    yield "app", Resource(fields=flatten(identity), pointer=("app",))
    yield "outputs", _resource(app.outputs, ("outputs",))
    environment = app.environment
    where = {name: _hide_password(getattr(environment, name)) for name in ("database", "state")}
    fields = {**plain(environment), **where}
    if environment.gateway is not None:
        fields["gateway"] = {**fields["gateway"], "url": _hide_password(environment.gateway.url)}
    del fields["name"]
    pointer = ("environments", environment.name)
    yield "environment", Resource(fields=flatten(fields), pointer=pointer)


def _resource(value: Any, pointer: Pointer, *left_out: str) -> Resource:
    fields = {name: one for name, one in plain(value).items() if name not in left_out}
    if fields.get("secret"):
        fields["secret"] = fields["secret"]["secret"]  # `secret: env:NAME`, as the spec has it
    return Resource(fields=flatten(fields), pointer=pointer, sensitive=_is_sensitive(value))


def _is_sensitive(value: Any) -> bool:
    return bool(getattr(value, "sensitive", False))


def plain(value: Any) -> Any:
    """A part of the model as JSON has it; a secret is the reference to it."""
    if isinstance(value, SecretReference):
        return {"secret": str(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    return value


def flatten(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Mappings inside as dotted paths; lists are values, null and absent are the same."""
    flat: dict[str, Any] = {}
    for key, one in value.items():
        path = f"{above}.{key}" if above else key
        if isinstance(one, Mapping) and one:
            flat |= flatten(one, path)
        elif one is not None:
            flat[path] = one if isinstance(one, Hidden) else plain(one)
    return flat


def _hide_password(url: str | SecretReference | None) -> Any:
    """A URL without user, password and options, or the reference to it."""
    if url is None or isinstance(url, SecretReference):
        return plain(url)
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return Hidden("(a URL, not shown)", url)
    shown = urlunsplit((parts.scheme, place, parts.path, "", ""))
    if not parts.netloc and url.startswith(f"{parts.scheme}:///"):
        shown = f"{parts.scheme}://{parts.path}"
    return shown if shown == url else Hidden(shown, url)
