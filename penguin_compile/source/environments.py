"""Each environment's own tree: `extends` followed, `overrides` applied (language.md)."""

from __future__ import annotations

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Span
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.source.overlay import apply_patch, without
from penguin_compile.source.tree import Document, Mapping

DEFAULT = "default"
NOT_PATCHED = frozenset(("penguin", "imports", "environments"))


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """The tree of one environment: `environments` holds that one alone, merged."""

    environment: str
    document: Document


def environment_names(document: Document) -> list[str]:
    """In the order of the spec; one called `default` where none is declared."""
    declared = document.root.get("environments")
    if not isinstance(declared, Mapping):
        return [DEFAULT]
    return [name for name in declared if not name.startswith("x-")] or [DEFAULT]


def resolve_environment(document: Document, name: str) -> tuple[ResolvedSpec, list[Diagnostic]]:
    """The tree that one environment sees, and the complaints about its overlays."""
    declared = document.root.get("environments")
    if not isinstance(declared, Mapping) or not isinstance(declared.get(name), Mapping):
        return ResolvedSpec(name, document), []
    findings: list[Diagnostic] = []
    resolved = without(document, "environments")
    settings = Document(Mapping(), document.place)
    for step in _chain(document, declared, name, findings):
        pointer = ("environments", step)
        own = Document(declared[step], document.place_of(pointer))
        settings = apply_patch(settings, without(own, "overrides", "extends"))
        resolved = _apply_overrides(resolved, document, step, findings)
    holder = Mapping()
    holder.put(name, settings.root, document.place_of(("environments", name)))
    root = without(resolved, "environments")
    root.root.put("environments", holder, document.place_of(("environments",)))
    return ResolvedSpec(name, root), findings


def _chain(
    document: Document, declared: Mapping, name: str, findings: list[Diagnostic]
) -> list[str]:
    """The environments to apply, the most general first."""
    chain = [name]
    while isinstance(settings := declared[chain[0]], Mapping) and "extends" in settings:
        base = settings["extends"]
        span = document.value_span(("environments", chain[0], "extends"))
        known = [one for one in declared if one != chain[0]]
        if not isinstance(base, str):
            _complain(findings, "PC104", "`extends` is the name of an environment", span)
        elif base in chain:
            _complain(findings, "PC107", f'the environment "{base}" extends itself', span)
        elif not isinstance(declared.get(base), Mapping):
            message = f'`extends` names an environment that does not exist: "{base}"'
            help_text = f"environments of this spec: {list_names(known)}" if known else None
            label = did_you_mean(base, known)
            _complain(findings, "PC107", message, span, label=label, help_text=help_text)
        else:
            chain.insert(0, base)
            continue
        break
    return chain


def _apply_overrides(
    resolved: Document, document: Document, step: str, findings: list[Diagnostic]
) -> Document:
    pointer = ("environments", step, "overrides")
    settings = document.root["environments"][step]
    if "overrides" not in settings or settings["overrides"] is None:
        return resolved
    patch = settings["overrides"]
    if not isinstance(patch, Mapping):
        message = "`overrides` is a mapping: a patch on the sections of the spec"
        _complain(findings, "PC104", message, document.value_span(pointer))
        return resolved
    for key in patch:
        if key in NOT_PATCHED:
            message = f'"{key}" can\'t be overridden by an environment'
            _complain(findings, "PC103", message, document.key_span((*pointer, key)))
    patched = without(Document(patch, document.place_of(pointer)), *NOT_PATCHED)
    return apply_patch(resolved, patched)


def _complain(
    findings: list[Diagnostic],
    code: str,
    message: str,
    span: Span,
    *,
    label: str | None = None,
    help_text: str | None = None,
) -> None:
    findings.append(
        Diagnostic(
            code=code,
            severity=Severity.ERROR,
            message=message,
            span=span,
            label=label,
            help=help_text,
        )
    )
