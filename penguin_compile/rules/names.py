"""Known names, for complaints about unknown ones; shared by the rules about references."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from penguin_compile.core.suggestion import did_you_mean, list_names

_MOST_SEARCHES = 100  # one missing import can leave thousands of names dangling


class Names:
    """The names that exist. Suggestions are found for the first unknown ones alone."""

    def __init__(self, known: Collection[str], kind: str) -> None:
        self.known = known
        self._kind = kind
        self._searches = 0

    def label(self, name: str) -> str | None:
        """`did you mean …?`; another spelling in upper and lower case is the nearest of all."""
        spelling = self._spellings.get(name.casefold())
        if spelling is not None:
            return f'did you mean "{spelling}"?'
        self._searches += 1
        return None if self._searches > _MOST_SEARCHES else did_you_mean(name, self.known)

    @cached_property
    def help(self) -> str:
        """All of them, or that there are none."""
        if not self.known:
            return f"there are no {self._kind}"
        return f"{self._kind}: {list_names(self.known)}"

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {one.casefold(): one for one in self.known}
