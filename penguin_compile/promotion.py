"""Live values into specs: where they can be written, the edited texts, the proof of what changed.

The pipeline for `promote`. Nothing is written before all of it is known to be right: every
environment is resolved again from the new texts, and may differ at the promoted keys alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any, Final

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import FileFailure, PenguinError, Refused, UsageError
from penguin_compile.core.pointer import format_dotted
from penguin_compile.core.span import Source
from penguin_compile.core.suggestion import list_names
from penguin_compile.pipeline import CheckedSpec, ResolvedApp, check_spec
from penguin_compile.source.environments import environment_names, resolve_environment
from penguin_compile.source.files import FILE_SYSTEM, Files
from penguin_compile.source.load import LoadedSpec, find_root, load_spec
from penguin_compile.source.origins import (
    Origin,
    default_pointer,
    extended_environments,
    find_origin,
    sources_by_path,
)
from penguin_compile.source.rewriting import rewrite
from penguin_compile.source.splicing import splice_value
from penguin_compile.source.splicing_proof import list_differences
from penguin_compile.source.text import decode_source
from penguin_compile.source.tree import Document

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere that a value can be written: overrides of an environment, or the base, in a file.

    `flags` choose it on the command line, `text` says it to a person.
    """

    environment: str | None
    path: Path
    flags: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person has to choose: why it isn't plain, and the places."""

    reason: str
    places: Sequence[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line says of where to write; nothing is the environment's own overrides."""

    base: bool = False
    into: str | None = None
    file: Path | None = None


@dataclass(slots=True)
class Edit:
    """One file, as it was read and as it shall be."""

    path: Path
    data: bytes
    old: Source
    new: Source


@dataclass(slots=True)
class Promotion:
    """The edits of one spec's files for one environment."""

    checked: CheckedSpec
    resolved: ResolvedApp
    edits: dict[Path, Edit] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Path:
        """The spec file itself, links followed."""
        return FILE_SYSTEM.real_path(Path(self.checked.loaded.path))

    # Where.

    def place(self, key: str, wish: Wish) -> Place | Question:
        """Where a key's value is to be written, or what to ask.

        Raises UsageError for a file or an environment that has nothing to do with it, and Refused
        for a base that would not show.
        """
        path = self._wished_path(wish)
        chain = extended_environments(self._document, self.resolved.environment)
        if wish.into is not None:
            if wish.into not in chain:
                raise UsageError(
                    f'--into {wish.into}: "{self.resolved.environment}" does not extend it',
                    hint=f"it can be written into: {list_names(chain)}",
                )
            return self._at(wish.into, path or self.spec)
        origin = find_origin(self.checked.loaded, self._document, chain, key)
        if wish.base:
            return self._base_place(key, origin, path)
        reasons = list(self._reasons(origin)) if origin.stated and path is None else []
        if not reasons:
            return self._at(self.resolved.environment, path or self.spec)
        return self._question(key, reasons, self._places(origin))

    def _wished_path(self, wish: Wish) -> Path | None:
        if wish.file is None:
            return None
        path = FILE_SYSTEM.real_path(wish.file)
        if path not in self._sources():
            shown = [one.path for one in self._sources().values()]
            raise UsageError(
                f"--file {wish.file} is neither the spec nor imported by it",
                hint=f"its files: {list_names(shown)}",
            )
        return path

    def _base_place(self, key: str, origin: Origin, path: Path | None) -> Place | Question:
        if origin.environment is not None:
            raise Refused(
                f"config/{key}: the shared default does not show in "
                f'"{self.resolved.environment}": the overrides of "{origin.environment}" set it '
                f"at {origin.span}",
                hint=f"leave out --base, or write there: --into {origin.environment}",
            )
        if path is not None or origin.path == self.spec:
            return self._at(None, path or self.spec)
        return self._question(key, list(self._reasons(origin)), self._places(origin))

    def _question(self, key: str, reasons: list[str], places: list[Place]) -> Question:
        return Question(reason=f"config/{key}: its value {' and '.join(reasons)}", places=places)

    def _reasons(self, origin: Origin) -> Iterator[str]:
        """Why the node of the value may not be what a person thinks of."""
        where = f"({origin.span})"
        if origin.environment not in {None, self.resolved.environment}:
            yield (
                f'comes from the environment "{origin.environment}", which '
                f'"{self.resolved.environment}" extends {where}'
            )
        if origin.path != self.spec:
            verb = "comes from" if origin.stated else "would stand in"
            yield f"{verb} an import, which other specs may share {where}"
        if origin.shared is not None:
            yield f"comes from {origin.shared} {where}"

    def _places(self, origin: Origin) -> list[Place]:
        """All that would show, the environment's own overrides in the spec first."""
        own = self._at(self.resolved.environment, self.spec)
        there = self._at(origin.environment, origin.path)
        places = [own, there]
        if origin.path != self.spec:
            places.append(self._at(origin.environment, self.spec))
        return list({(one.environment, one.path): one for one in places}.values())

    def _at(self, environment: str | None, path: Path) -> Place:
        shown = self._sources()[path].path
        flags = "--base" if environment is None else f"--into {quote(environment)}"
        text = f'the overrides of "{environment}" in {shown}'
        if environment is None:
            text = f"the shared default in {shown}"
        if path != self.spec:
            text += ", for all specs that import it"
        if path != self.spec or (environment is None and self._has_imports()):
            flags += f" --file {quote(shown)}"
        return Place(environment=environment, path=path, flags=flags, text=text)

    def _has_imports(self) -> bool:
        return len(self.checked.loaded.sources) > 1

    @property
    def _document(self) -> Document:
        document = self.checked.loaded.document
        if document is None:
            raise UsageError("a spec with errors can't be edited", hint="run validate first")
        return document

    def _sources(self) -> Mapping[Path, Source]:
        return sources_by_path(self.checked.loaded)

    # What.

    def set(self, key: str, value: Any, place: Place) -> None:
        """Write a key's value into the text of a place; nothing touches the disk.

        Raises Refused for what can't stand there, FileFailure for a file that may not be written,
        and what `splice_value` raises.
        """
        if value is None and place.environment is not None:
            raise Refused(
                f"config/{key}: its live value is null, which removes a key where it stands in "
                "overrides",
                hint="write it into the shared default, with --base",
            )
        edit = self._edit(place.path)
        edit.new = splice_value(edit.new, default_pointer(place.environment, key), value)
        self.values[key] = value

    def _edit(self, path: Path) -> Edit:
        if path not in self.edits:
            read = self._sources()[path]
            data = _read(path, read.path)
            now, _ = decode_source(data, read.path)
            if now.text != read.text:
                raise _changed(read.path)
            _check_inside(path, Path(read.path))
            self.edits[path] = Edit(path, data, now, now)
        return self.edits[path]

    def prove(self) -> tuple[list[str], list[Diagnostic]]:
        """The other environments that change with it, and the errors that the spec then has.

        Raises PenguinError where anything else than the promoted keys would change.
        """
        loaded = self.checked.loaded
        files = _EditedFiles({path: one.new for path, one in self.edits.items()})
        after = load_spec(Path(loaded.path), loaded.path, files)
        if after.document is None:
            raise PenguinError("the edited spec can't be read: nothing was written")
        changed = [
            name
            for name in environment_names(self._document)
            if self._differs(after.document, name)
        ]
        self._check_values(after.document)
        return (
            [name for name in changed if name != self.resolved.environment],
            _new_errors(loaded, after, changed),
        )

    def _differs(self, after: Document, name: str) -> bool:
        """Whether an environment changes; only the promoted keys may."""
        old = resolve_environment(self._document, name)[0].document.root
        new = resolve_environment(after, name)[0].document.root
        allowed = {("config", key, "default") for key in self.values}
        differing = {one[:3] for one in list_differences(old, new)}
        if differing - allowed:
            others = ", ".join(sorted(map(format_dotted, differing - allowed))[:3])
            raise PenguinError(
                f'more would change in "{name}" than was promoted: {others}',
                hint="nothing was written; an anchor shares it: write the value by hand",
            )
        return bool(differing)

    def _check_values(self, after: Document) -> None:
        """Written and yet not said: something later overrides it, or it doesn't read back."""
        name = self.resolved.environment
        root = resolve_environment(after, name)[0].document.root
        for key, value in self.values.items():
            said = root["config"][key].get("default", self)
            if next(list_differences(value, said), None) is not None:
                raise PenguinError(
                    f'config/{key}: "{name}" would not have the value that was written',
                    hint="nothing was written; another environment or an import sets it, too",
                )

    # Done.

    def save(self) -> None:
        """Write all files, or none. Raises FileFailure for one that was changed meanwhile."""
        for one in self.edits.values():
            if _read(one.path, one.old.path) != one.data:
                raise _changed(one.old.path)
        done: list[Edit] = []
        try:
            for one in self.edits.values():
                bom = _BOM if one.data.startswith(_BOM) else b""
                rewrite(one.path, bom + one.new.text.encode())
                done.append(one)
        except FileFailure:
            for one in done:
                with suppress(FileFailure):
                    rewrite(one.path, one.data)
            raise


class _EditedFiles(Files):
    """The file system, with some texts that are not written yet."""

    def __init__(self, edited: Mapping[Path, Source]) -> None:
        self._edited = edited

    def real_path(self, path: Path) -> Path:
        """Absolute, links followed."""
        return FILE_SYSTEM.real_path(path)

    def read(self, path: Path, shown: str) -> tuple[Source, list[Diagnostic]]:
        """The edited text of a file, or else its own."""
        edited = self._edited.get(self.real_path(path))
        return FILE_SYSTEM.read(path, shown) if edited is None else (edited, [])


def _read(path: Path, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileFailure(
            f"can't read {shown}: {error.strerror}", hint="check its rights"
        ) from None


def _changed(shown: str) -> FileFailure:
    return FileFailure(
        f"{shown} was changed meanwhile: nothing was written", hint="run the command again"
    )


def _check_inside(path: Path, named: Path) -> None:
    """A link may not lead out of the repository that it stands in."""
    root = find_root(FILE_SYSTEM.real_path(named.parent) / "any")
    if not path.is_relative_to(root):
        raise FileFailure(
            f"{named} is a link out of the repository, to {path}",
            hint="promote into that file itself, where it belongs",
        )


def _new_errors(
    before: LoadedSpec, after: LoadedSpec, environments: Collection[str]
) -> list[Diagnostic]:
    """Errors that only the edited spec has."""
    known = {
        (one.code, one.message)
        for one in check_spec(before, environments).findings
        if one.severity is Severity.ERROR
    }
    found = check_spec(after, environments).findings
    return [
        one
        for one in found
        if one.severity is Severity.ERROR and (one.code, one.message) not in known
    ]
