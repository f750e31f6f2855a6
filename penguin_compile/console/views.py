"""What the pages show, as values, and the templates that show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from penguin_compile.console.entry import Entry
from penguin_compile.model.license import License
from penguin_compile.model.plan import ABSENT
from penguin_compile.model.record import VALUE, SecretState
from penguin_compile.model.setting import Unset, value_text
from penguin_compile.report.printable import printable
from penguin_compile.sync.past import AuditRecord

if TYPE_CHECKING:
    from jinja2 import Environment

HIDDEN: Final = "hidden"
_SHORT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of a setting's history."""

    at: str
    actor: str
    via: str
    action: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """A feature and the tiers that grant it, lowest first."""

    name: str
    description: str
    ai: bool
    granted: Sequence[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """A limit and what each tier says of it."""

    name: str
    limits: Sequence[str]


@cache
def templates() -> Environment:
    """Every template escapes what it is given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("penguin_compile.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters["path"] = lambda text: quote(text, safe="")
    found.filters["printable"] = printable
    found.filters["moment"] = moment
    found.filters["short"] = short
    return found


def moment(text: str | None) -> str:
    """A time to the minute, as people read it."""
    return "" if text is None else text[:16].replace("T", " ")


def short(text: str) -> str:
    """The beginning of a long value."""
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def show_value(value: Any) -> str | None:
    """A value of history or ledger; None for none, and a secret as what it is."""
    if value is ABSENT or isinstance(value, Unset):
        return None
    if isinstance(value, SecretState):
        return HIDDEN
    return value_text(value) if isinstance(value, str | bool | int) else json_text(value)


def json_text(value: Any) -> str:
    """JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


def events(records: Sequence[AuditRecord]) -> list[Event]:
    """The history of a setting, newest first."""
    return [
        Event(
            at=one.at,
            actor=one.actor,
            via=one.via,
            action=one.action,
            before=_side(one.before),
            after=_side(one.after),
        )
        for one in records
    ]


def _side(fields: Mapping[str, Any] | None) -> str | None:
    return None if fields is None else show_value(fields.get(VALUE, ABSENT))


def settled_text(entry: Entry) -> str | None:
    """What was last settled of an entry, None where nothing was."""
    return None if entry.base is None else show_value(entry.base.fields.get(VALUE, ABSENT))


def feature_rows(license_: License) -> list[FeatureRow]:
    """Each feature: granted from its tier upwards."""
    names = [one.name for one in license_.tiers]
    return [
        FeatureRow(
            name=one.name,
            description=one.description or "",
            ai=one.ai,
            granted=[
                one.tier in names and place >= names.index(one.tier) for place in range(len(names))
            ],
        )
        for one in license_.features
    ]


def limit_rows(license_: License) -> Iterator[LimitRow]:
    """Each limit: what a tier does not state holds as the tier below has it."""
    for name in dict.fromkeys(limit for tier in license_.tiers for limit in tier.limits):
        said, last = list[str](), "-"
        for tier in license_.tiers:
            last = str(tier.limits.get(name, last))
            said.append(last)
        yield LimitRow(name=name, limits=said)
