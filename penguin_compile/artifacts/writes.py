"""What compile would change in a folder: compared with what is there, nothing touched yet."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from penguin_compile.artifacts.failures import explained, not_a_folder
from penguin_compile.artifacts.journal import Unfinished, read_unfinished
from penguin_compile.artifacts.layout import Folder
from penguin_compile.artifacts.manifest import (
    NAME,
    Manifest,
    hash_bytes,
    is_inside,
    parse_manifest,
)
from penguin_compile.core.errors import FileFailure, PenguinError, Refused
from penguin_compile.core.records import dataclass
from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import Artifact


class EditedByHand(Refused):
    """Files that are not as compile left them would be overwritten or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One file: its bytes before and after, None where there is no file."""

    path: str
    old: bytes | None
    new: bytes | None
    executable: bool = False

    @property
    def old_text(self) -> str:
        """For a diff; bytes that are no UTF-8 are replaced."""
        return (self.old or b"").decode("utf-8", "replace")

    @property
    def new_text(self) -> str:
        """For a diff."""
        return (self.new or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What a compile would do to a folder.

    `edited` holds those of the others that a person changed or brought: they need `force`.
    `manifest` is None where it is right already. `leftovers` are what a run that was killed left.
    `place` tells whose folder it is.
    """

    folder: Path
    created: tuple[Write, ...] = ()
    changed: tuple[Write, ...] = ()
    removed: tuple[Write, ...] = ()
    edited: tuple[Write, ...] = ()
    unchanged: tuple[str, ...] = ()
    manifest: Write | None = None
    leftovers: tuple[Path, ...] = ()
    place: Folder | None = None

    @property
    def clean(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.created or self.changed or self.removed or self.edited or self.manifest)


def plan_writes(
    folder: Path,
    artifacts: Iterable[Artifact],
    spec_digest: str | None,
    *,
    only: Iterable[str] | None = None,
) -> Writes:
    """What has to change in a folder so that it holds these artifacts and no older ones.

    `only` names the targets that were compiled, where it wasn't all of them: what the manifest has
    of others stays. Without a spec's digest the folder has no place in the spec any more, and its
    manifest goes, too. Raises FileFailure where the folder can't be read or isn't safe to write to.
    """
    wanted = {one.path: one for one in artifacts}
    with explained(folder, "read"):
        if folder.exists() and not folder.is_dir():
            raise not_a_folder(folder)
        reader = _Reader(folder)
        contents = reader.read(NAME)
        known = Manifest() if contents is None else parse_manifest(contents, folder / NAME)
        unfinished = read_unfinished(folder)
        ours = _Ours(known, unfinished)
        kept = _entries_of_others(reader, ours, only)
        writes = _compare(folder, reader, wanted, ours, kept)
    writes = replace(writes, leftovers=unfinished.stages)
    entries = {**kept, **{path: hash_bytes(_encode(one)) for path, one in wanted.items()}}
    manifest = None
    if spec_digest is not None:
        manifest = Manifest(spec=spec_digest, artifacts=entries).text().encode()
    if manifest == contents:
        return writes
    return replace(writes, manifest=Write(path=NAME, old=contents, new=manifest))


class _Ours:
    """Which contents of a file are penguin-compile's own: the last run's, and a killed one's."""

    def __init__(self, manifest: Manifest, unfinished: Unfinished) -> None:
        self._known = manifest.artifacts
        self._unfinished = unfinished.artifacts
        self.paths = self._known.keys() | self._unfinished.keys()

    def recorded(self, path: str) -> str | None:
        """The hash that the manifest has."""
        return self._known.get(path)

    def written(self, path: str, content: bytes) -> str | None:
        """The hash of what stands there, where penguin-compile wrote it."""
        found = hash_bytes(content)
        mine = found == self._known.get(path) or found in self._unfinished.get(path, ())
        return found if mine else None


def _compare(
    folder: Path,
    reader: _Reader,
    wanted: dict[str, Artifact],
    ours: _Ours,
    kept: Mapping[str, str],
) -> Writes:
    """Each file, sorted by what there is to do about it."""
    created: list[Write] = []
    changed: list[Write] = []
    removed: list[Write] = []
    edited: list[Write] = []
    unchanged: list[str] = []
    for path, artifact in wanted.items():
        new, old = _encode(artifact), reader.read(path)
        write = Write(path=path, old=old, new=new, executable=artifact.executable)
        if old is None:
            created.append(write)
        elif old == new and _mode_is_right(folder / path, executable=artifact.executable):
            unchanged.append(path)
        elif old == new or ours.written(path, old):
            changed.append(write)
        else:
            edited.append(write)
    for path in sorted(ours.paths - wanted.keys() - kept.keys()):
        old = reader.read(path)
        if old is not None:
            mine = ours.written(path, old)
            (removed if mine else edited).append(Write(path=path, old=old, new=None))
    return Writes(
        folder=folder,
        created=tuple(created),
        changed=tuple(changed),
        removed=tuple(removed),
        edited=tuple(edited),
        unchanged=tuple(unchanged),
    )


def _entries_of_others(reader: _Reader, ours: _Ours, only: Iterable[str] | None) -> dict[str, str]:
    """Entries that belong to targets which were not compiled this time, with their hashes."""
    if only is None:
        return {}
    owners = [TARGETS.load(name) for name in only]
    others = {}
    for path in ours.paths:
        if any(one.owns_path(path) for one in owners):
            continue
        content = reader.read(path)
        found = None if content is None else ours.written(path, content)
        entry = found or ours.recorded(path)
        if entry is not None:
            others[path] = entry
    return others


def _encode(artifact: Artifact) -> bytes:
    if not is_inside(artifact.path):
        raise PenguinError(
            f'a target names a file outside of its folder: "{artifact.path}"',
            hint="this is a mistake of the package that provides the target",
        )
    try:
        return artifact.text.encode()
    except UnicodeEncodeError:
        raise PenguinError(
            f"{artifact.path} would hold half of a surrogate pair, which is no text",
            hint="look for \\ud800 to \\udfff in the spec and write whole characters",
        ) from None


class _Reader:
    """Reads files of the folder; refuses links that lead out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._inside = {folder}

    def read(self, path: str) -> bytes | None:
        """A file's bytes, None where there is none."""
        target = self._folder / path
        if target.parent not in self._inside:
            self._refuse_outside(target.parent)
            self._inside.add(target.parent)
        if target.is_symlink():
            self._refuse_outside(target)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            return None
        except (NotADirectoryError, IsADirectoryError):
            return None  # a file in the place of a folder, or the reverse: met when it is written

    def _refuse_outside(self, target: Path) -> None:
        if not target.resolve().is_relative_to(self._root):
            raise FileFailure(
                f"{target} leads out of {self._folder} by a link; nothing was written",
                hint="remove the link, or name another folder with --out",
            )


def _mode_is_right(path: Path, *, executable: bool) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR) == executable


def refuse_edited(writes: Writes) -> None:
    """EditedByHand where a person's work would be overwritten."""
    if not writes.edited:
        return
    names = ", ".join(one.path for one in writes.edited[:5])
    more = len(writes.edited) - 5
    names += f" and {more} more" if more > 0 else ""
    raise EditedByHand(
        f"edited by hand, or not written by penguin-compile, in {writes.folder}: {names};"
        " nothing was written",
        hint="move the edit into the spec, or overwrite it with --force (see it with --diff)",
    )
