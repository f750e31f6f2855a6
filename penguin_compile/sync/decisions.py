"""What a person decided: which live values to keep, where the spec wins, what may be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.sync.comparison import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The options of `plan` and `apply` that shape a plan; a saved plan holds them.

    Globs are over addresses. `secrets`: they were resolved and compared. `max_updates` and
    `max_deletes` are a number or per cent, as text.
    """

    keep_live: tuple[str, ...] = ()
    use_spec: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    prune: bool = False
    skip_conflicts: bool = False
    secrets: bool = False
    max_updates: str | None = None
    max_deletes: str | None = None

    def of(self, address: Address) -> Decision | None:
        """What was decided for an address; `--use-spec` wins where both match."""
        if not self.use_spec and not self.keep_live:
            return None
        name = str(address)
        if any(fnmatchcase(name, glob) for glob in self.use_spec):
            return Decision.USE_SPEC
        if any(fnmatchcase(name, glob) for glob in self.keep_live):
            return Decision.KEEP_LIVE
        return None

    def covers(self, address: Address) -> bool:
        """Whether `--only` lets an address into the plan."""
        return not self.only or any(fnmatchcase(str(address), glob) for glob in self.only)

    def unmatched(self, addresses: Iterable[str]) -> list[str]:
        """A warning for each glob that matches nothing."""
        flags = (
            ("--keep-live", self.keep_live),
            ("--use-spec", self.use_spec),
            ("--only", self.only),
        )
        if not any(globs for _, globs in flags):
            return []
        names = list(addresses)
        return [
            f"{flag} {glob} matches nothing"
            for flag, globs in flags
            for glob in globs
            if not any(fnmatchcase(name, glob) for name in names)
        ]
