"""Where each variable of an app belongs in a spec, and by which evidence (`init`).

Conservative: what it means to the containers must survive. A variable becomes a config key only if
its name says that it is a setting of the app, the app's own containers alone get it under that very
name, and they agree on its default; `variables` is the safe place for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from penguin_compile.core.span import Span
from penguin_compile.intake.evidence import VARIABLE_NAME, Evidence, is_infrastructure
from penguin_compile.intake.interpolation import Reference
from penguin_compile.intake.project import ComposeProject
from penguin_compile.intake.secrecy import is_secret, names_secret
from penguin_compile.model.setting import value_text
from penguin_compile.rules.secrets import is_secret_text
from penguin_compile.source.scalars import resolve_plain
from penguin_compile.targets.compose_text import can_be_default

_OF_TOOLS = re.compile(r"(?:COMPOSE|DOCKER|BUILDKIT|BUILDX)_[A-Z_]+\Z")
# A category of config keys for each kind of name; the first that fits counts.
_EMAIL = r"\A(?:SMTP|MAIL|EMAIL|SENDGRID|MAILGUN)_|_EMAIL\Z|_MAIL_FROM\Z"
_SECURITY = (
    r"\A(?:MFA|RATE_LIMIT|CORS|SESSION|PASSWORD|BCRYPT|LOGIN|LOCKOUT|CSRF|SSO|SAML|OIDC)_"
    r"|\A(?:AUTH_ENABLED|JWT_\w*EXPIR\w*|\w*RATE_LIMIT\w*|REQUIRE_\w+|ENABLE_SIGNUP)\Z"
)
_INTEGRATION = r"\A(?:SLACK|PAGERDUTY|TEAMS|WEBHOOK|AI|OPENAI|WADDLEAI|GOOGLE|GITHUB|OAUTH)_"
_SYSTEM = (
    r"\A(?:FEATURE|FEATURES|ENABLE|FF|BACKUP|CACHE|MAINTENANCE|DEFAULT|RETENTION|UI)_"
    r"|_(?:ENABLED|LIMIT|LIMITS|TIMEOUT|TTL|INTERVAL|THRESHOLD|RETENTION|RETENTION_DAYS"
    r"|MAX_SIZE|MAX_FILES|MAX_REQUESTS|RETRIES|LOOKBACK|PAGE_SIZE)\Z"
    r"|\A(?:MAX|MIN)_\w+|\A(?:LOG_LEVEL|TIMEZONE|LOCALE|LANGUAGE|THEME)\Z"
)
_CATEGORIES = (
    ("email", re.compile(_EMAIL)),
    ("security", re.compile(_SECURITY)),
    ("integration", re.compile(_INTEGRATION)),
    ("system", re.compile(_SYSTEM)),
)
_NOT_SETTINGS = re.compile(
    r"(?:^|_)(?:DB|DATABASE|POSTGRES|MYSQL|REDIS|MINIO|ELASTICSEARCH|PORT|HOST|HOSTNAME|DIR|PATH"
    r"|IMAGE|TAG|VERSION|NETWORK|SUBNET|MEMORY|CPUS?|WORKERS|REPLICAS|ENV|URI)(?:_|\Z)"
    r"|\ADEV_|\ATEST_|\AHEALTH_CHECK"
)
_OF_EMAIL = re.compile(r"\A(?:SMTP|MAIL|EMAIL)_(?:SERVER_)?(?:PORT|HOST|HOSTNAME)\Z")
_SECRET_SETTING = re.compile(r"\A(?:SMTP|MAIL|EMAIL)_")
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_OF_VERSIONS = re.compile(r"(?:^|_)(?:TAG|VERSION|RELEASE)(?:_|\Z)")
_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z")


class Kind(StrEnum):
    """The section of a spec that a variable goes to."""

    SETTING = "config"
    VARIABLE = "variables"
    SECRET = "secret"  # noqa: S105 - a word
    TOOL = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one variable goes and why. `default` is a text, None where it has none.

    `dropped` is the default of a secret that the files publish: the spec doesn't have it.
    """

    name: str
    kind: Kind
    reason: str
    type: str = "string"
    default: str | None = None
    default_from_file: bool = False
    required: bool = False
    sensitive: bool = False
    optional: bool = False
    category: str | None = None
    description: str | None = None
    heading: str | None = None
    notes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    places: tuple[Span, ...] = ()
    dropped: str | None = None

    @property
    def key(self) -> str:
        """The config key of a setting."""
        return self.name.lower()


def place_all(evidence: Mapping[str, Evidence], project: ComposeProject) -> dict[str, Placement]:
    """Every variable that can be declared; the others are told by `undeclarable`."""
    own = {
        name
        for name, service in project.services.items()
        if isinstance(service, Mapping) and not is_infrastructure(service)
    }
    return {
        name: _place(one, own)
        for name, one in evidence.items()
        if VARIABLE_NAME.match(name) and (one.uses or one.entries or one.passed)
    }


def _place(one: Evidence, own: Collection[str]) -> Placement:
    sensitive, why = _sensitivity(one)
    if _OF_TOOLS.match(one.name) and not one.uses:
        return _placement(one, Kind.TOOL, "Compose and Docker read it themselves")
    category = _category(one)
    objection = _objection(one, own)
    fits = category is not None and objection is None
    if sensitive:
        if fits and _SECRET_SETTING.match(one.name):
            reason = f"{why}, and a setting of the app by its name"
            return _placement(one, Kind.SETTING, reason, sensitive=True, category=category)
        return _placement(one, Kind.SECRET, why, sensitive=True)
    if fits:
        reason = f"by its name a setting ({category}) of the app"
        return _placement(one, Kind.SETTING, reason, category=category)
    reason = "no run-time setting by its name" if category is None else str(objection)
    return _placement(one, Kind.VARIABLE, reason)


