"""From what was read to a draft and its account: the middle of `init` (`adoption.py` goes on)."""

from __future__ import annotations

from dataclasses import dataclass

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.intake.draft import Draft
from penguin_compile.intake.drafting import Drafter
from penguin_compile.intake.evidence import Evidence, collect
from penguin_compile.intake.placement import Placement, place_all
from penguin_compile.intake.project import ComposeProject
from penguin_compile.intake.secrecy import Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """An app as it was found, and what is to become of it."""

    project: ComposeProject
    evidence: dict[str, Evidence]
    placements: dict[str, Placement]
    secrets: Secrets
    draft: Draft

    @property
    def findings(self) -> list[Diagnostic]:
        """What is wrong with the files."""
        return self.project.findings


def draft_project(project: ComposeProject, app: str, prefix: str) -> Intake:
    """The draft of a spec for an app of that name.

    `prefix` leads from the repository's root to the project's folder.
    """
    evidence = collect(project)
    placements = place_all(evidence, project)
    secrets = Secrets()
    sources = tuple(dict.fromkeys(one.path for one in project.sources))
    # the first run finds secrets that stand in texts; the second hides them in all others, too
    for _ in range(2):
        draft = Draft(name=app, sources=sources)
        Drafter(project, evidence, placements, secrets, draft, prefix).run()
    return Intake(
        project=project, evidence=evidence, placements=placements, secrets=secrets, draft=draft
    )
