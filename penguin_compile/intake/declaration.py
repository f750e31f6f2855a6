"""A placed variable as an entry of `variables` or `config` (under `intake/drafting.py`)."""

from __future__ import annotations

from penguin_compile.intake.draft import Data, DraftEntry
from penguin_compile.intake.placement import Kind, Placement, typed
from penguin_compile.intake.secrecy import Secrets

_LONGEST_DESCRIPTION = 160


def declare(placed: Placement, secrets: Secrets) -> DraftEntry:
    """Its keys in the language's words, and what the env file says of it."""
    heading = None if placed.heading is None else secrets.redact(placed.heading)
    name = placed.key if placed.kind is Kind.SETTING else placed.name
    return DraftEntry(
        name=name,
        keys=_keys(placed, secrets),
        heading=heading,
        comments=_comments(placed, secrets),
    )


def _keys(placed: Placement, secrets: Secrets) -> Data:
    setting = placed.kind is Kind.SETTING
    keys: Data = {
        "type": None if placed.type == "string" else placed.type,
        "category": placed.category if setting and placed.category != "system" else None,
        "env": placed.name if setting and placed.key.upper() != placed.name else None,
        "sensitive": True if placed.sensitive else None,
        "secret": f"env:{placed.name}" if placed.kind is Kind.SECRET else None,
        "default": None if placed.default is None else typed(placed.default, placed.type),
        "required": True if placed.required else None,
        "description": _description(placed, secrets),
    }
    return {name: one for name, one in keys.items() if one is not None}


def _comments(placed: Placement, secrets: Secrets) -> list[str]:
    comments = ["commented out in the env file: nothing sets it"] if placed.optional else []
    if placed.description and len(placed.description) > _LONGEST_DESCRIPTION:
        comments.append(placed.description)
    return [secrets.redact(one) for one in (*comments, *placed.notes)]


def _description(placed: Placement, secrets: Secrets) -> str | None:
    text = placed.description
    if text is not None and len(text) > _LONGEST_DESCRIPTION:
        text = None
    if text is None and placed.kind is Kind.SETTING:
        text = placed.heading
    return None if text is None else secrets.redact(" ".join(text.split()))
