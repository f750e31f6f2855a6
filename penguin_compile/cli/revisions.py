"""Specs of two versions, read and checked: git revisions, or a revision and the work tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from penguin_compile.cli.specs import show_findings, summarise
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import FileFailure, PenguinError
from penguin_compile.core.pointer import Pointer
from penguin_compile.pipeline import CheckedSpec, check_spec, is_spec
from penguin_compile.source.load import find_root, load_spec

if TYPE_CHECKING:
    from penguin_compile.compiler.spec_comparison import Side
    from penguin_compile.source.revision import Revision


def open_revision(spec: Path, name: str) -> Revision:
    """A revision of the repository that a spec, or a folder of specs, is in."""
    from penguin_compile.source.revision import Revision

    return Revision(find_root(spec / "any" if spec.is_dir() else spec), name)


def read_pairs(
    spec: Path, base: Revision, head: Revision | None
) -> list[tuple[Side | None, Side | None]]:
    """The specs of both versions that belong together: by their app's name, else by their path.

    A head of None is the work tree. Raises FileFailure where neither has a spec, and PenguinError
    where one has errors, which it shows.
    """
    before = _read_side(spec, base)
    after = _read_side(spec, head)
    if not before and not after:
        where = f"the work tree or {base.name}" if head is None else f"{base.name} or {head.name}"
        raise FileFailure(
            f"there is no spec {spec} in {where}", hint="name a spec file or a folder of specs"
        )
    return list(_pair(before, after))


def _read_side(spec: Path, revision: Revision | None) -> list[Side]:
    checked = [(path, _check(path, revision)) for path in _find(spec, revision)]
    wrong = [(path, one) for path, one in checked if one.has_errors]
    if wrong:
        errors = [_errors(one) for _, one in wrong]
        for findings in errors:
            show_findings(findings, err=True)
        where = "the work tree" if revision is None else f"revision {revision.name}"
        raise PenguinError(
            f"in {where}, {wrong[0][0]} has errors: {summarise(errors[0])}",
            hint="specs with errors can't be compared; mend them, or name another revision",
        )
    return [_side(path, one) for path, one in checked]


def _errors(checked: CheckedSpec) -> list[Diagnostic]:
    return [one for one in checked.findings if one.severity is Severity.ERROR]


def _find(spec: Path, revision: Revision | None) -> list[Path]:
    if revision is None:
        if spec.is_dir():
            return sorted(one for one in spec.iterdir() if is_spec(one) and one.is_file())
        return [spec] if spec.exists() else []
    if revision.is_file(spec):
        return [spec]
    return [one for one in revision.list_folder(spec) if is_spec(one)]


def _check(path: Path, revision: Revision | None) -> CheckedSpec:
    return check_spec(load_spec(path) if revision is None else load_spec(path, files=revision))


def _side(path: Path, checked: CheckedSpec) -> Side:
    from penguin_compile.compiler.spec_comparison import Side

    def locate(environment: str, pointer: Pointer) -> str:
        return str(checked.environments[environment].document.key_span(pointer))

    resolved = checked.environments.values()
    return Side(
        path=str(path),
        app=checked.name or "",
        models={one.environment: one.app for one in resolved if one.app is not None},
        trees={one.environment: one.document.root for one in resolved},
        locate=locate,
    )


def _pair(
    before: Sequence[Side], after: Sequence[Side]
) -> Iterator[tuple[Side | None, Side | None]]:
    """Each spec once, in the order of the head; a name that two specs share says nothing."""
    left = list(before)
    partners: dict[int, Side] = {}
    for key in (_name_of, _path_of):
        alone = [index for index in range(len(after)) if index not in partners]
        for index in alone:
            name = key(after[index])
            same = [one for one in left if key(one) == name]
            rivals = [other for other in alone if key(after[other]) == name]
            if len(same) == len(rivals) == 1:
                partners[index] = same[0]
                left.remove(same[0])
    for index, one in enumerate(after):
        yield partners.get(index), one
    for one in left:
        yield one, None


def _name_of(side: Side) -> str:
    return side.app


def _path_of(side: Side) -> str:
    return side.path
