"""Shapes to the model: one App per environment, not linked yet to what it names."""

from __future__ import annotations

from penguin_compile.compiler.link import link_deployment
from penguin_compile.model.app import App
from penguin_compile.model.environment import Environment
from penguin_compile.sections.environments import EnvironmentShape, lower_environment
from penguin_compile.sections.identity import lower_identity
from penguin_compile.sections.integrations import lower_waddleai
from penguin_compile.sections.license import lower_license
from penguin_compile.sections.outputs import lower_outputs
from penguin_compile.sections.routes import lower_route
from penguin_compile.sections.services import lower_service
from penguin_compile.sections.settings import lower_setting
from penguin_compile.sections.spec import SpecShape
from penguin_compile.sections.telemetry import lower_telemetry
from penguin_compile.sections.variables import lower_variable


def lower(shape: SpecShape, environment: str) -> App:
    """The model of one app in one environment."""
    identity = lower_identity(shape.app)
    settings = {key: lower_setting(key, one) for key, one in shape.config.items()}
    services = {name: lower_service(name, one) for name, one in shape.services.items()}
    variables = {name: lower_variable(name, one) for name, one in shape.variables.items()}
    license_ = None if shape.license is None else lower_license(shape.license, identity.name)
    telemetry = None if shape.telemetry is None else lower_telemetry(shape.telemetry)
    waddle = shape.integrations.waddleai
    waddleai = None if waddle is None else lower_waddleai(waddle)
    return App(
        identity=identity,
        services=services,
        routes={name: lower_route(name, one) for name, one in shape.routes.items()},
        settings=settings,
        variables=variables,
        compose=shape.compose,
        license=license_,
        telemetry=telemetry,
        waddleai=waddleai,
        categories=tuple(shape.categories),
        outputs=lower_outputs(shape.outputs),
        environment=_lower_environment(shape, environment),
        deployment=link_deployment(
            identity, services, settings, variables, license_, telemetry, waddleai
        ),
    )


def _lower_environment(shape: SpecShape, name: str) -> Environment:
    return lower_environment(
        name, shape.environments.get(name) or EnvironmentShape.model_construct()
    )
