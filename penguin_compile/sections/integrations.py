"""Section `integrations`: WaddleAI, the optional AI service."""

from pydantic import ConfigDict, Field

from penguin_compile.model.app import WaddleAI
from penguin_compile.sections.shape import ComposeText, Duration, SecretShape, Shape


class WaddleAIShape(Shape):
    """The AI service, reached inside the network only."""

    model_config = ConfigDict(title="WaddleAI")

    enabled: bool = Field(default=True, description="AI features are switched on.")
    url: str = Field(default="http://waddleai:8000", description="Its address in the network.")
    features: list[str] = Field(
        default_factory=list,
        description="License features that gate it.",
        examples=[["ai_analysis"]],
    )
    used_by: list[str] = Field(
        default_factory=list,
        description="Services that get its variables and depend on it.",
        examples=[["flask-api"]],
    )
    api_key: SecretShape | None = Field(
        default=None,
        description="Its key, if it wants one.",
        examples=[{"secret": "env:WADDLEAI_API_KEY"}],
    )
    model_path: str = Field(default="/models", description="Where its models are mounted.")
    max_workers: int = Field(default=4, ge=1, description="Requests that it serves at once.")
    timeout: Duration = Field(default=30, description="How long callers wait.")
    container: dict[str, ComposeText] | None = Field(
        default=None,
        description="Keys of its Compose service; without them it runs elsewhere.",
        examples=[{"build": "./services/ai/waddleai"}],
    )


class IntegrationsShape(Shape):
    """Other services of the house."""

    waddleai: WaddleAIShape | None = Field(default=None, description="AI features.")


def lower_waddleai(shape: WaddleAIShape) -> WaddleAI:
    """The dataclass of `integrations.waddleai`."""
    return WaddleAI(
        enabled=shape.enabled,
        url=shape.url,
        features=tuple(shape.features),
        used_by=tuple(shape.used_by),
        api_key=None if shape.api_key is None else shape.api_key.secret,
        model_path=shape.model_path,
        max_workers=shape.max_workers,
        timeout=shape.timeout,
        container=shape.container,
    )
