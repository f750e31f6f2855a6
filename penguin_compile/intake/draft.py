"""The spec to be, as data: what `intake/spec_text.py` writes and later stages mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from penguin_compile.core.span import Span
from penguin_compile.intake.meaning import Intention

Data: TypeAlias = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class DraftService:
    """One service; `gateway` holds what the language says of it, `container` Compose's own keys."""

    name: str
    gateway: Data
    container: Data | None = None
    environment: Data = field(default_factory=dict)
    config: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    allowed: dict[str, str] = field(default_factory=dict)
    place: Span | None = None


@dataclass(slots=True, kw_only=True)
class DraftEntry:
    """A variable, config key or route: its keys in the language's words, and comments for it."""

    name: str
    keys: Data
    heading: str | None = None
    comments: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Brought:
    """A value that the spec doesn't have and a deployment must set now; never shown.

    `reason` says where it stood.
    """

    name: str
    value: str
    reason: str
    place: Span | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A whole spec before it is written."""

    name: str
    sources: tuple[str, ...]
    services: dict[str, DraftService] = field(default_factory=dict)
    routes: dict[str, DraftEntry] = field(default_factory=dict)
    variables: dict[str, DraftEntry] = field(default_factory=dict)
    settings: dict[str, DraftEntry] = field(default_factory=dict)
    compose: Data = field(default_factory=dict)
    outputs: Data = field(default_factory=dict)
    environments: Data = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)
    allowed: dict[str, dict[str, str]] = field(default_factory=dict)
    brought: dict[str, Brought] = field(default_factory=dict)
    intentions: list[Intention] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
