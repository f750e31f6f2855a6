"""Drift at a glance: live edits of settings, and of what the gateway has.

Settings by the store alone; the gateway is asked once, and what it says when it can't be is told.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from penguin_compile.console.entry import Entry, Source
from penguin_compile.console.store import SettingsStore, tell
from penguin_compile.core.errors import PenguinError
from penguin_compile.live.config.row import KIND
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.drift import LiveEdit, find_drift

_ONE_AT_A_TIME: Final = threading.Lock()  # a session keeps what it read last


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What differs from what was settled. `gateway` is of services and mappings.

    `waiting` are settings whose spec changed and was not applied; `missing` have no row.
    """

    edits: Sequence[Entry]
    waiting: Sequence[Entry]
    missing: Sequence[str]
    gateway: Sequence[LiveEdit]
    problem: str = ""

    @property
    def count(self) -> int:
        """How many live edits there are."""
        return len(self.edits) + len(self.gateway)


def find_console_drift(store: SettingsStore) -> Drift:
    """Everything, the gateway included."""
    entries = store.rows()
    gateway, problem = list[LiveEdit](), ""
    if store.session.gateway is not None:
        try:
            with _ONE_AT_A_TIME:
                plan = store.session.plan(Decisions())
                every = find_drift(plan, store.session.situation)
            gateway = [one for one in every if one.base.address.kind != KIND]
        except PenguinError as error:
            problem = tell(error)
    return Drift(
        edits=[one for one in entries if one.edited],
        waiting=[one for one in entries if one.source is Source.WAITING],
        missing=[one.key for one in store.missing({entry.key for entry in entries})],
        gateway=gateway,
        problem=problem,
    )


def count_edits(store: SettingsStore) -> int:
    """Settings that were edited live."""
    return sum(one.edited for one in store.rows())
