"""From a spec file to one tree with its imports merged in: the first stage of the pipeline."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import FileFailure
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source, Span
from penguin_compile.source.files import FILE_SYSTEM, Files
from penguin_compile.source.overlay import merge_imports, without
from penguin_compile.source.tree import Document, Mapping, Sequence
from penguin_compile.source.yaml_events import parse_yaml

MOST_IMPORTS = 1_000  # read by one spec; fragments that import each other twice would never end
DEEPEST_IMPORTS = 50


class _TooMany(Exception):
    """Reading can't go on; the complaint is already on the list."""


@dataclass(slots=True)
class LoadedSpec:
    """One spec, read: the merged tree, or None where it can't be read, and the complaints.

    `files` is where it and its imports are read from, `sources` what was read there, `imports`
    where each path that an import names leads to.
    """

    path: str
    root: Path
    document: Document | None = None
    findings: list[Diagnostic] = field(default_factory=list)
    files: Files = FILE_SYSTEM
    sources: dict[Path, Source] = field(default_factory=dict)
    imports: dict[Path, Path] = field(default_factory=dict)
    imported: int = 0


@contextmanager
def collector_paused() -> Iterator[None]:
    """The cyclic garbage collector off: a tree of a million nodes costs it more than reading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def find_root(spec: Path) -> Path:
    """The repository of a spec: the nearest folder with a `.git`, else the spec's own."""
    folder = FILE_SYSTEM.real_path(spec).parent
    return next((one for one in (folder, *folder.parents) if _holds_git(one)), folder)


def _holds_git(folder: Path) -> bool:
    try:
        return (folder / ".git").exists()
    except OSError:  # a folder that may not be looked into
        return False


def load_spec(path: Path, shown: str | None = None, files: Files = FILE_SYSTEM) -> LoadedSpec:
    """Read a spec and what it imports. Raises FileFailure when the spec itself can't be read."""
    shown = str(path) if shown is None else shown
    source, findings = files.read(path, shown)
    return _load(source, findings, path, files)


def load_text(text: Source, path: Path | None, findings: list[Diagnostic]) -> LoadedSpec:
    """A spec from standard input that counts as the file `path`, which need not exist.

    Without a path it stands nowhere, and can import nothing.
    """
    return _load(text, findings, path, FILE_SYSTEM)


def _load(
    source: Source, findings: list[Diagnostic], path: Path | None, files: Files
) -> LoadedSpec:
    root = find_root(Path(source.path) if path is None else path)
    loaded = LoadedSpec(path=source.path, root=root, findings=findings, files=files)
    if path is not None:
        loaded.sources[path] = source
    if findings:
        return loaded
    chain = () if path is None else (files.real_path(path),)
    with collector_paused(), suppress(_TooMany):
        loaded.document = _read_tree(source, path, loaded, chain)
    return loaded


def _read_tree(
    source: Source, path: Path | None, loaded: LoadedSpec, chain: tuple[Path, ...]
) -> Document | None:
    document, findings = parse_yaml(source)
    loaded.findings.extend(findings)
    if document is None or document.root is None:
        if not findings:
            _complain(loaded, "PC101", "the file is empty", Span(source, 0, 0), _EMPTY_HELP)
        return None
    if not isinstance(document.root, Mapping):
        kind = "a list" if isinstance(document.root, Sequence) else "a single value"
        message = f"a spec is a mapping of sections, this is {kind}"
        _complain(loaded, "PC104", message, document.span, _EMPTY_HELP)
        return None
    return _merge_imports(document, path, loaded, chain)


_EMPTY_HELP = "a spec begins with `penguin: 1` and `app: {name: …}`"


def _merge_imports(
    document: Document, path: Path | None, loaded: LoadedSpec, chain: tuple[Path, ...]
) -> Document:
    imports = document.root.get("imports")
    if imports is None:
        return document
    if not isinstance(imports, Sequence) or not all(isinstance(one, str) for one in imports):
        span = document.value_span(("imports",))
        _complain(loaded, "PC104", "imports is a list of file names", span, None)
        return without(document, "imports")
    if path is None and imports:
        span = document.value_span(("imports",))
        message = "a spec from standard input imports relative to a file, and it has no name"
        _complain(loaded, "PC106", message, span, "name the file: --stdin-filename PATH")
    if path is None:
        return without(document, "imports")
    merged: Document | None = None
    for index, name in enumerate(imports):
        fragment = _import(name, document.value_span(("imports", index)), path, loaded, chain)
        if fragment is not None:
            merged = fragment if merged is None else merge_imports(merged, fragment)
    own = without(document, "imports")
    if merged is None:
        return own
    return Document(merge_imports(merged, own).root, document.place)


def _import(
    name: str, span: Span, path: Path, loaded: LoadedSpec, chain: tuple[Path, ...]
) -> Document | None:
    help_text = "imports are files inside the repository, named relative to the importing file"
    if "\0" in name:
        _complain(loaded, "PC106", "no file has a name with NUL in it", span, help_text)
        return None
    target = loaded.imports[path.parent / name] = loaded.files.real_path(path.parent / name)
    if Path(name).is_absolute() or not target.is_relative_to(loaded.root) or "://" in name:
        message = f'the import "{name}" leaves the repository'
        _complain(loaded, "PC106", message, span, help_text)
        return None
    if target in chain:
        _complain(loaded, "PC106", f'the import "{name}" leads back to itself', span, None)
        return None
    loaded.imported += 1
    if loaded.imported > MOST_IMPORTS or len(chain) > DEEPEST_IMPORTS:
        message = f"more than {MOST_IMPORTS} imports, or {DEEPEST_IMPORTS} of them in a row"
        _complain(loaded, "PC108", message, span, "a fragment that is imported twice counts twice")
        raise _TooMany
    try:
        source, findings = loaded.files.read(target, _shown(target, loaded))
    except FileFailure as failure:
        message = f'can\'t import "{name}": {failure.message}'
        _complain(loaded, "PC106", message, span, help_text)
        return None
    loaded.findings.extend(findings)
    loaded.sources[target] = source
    return None if findings else _read_tree(source, target, loaded, (*chain, target))


def _shown(target: Path, loaded: LoadedSpec) -> str:
    """An imported file's name, spelled like the spec's own: relative where that one is."""
    spec = Path(loaded.path)
    return str(target) if spec.is_absolute() else os.path.relpath(target)


def _complain(
    loaded: LoadedSpec, code: str, message: str, span: Span, help_text: str | None
) -> None:
    loaded.findings.append(
        Diagnostic(code=code, severity=Severity.ERROR, message=message, span=span, help=help_text)
    )