def _sensitivity(one: Evidence) -> tuple[bool, str]:
    if is_secret(one.name, one.values):
        return True, "a secret by its name or its form"
    for use in one.uses:
        default = use.reference.default
        holder = use.holder if use.whole else None
        if holder and default and is_secret_text(default) and _keeps_secret(holder):
            return True, f"it fills {holder}, a secret by its name"
    return False, ""


def _keeps_secret(holder: str) -> bool:
    """An access key is half of a pair, and often the user's name: the other half is the secret."""
    return names_secret(holder) and not holder.upper().endswith("ACCESS_KEY")


def _category(one: Evidence) -> str | None:
    if not _KEY.match(one.name.lower()) or one.name != one.name.upper():
        return None
    if _NOT_SETTINGS.search(one.name) and not _OF_EMAIL.match(one.name):
        return None
    return next((name for name, pattern in _CATEGORIES if pattern.search(one.name)), None)


def _objection(one: Evidence, own: Collection[str]) -> str | None:
    """What keeps a variable with a setting's name from being one."""
    foreign = next((name for name in one.services if name not in own), None)
    objections = {
        f"{foreign}, which is not the app's own program, is given it, too": foreign is not None,
        "it is handed through from the surroundings": bool(one.passed),
        "a container sets it to a value of its own": bool(one.literals),
        **_objections_to_uses(one),
    }
    return next((text for text, holds in objections.items() if holds), None)


def _objections_to_uses(one: Evidence) -> dict[str, bool]:
    used = [(use, use.reference) for use in one.uses]
    return {
        "it is used in other texts than its own variable": any(
            use.holder != one.name or not use.whole for use, _ in used
        ),
        "containers fall back to different values": len({ref.default for _, ref in used}) > 1,
        "a container demands it, or looks whether it is there": any(
            ref.operator not in {"", "-", ":-"} for _, ref in used
        ),
        "it falls back to another variable": any(
            ref.has_default and ref.default is None for _, ref in used
        ),
    }


def _placement(
    one: Evidence, kind: Kind, reason: str, *, sensitive: bool = False, category: str | None = None
) -> Placement:
    operators = {use.reference.operator for use in one.uses}
    demanded = bool(operators & {":?", "?"})
    compose_default = next((text for text in one.defaults if text), None)
    if compose_default is None and "" in one.defaults:
        compose_default = ""
    from_file = compose_default is None and not demanded and one.set_value is not None
    default = one.set_value if from_file else compose_default
    if default is not None and one.uses and not can_be_default(default, alone=False):
        default = None
    published = [text for text in one.defaults if text]
    if sensitive:
        required = ":?" in operators or any(is_secret_text(text) for text in published)
        dropped, default = (published[0] if published else None), None
    else:
        required = demanded and operators <= {":?"}
        dropped = None
    if required or (demanded and compose_default is None):
        default = None
    asked = next((_message(use.reference) for use in one.uses if _message(use.reference)), None)
    described = next((entry for entry in [*one.active, *one.entries] if entry.comment), None)
    first = next(iter([*one.active, *one.entries]), None)
    return Placement(
        name=one.name,
        kind=kind,
        reason=reason,
        type="string" if sensitive or _OF_VERSIONS.search(one.name) else _type(default, one.values),
        default=default,
        default_from_file=from_file and default is not None,
        required=required,
        sensitive=sensitive,
        optional=bool(one.entries) and not one.active and not one.uses,
        category=category,
        description=asked if described is None else described.comment,
        heading=None if first is None else first.heading,
        notes=() if sensitive else tuple(_notes(one, default)),
        services=tuple(one.services),
        places=(*(e.place for e in one.entries), *(u.place for u in one.uses)),
        dropped=dropped,
    )


def _message(reference: Reference) -> str | None:
    """What a container that demands a variable says about it."""
    if not reference.operator.endswith("?"):
        return None
    return "".join(one for one in reference.argument if isinstance(one, str)).strip() or None


def _notes(one: Evidence, default: str | None) -> list[str]:
    """What the spec says beside a variable: values of env files that are not its default."""
    notes = []
    for entry in one.entries:
        if entry.value and entry.value != default and "\n" not in entry.value:
            where = f"{entry.place.path}:{entry.place.line}"
            what = "as an example" if entry.commented_out else "sets"
            notes.append(
                f"{where} {what} {entry.value}" if what == "sets" else f"{where}: {entry.value}"
            )
    return notes


def _type(default: str | None, values: list[str]) -> str:
    """The narrowest type that every known value is written in, to the letter."""
    present = [one for one in values if one] if default != "" else values
    present = [*present, *([default] if default is not None else [])]
    if not present:
        return "string"
    if all(one in {"true", "false"} for one in present):
        return "boolean"
    if all(_INTEGER.match(one) for one in present):
        return "integer"
    if all(_is_number(one) for one in present):
        return "number"
    return "string"


def _is_number(text: str) -> bool:
    value = resolve_plain(text)
    return type(value) in {int, float} and value_text(value) == text


def reads(text: str, kind: str) -> bool:
    """Whether a text is written as a type's own values are, to the letter."""
    if kind == "boolean":
        return text in {"true", "false"}
    if kind == "integer":
        return _INTEGER.match(text) is not None
    return kind == "string" or _is_number(text)


def typed(text: str, kind: str) -> str | int | float | bool:
    """A text as a value of a type that it was found to have."""
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    if kind == "number":
        value: float = resolve_plain(text)
        return value
    return text
