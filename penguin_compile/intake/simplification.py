"""`${NAME:-default}` in a spec's words: what its variable says anyway is said once (`init`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from penguin_compile.intake.evidence import Evidence
from penguin_compile.intake.interpolation import Part, Reference
from penguin_compile.intake.placement import Kind, Placement, reads, typed
from penguin_compile.targets.compose_text import can_be_default


class Simplifier:
    """Simplifies references to placed variables.

    `operator` is the one that compile will write for defaults. `found` are secrets that were found
    in texts, `moves` says that paths are rewritten where they stand.
    """

    def __init__(
        self,
        placements: Mapping[str, Placement],
        found: Collection[str],
        operator: str,
        *,
        moves: bool,
    ) -> None:
        self._placements = placements
        self._found = found
        self._operator = operator
        self._moves = moves

    def all(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """A text with each of its references simplified."""
        return tuple(self.one(part) if isinstance(part, Reference) else part for part in parts)

    def one(self, reference: Reference) -> Reference:
        """A reference without a default that its variable has; a secret's never has one."""
        reference = replace(reference, argument=self.all(reference.argument))
        placed = self._placements.get(reference.name)
        if placed is None:
            return Reference(reference.name) if reference.name in self._found else reference
        if reference.operator.endswith("+"):
            return reference
        if reference.operator.endswith("?"):
            plain = placed.required if placed.sensitive else reference.operator == ":?"
            return Reference(reference.name) if plain and placed.required else reference
        if placed.sensitive:
            return Reference(reference.name)
        return self._fallback(reference, placed)

    def _fallback(self, reference: Reference, placed: Placement) -> Reference:
        default = reference.default
        if reference.operator and default is None:
            return reference
        if not default:
            declared = placed.required or (placed.default and not placed.default_from_file)
            operator = reference.operator or "-"
            return Reference(reference.name, operator) if declared else Reference(reference.name)
        a_path = self._moves and default.startswith(".")  # rewritten where it stands
        same = default == placed.default and reference.operator == self._operator
        return Reference(reference.name) if same and not (placed.required or a_path) else reference

    def whole(self, reference: Reference) -> dict[str, Any] | None:
        """A container's variable that is one reference; None where only Compose can say it."""
        placed = self._placements.get(reference.name)
        if placed is None or placed.kind is Kind.TOOL:
            return None
        if not self.one(reference).operator:
            if placed.kind is Kind.SETTING:
                return {"config": placed.key}
            return {"variable": placed.name}
        default = reference.default
        if default is None or not self._can_be_own(reference, default, placed):
            return None
        return {"variable": placed.name, "default": typed(default, placed.type)}

    def _can_be_own(self, reference: Reference, default: str, placed: Placement) -> bool:
        """Whether the language can say it as a default of this container alone."""
        fits = placed.kind is Kind.VARIABLE and not placed.sensitive and not placed.required
        same = not default or reference.operator == self._operator
        return fits and same and can_be_default(default, alone=True) and reads(default, placed.type)


def main_operator(evidence: Mapping[str, Evidence]) -> str:
    """`:-` or `-`, whichever the files use more with a default that is not empty."""
    used = [
        use.reference.operator
        for one in evidence.values()
        for use in one.uses
        if use.reference.default
    ]
    return ":-" if used.count(":-") >= used.count("-") and used else "-"
