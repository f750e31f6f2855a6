"""Section `services`: what the gateway registers, and the containers that run it."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema

from penguin_compile.model import service as model
from penguin_compile.model.setting import value_text
from penguin_compile.sections.shape import (
    ComposeText,
    Duration,
    GatewayName,
    Keyed,
    Port,
    SecretText,
    Shape,
    VariableName,
    mistake,
)

_DEFAULT_PATH = {
    "http": "/healthz",
    "https": "/healthz",
    "grpc": "/grpc.health.v1.Health/Check",
}
_SOURCES = ("config", "variable", "secret", "template")


class TlsShape(Shape):
    """How the gateway speaks to the service."""

    enabled: bool = Field(default=False, description="The gateway speaks TLS to the service.")
    verify: bool | None = Field(default=None, description="The service's certificate is checked.")


class HealthCheckShape(Shape):
    """How the gateway asks whether the service is well."""

    enabled: bool = Field(default=True, description="`health_check: false` is short for off.")
    path: str | None = Field(
        default=None,
        description="http: an absolute path; grpc: its method.",
        examples=["/healthz", "/grpc.health.v1.Health/Check"],
    )
    interval: Duration = Field(default=30, ge=5, description="Time between checks, at least 5s.")


class EnvironmentValueShape(Shape):
    """Where a container's variable gets its value: exactly one source."""

    model_config = ConfigDict(title="environment value", json_schema_extra={"minProperties": 1})

    literal: SkipJsonSchema[str | int | float | bool | None] = None
    config: str | None = Field(
        default=None, description="A config key: its variable's value.", examples=["smtp_from"]
    )
    variable: VariableName | None = Field(
        default=None, description="One of `variables`.", examples=["SESSION_KEY"]
    )
    secret: SecretText | None = Field(
        default=None,
        description="A secret of this container alone.",
        examples=["env:STRIPE_KEY"],
    )
    template: str | None = Field(
        default=None,
        description="Text over declared variables.",
        examples=["mysql://${DB_USER}:${DB_PASS}@db/app"],
    )
    required: bool = Field(default=True, description="For `secret`: a deployment must set it.")
    default: str | int | float | bool | None = Field(
        default=None, description="For `variable`: its default in this container alone."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        stated = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(stated) > 1 or (not stated and self.literal is None):
            raise mistake("give one of config, variable, secret or template, or a plain value")
        if self.default is not None and self.variable is None:
            raise mistake("`default` goes with `variable` alone")
        return self

    def lower(self) -> model.EnvironmentValue:
        """The model's value."""
        if self.config is not None:
            return model.FromSetting(self.config)
        if self.variable is not None:
            default = None if self.default is None else value_text(self.default)
            return model.FromVariable(self.variable, default)
        if self.secret is not None:
            return model.FromSecret(self.secret, self.required)
        if self.template is not None:
            return model.Template(self.template)
        return model.Literal(value_text(self.literal))


def _literal_value(value: Any) -> Any:
    if value is None:
        raise mistake('an empty value: write "" for an empty text')
    if isinstance(value, dict):
        if "literal" in value:
            raise mistake("give one of config, variable, secret or template, or a plain value")
        return value
    return {"literal": value}


def _health_check(value: Any) -> Any:
    return {"enabled": value} if isinstance(value, bool) else value


def _selection(value: Any) -> Any:
    return {"all": ["*"], "none": []}.get(value, value) if isinstance(value, str) else value


EnvironmentValue: TypeAlias = Annotated[
    EnvironmentValueShape,
    BeforeValidator(
        _literal_value,
        json_schema_input_type=str | int | float | bool | EnvironmentValueShape,
    ),
]


class ServiceShape(Shape):
    """One service."""

    host: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Its address; default: its name.",
        examples=["flask-backend"],
    )
    port: Port | None = Field(default=None, description="Port that it listens on.", examples=[8080])
    protocol: Literal["http", "https", "grpc", "tcp", "udp"] = Field(
        default="http", description="What it speaks."
    )
    auth: Literal["jwt", "base64", "none"] = Field(
        default="none", description="What the gateway demands of callers."
    )
    tls: TlsShape = Field(
        default=TlsShape.model_construct(),
        description="TLS between gateway and service.",
        examples=[{"enabled": True, "verify": True}],
    )
    health_check: Annotated[
        HealthCheckShape | None,
        BeforeValidator(_health_check, json_schema_input_type=bool | HealthCheckShape | None),
    ] = Field(
        default=None,
        description="Enabled by default; `false` switches it off.",
        examples=[{"path": "/healthz", "interval": "30s"}, False],
    )
    gateway: bool = Field(default=True, description="false: not registered with MarchProxy.")
    requires_feature: str | None = Field(
        default=None,
        description="License feature without which it is not deployed.",
        examples=["sso"],
    )
    protected: bool = Field(default=False, description="Its delete or rename is refused.")
    container: Annotated[ComposeText | None, WithJsonSchema({"type": ["object", "null"]})] = Field(
        default=None,
        description="Keys of a Compose service; compile adds what it knows.",
        examples=[{"build": "./services/api", "depends_on": ["db"]}],
    )
    environment: Keyed[VariableName, EnvironmentValue] = Field(
        default_factory=dict,
        description="Variables of this container, by name.",
        examples=[{"FLASK_ENV": "production", "SESSION_KEY": {"variable": "SESSION_KEY"}}],
    )
    config: Annotated[
        list[str],
        BeforeValidator(_selection, json_schema_input_type=Literal["all", "none"] | list[str]),
    ] = Field(
        default_factory=list,
        description="Config keys it is given: all, none or globs.",
        examples=["all", ["smtp_*"]],
    )
    secrets: Literal["all", "none"] = Field(
        default="none", description="all: sensitive keys and variables are given to it, too."
    )

    @model_validator(mode="after")
    def _check_container(self) -> Self:
        if self.container is not None and not isinstance(self.container, dict):
            raise mistake("`container` is a mapping: the keys of a Compose service")
        return self


ServicesShape: TypeAlias = Keyed[GatewayName, ServiceShape]


def lower_service(name: str, shape: ServiceShape) -> model.Service:
    """The dataclass of one service, defaults filled in."""
    return model.Service(
        name=name,
        host=name if shape.host is None else shape.host,
        port=shape.port,
        protocol=shape.protocol,
        auth=shape.auth,
        tls_enabled=shape.tls.enabled,
        tls_verify=shape.tls.verify,
        health_check=_lower_health_check(shape),
        gateway=shape.gateway,
        requires_feature=shape.requires_feature,
        protected=shape.protected,
        container=shape.container,
        environment={key: value.lower() for key, value in shape.environment.items()},
        all_config=shape.config == ["*"],
        config_globs=tuple(shape.config),
        all_secrets=shape.secrets == "all",
    )


def _lower_health_check(shape: ServiceShape) -> model.HealthCheck | None:
    check = shape.health_check or HealthCheckShape.model_construct()
    if not check.enabled:
        return None
    path = _DEFAULT_PATH.get(shape.protocol) if check.path is None else check.path
    return model.HealthCheck(path=path, interval=check.interval)
