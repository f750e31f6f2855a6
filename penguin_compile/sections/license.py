"""Section `license`: tiers, limits, and the features that each tier grants."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from penguin_compile.model.license import Feature, License, Tier
from penguin_compile.sections.shape import Named, Shape, mistake


def _limit(value: object) -> object:
    if isinstance(value, bool) or not (
        value == "unlimited" or (isinstance(value, int) and value >= 0)
    ):
        raise mistake("a limit is a count or `unlimited`")
    return value


Limit = Annotated[
    int | str,
    BeforeValidator(
        _limit, json_schema_input_type=Annotated[int, Field(ge=0)] | Literal["unlimited"]
    ),
]


class TierShape(Shape):
    """One tier; it has all that the one before it has."""

    limits: Named[Limit] = Field(
        default_factory=dict,
        description="Counts, or `unlimited`.",
        examples=[{"users": 5, "teams": "unlimited"}],
    )


class FeatureShape(Shape):
    """One feature."""

    tier: str = Field(description="The lowest tier that has it.", examples=["professional"])
    description: str | None = Field(
        default=None, description="One line for people.", examples=["SSO and OAuth2"]
    )
    ai: bool = Field(default=False, description="Needs WaddleAI.")


class LicenseShape(Shape):
    """What the license server is asked, and what it grants."""

    server_url: str = Field(
        default="https://license.penguintech.io", description="The license server."
    )
    product: str | None = Field(default=None, description="Default: the app's name.")
    dialect: Literal["header", "body"] = Field(
        default="header",
        description="Where the server reads the license key; older servers: in the body.",
    )
    release_mode: bool = Field(default=False, description="true: a missing license is an error.")
    tiers: Named[TierShape] = Field(
        default_factory=dict,
        description="Tiers, lowest first; each has all that the one before it has.",
        examples=[{"community": {"limits": {"users": 5}}, "enterprise": {}}],
    )
    features: Named[FeatureShape] = Field(
        default_factory=dict,
        description="Features, by name.",
        examples=[{"sso": {"tier": "enterprise", "description": "SSO and OAuth2"}}],
    )


def lower_license(shape: LicenseShape, app_name: str) -> License:
    """The dataclass of section `license`."""
    return License(
        server_url=shape.server_url,
        product=shape.product or app_name,
        dialect=shape.dialect,
        release_mode=shape.release_mode,
        tiers=tuple(Tier(name=name, limits=tier.limits) for name, tier in shape.tiers.items()),
        features=tuple(
            Feature(
                name=name,
                tier=feature.tier,
                description=feature.description,
                ai=feature.ai,
            )
            for name, feature in shape.features.items()
        ),
    )
