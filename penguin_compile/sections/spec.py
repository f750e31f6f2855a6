"""The whole language: its sections in the order in which they are written."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError

from penguin_compile.sections.environments import EnvironmentsShape
from penguin_compile.sections.identity import IdentityShape
from penguin_compile.sections.integrations import IntegrationsShape
from penguin_compile.sections.license import LicenseShape
from penguin_compile.sections.outputs import OutputsShape
from penguin_compile.sections.routes import RoutesShape
from penguin_compile.sections.services import ServicesShape
from penguin_compile.sections.settings import SettingsShape
from penguin_compile.sections.shape import Shape
from penguin_compile.sections.telemetry import TelemetryShape
from penguin_compile.sections.variables import VariablesShape


def _version(value: Any) -> Any:
    if isinstance(value, bool):  # pydantic takes `true` for the 1 that it equals
        raise PydanticKnownError("literal_error", {"expected": "1"})
    return value


class SpecShape(Shape):
    """One app, in version 1 of the language."""

    penguin: Annotated[Literal[1], BeforeValidator(_version, json_schema_input_type=Literal[1])] = (
        Field(description="Version of the language.")
    )
    app: IdentityShape = Field(
        description="Who the app is.", examples=[{"name": "myapp", "version": "1.4.0"}]
    )
    imports: list[str] = Field(
        default_factory=list,
        description="Fragments of the same language, merged in order.",
        examples=[["./parts/email.yaml"]],
    )
    services: ServicesShape = Field(
        default_factory=dict,
        description="Services, by name.",
        examples=[{"flask-api": {"port": 8080, "auth": "jwt"}}],
    )
    routes: RoutesShape = Field(
        default_factory=dict,
        description="Routes, by name.",
        examples=[{"public": {"from": ["external"], "to": ["flask-api"]}}],
    )
    variables: VariablesShape = Field(
        default_factory=dict,
        description="Variables of the deployment that are no config rows.",
        examples=[{"DB_USER": {"default": "myapp", "description": "Database user"}}],
    )
    compose: dict[str, Any] = Field(
        default_factory=dict,
        description="Compose's other top-level keys.",
        examples=[{"volumes": {"pgdata": {}}}],
    )
    config: SettingsShape = Field(
        default_factory=dict,
        description="Run-time settings, by key.",
        examples=[{"page_size": {"type": "integer", "default": 20}}],
    )
    license: LicenseShape | None = Field(default=None, description="Tiers and features.")
    telemetry: TelemetryShape | None = Field(default=None, description="Logs and metrics.")
    integrations: IntegrationsShape = Field(
        default=IntegrationsShape.model_construct(), description="Other services of the house."
    )
    categories: list[str] = Field(
        default_factory=list,
        description="Config categories beyond the standard six.",
        examples=[["reporting"]],
    )
    outputs: OutputsShape = Field(
        default=OutputsShape.model_construct(), description="What compile writes where."
    )
    environments: EnvironmentsShape = Field(
        default_factory=dict,
        description="Where the app is deployed.",
        examples=[{"dev": {"database": {"url": "sqlite:///.penguin/dev.db"}}}],
    )
