"""The standard library's `dataclass`, for values that are many or are declared at every start.

Frozen ones are what the model, findings and artifacts are made of. The standard library compiles
six methods for each such class, which was a tenth of `validate`, and its frozen `__init__` takes
three times as long as a plain one. So here a class gets its `__init__` alone compiled, the other
methods are shared, and `frozen` is what it is to type checkers: they refuse an assignment, the
running program does not look for one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        *, frozen: bool = False, slots: bool = False, kw_only: bool = False
    ) -> Callable[[type], type]:
        """A class decorator: `__init__`, and `==`, hash and repr over the fields."""

        def decorate(cls: type) -> type:
            own = {name for name in ("__eq__", "__hash__", "__repr__") if name in vars(cls)}
            made = dataclasses.dataclass(slots=slots, kw_only=kw_only, repr=False, eq=False)(cls)
            for name, method in _methods(made, frozen=frozen).items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return decorate


def _methods(cls: type, *, frozen: bool) -> dict[str, Any]:
    fields = dataclasses.fields(cls)
    compared = [one.name for one in fields if one.compare]
    shown = [one.name for one in fields if one.repr]
    values = attrgetter(*compared) if compared else type

    def equals(self: object, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def digest(self: object) -> int:
        return hash(values(self))

    def show(self: object) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({parts})"

    return {"__eq__": equals, "__hash__": digest if frozen else None, "__repr__": show}
