"""Section `environments`: the systems that plan and apply talk to.

`extends` and `overrides` are applied before shapes are read; see `source/environments.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from penguin_compile.model.environment import Environment, Gateway
from penguin_compile.model.setting import value_text
from penguin_compile.sections.shape import Keyed, Named, SecretShape, Shape, TextOrSecret, mistake

Limit = Annotated[
    str,
    BeforeValidator(
        lambda value: value_text(value) if isinstance(value, int) else value,
        json_schema_input_type=Annotated[int, Field(ge=0)]
        | Annotated[str, Field(pattern=r"^[0-9]+%?$")],
    ),
    Field(pattern=r"^[0-9]+%?$"),
]


class DatabaseShape(Shape):
    """A database, by its URL."""

    url: TextOrSecret = Field(
        description="SQLAlchemy's form; with a password only as a secret.",
        examples=["sqlite:///.penguin/dev.db", {"secret": "env:DATABASE_URL"}],
    )


class GatewayShape(Shape):
    """A MarchProxy and how to log in there."""

    model_config = ConfigDict(title="marchproxy")

    url: TextOrSecret = Field(description="Its base URL.", examples=["http://127.0.0.1:8000"])
    cluster: int | str | None = Field(
        default=None, description="Cluster by id or by name.", examples=[1, "main"]
    )
    dialect: Literal["standard", "api-server"] | None = Field(
        default=None, description="Default: found out from the server."
    )
    token: SecretShape | None = Field(
        default=None,
        description="Cluster key, or JWT; beside a username, the cluster's key for `doctor`.",
        examples=[{"secret": "env:CLUSTER_API_KEY"}],
    )
    username: str | None = Field(default=None, description="Whom to log in as.", examples=["admin"])
    password: SecretShape | None = Field(
        default=None,
        description="That user's password.",
        examples=[{"secret": "env:MARCHPROXY_PASSWORD"}],
    )
    totp: SecretShape | None = Field(
        default=None,
        description="That user's TOTP secret.",
        examples=[{"secret": "env:MARCHPROXY_TOTP"}],
    )
    protocol_map: Named[str] = Field(
        default_factory=dict,
        description="What to register instead of a protocol.",
        examples=[{"grpc": "tcp"}],
    )


class LimitsShape(Shape):
    """How much one apply may change, as counts or per cent of what is live."""

    max_updates: Limit | None = Field(
        default=None, description="How many resources it may update.", examples=[30, "60%"]
    )
    max_deletes: Limit | None = Field(
        default=None, description="How many resources it may delete.", examples=[5, "10%"]
    )


class EnvironmentShape(Shape):
    """One environment."""

    extends: str | None = Field(
        default=None, description="An environment that is applied first.", examples=["dev"]
    )
    protected: bool = Field(default=False, description="apply wants a saved plan, not --yes.")
    tier: str | None = Field(
        default=None,
        description="License tier that it is deployed for.",
        examples=["professional"],
    )
    database: DatabaseShape | None = Field(default=None, description="Holds the config table.")
    marchproxy: GatewayShape | None = Field(default=None, description="The gateway.")
    sensitive: Literal["encrypt", "skip", "plaintext"] | None = Field(
        default=None, description="How sensitive config values are stored."
    )
    state: DatabaseShape | None = Field(
        default=None, description="Where the ledger lives, if not in `database`."
    )
    limits: LimitsShape = Field(
        default=LimitsShape.model_construct(),
        description="How much may change at once.",
        examples=[{"max_updates": "60%", "max_deletes": 5}],
    )
    overrides: dict[str, Any] | None = Field(
        default=None,
        description="A patch on the sections of the spec (RFC 7396): null removes.",
        examples=[{"config": {"smtp_host": {"default": "smtp.prod.example.com"}}}],
    )


EnvironmentName = Annotated[  # also the name of a folder
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
]
EnvironmentsShape = Keyed[EnvironmentName, EnvironmentShape]


def lower_environment(name: str, shape: EnvironmentShape) -> Environment:
    """The dataclass of one environment."""
    return Environment(
        name=name,
        protected=shape.protected,
        tier=shape.tier,
        database=None if shape.database is None else shape.database.url.resolved,
        gateway=None if shape.marchproxy is None else _lower_gateway(shape.marchproxy),
        sensitive=shape.sensitive,
        state=None if shape.state is None else shape.state.url.resolved,
        limits={
            name: limit
            for name in LimitsShape.model_fields
            if (limit := getattr(shape.limits, name)) is not None
        },
    )


def _lower_gateway(shape: GatewayShape) -> Gateway:
    url = shape.url.resolved
    if url is None:
        raise mistake("the gateway has no URL")
    return Gateway(
        url=url,
        cluster=shape.cluster,
        dialect=shape.dialect,
        token=None if shape.token is None else shape.token.secret,
        username=shape.username,
        password=None if shape.password is None else shape.password.secret,
        totp=None if shape.totp is None else shape.totp.secret,
        protocol_map=shape.protocol_map,
    )
