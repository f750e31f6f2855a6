"""Section `routes`: who may reach which service, and where the gateway listens for it."""

from typing import Literal, TypeAlias

from pydantic import Field

from penguin_compile.model.service import Route
from penguin_compile.sections.shape import GatewayName, Keyed, Port, Shape


class ListenShape(Shape):
    """Where the gateway listens."""

    port: Port | None = Field(
        default=None, description="Port that the gateway listens on.", examples=[443]
    )
    protocol: Literal["http", "https", "grpc", "tcp", "udp"] | None = Field(
        default=None, description="What callers speak."
    )


class RouteShape(Shape):
    """One route."""

    description: str | None = Field(default=None, description="One line for people.")
    from_: list[str] = Field(
        alias="from",
        min_length=1,
        description='`external`, services of this app, or "app/service" of another.',
        examples=[["external"], ["webui", "shop/checkout"]],
    )
    to: list[str] = Field(
        min_length=1, description="Services of this app.", examples=[["flask-api"]]
    )
    listen: ListenShape = Field(
        default=ListenShape.model_construct(),
        description="Where the gateway listens.",
        examples=[{"port": 443, "protocol": "https"}],
    )
    path_prefix: str | None = Field(
        default=None,
        pattern="^/",
        description="Only requests under this path; it begins with a slash.",
        examples=["/api/v1"],
    )
    protected: bool = Field(default=False, description="Its delete or rename is refused.")


RoutesShape: TypeAlias = Keyed[GatewayName, RouteShape]


def lower_route(name: str, shape: RouteShape) -> Route:
    """The dataclass of one route."""
    return Route(
        name=name,
        description=shape.description,
        sources=tuple(shape.from_),
        targets=tuple(shape.to),
        listen_port=shape.listen.port,
        listen_protocol=shape.listen.protocol,
        path_prefix=shape.path_prefix,
        protected=shape.protected,
    )
