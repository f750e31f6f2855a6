"""The writer: artifacts become files, all of them or none.

`plan_writes` compares with what is there and changes nothing; `apply_writes` does it. New files
are staged in a folder beside the target, so that a full disk is met before anything is touched,
and moved into place one by one, each move undone if a later one fails.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.artifacts.manifest import (
    NAME,
    Manifest,
    hash_bytes,
    is_inside,
    parse_manifest,
)
from penguin_compile.core.errors import FileFailure, PenguinError, Refused
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
    `manifest` is None where it is right already.
    """

    folder: Path
    created: tuple[Write, ...] = ()
    changed: tuple[Write, ...] = ()
    removed: tuple[Write, ...] = ()
    edited: tuple[Write, ...] = ()
    unchanged: tuple[str, ...] = ()
    manifest: Write | None = None

    @property
    def clean(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.created or self.changed or self.removed or self.edited or self.manifest)


def plan_writes(
    folder: Path,
    artifacts: Iterable[Artifact],
    spec_digest: str,
    *,
    only: Iterable[str] | None = None,
) -> Writes:
    """What has to change in a folder so that it holds these artifacts and no older ones.

    `only` names the targets that were compiled, where it wasn't all of them: what the manifest has
    of others stays. Raises FileFailure where the folder can't be read or isn't safe to write to,
    and PenguinError for an artifact that its reader would refuse.
    """
    wanted = {one.path: one for one in artifacts}
    with _explained(folder, "read"):
        if folder.exists() and not folder.is_dir():
            raise _not_a_folder(folder)
        reader = _Reader(folder)
        contents = reader.read(NAME)
        known = Manifest() if contents is None else parse_manifest(contents, folder / NAME)
        kept = _entries_of_others(known, only)
        writes = _compare(folder, reader, wanted, known, kept)
    if writes.created or writes.changed or writes.edited:
        check_artifacts(wanted.values())
    entries = {**kept, **{path: hash_bytes(_encode(one)) for path, one in wanted.items()}}
    manifest = Manifest(spec=spec_digest, artifacts=entries).text().encode()
    if manifest == contents:
        return writes
    return replace(writes, manifest=Write(path=NAME, old=contents, new=manifest))


def _compare(
    folder: Path,
    reader: _Reader,
    wanted: dict[str, Artifact],
    known: Manifest,
    kept: dict[str, str],
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
        elif old == new or hash_bytes(old) == known.artifacts.get(path):
            changed.append(write)
        else:
            edited.append(write)
    for path in sorted(known.artifacts.keys() - wanted.keys() - kept.keys()):
        old = reader.read(path)
        if old is not None:
            ours = hash_bytes(old) == known.artifacts[path]
            (removed if ours else edited).append(Write(path=path, old=old, new=None))
    return Writes(
        folder=folder,
        created=tuple(created),
        changed=tuple(changed),
        removed=tuple(removed),
        edited=tuple(edited),
        unchanged=tuple(unchanged),
    )


def _entries_of_others(known: Manifest, only: Iterable[str] | None) -> dict[str, str]:
    """The manifest's entries that belong to targets which were not compiled this time."""
    if only is None:
        return {}
    owners = [TARGETS.load(name) for name in only]
    return {
        path: digest
        for path, digest in known.artifacts.items()
        if not any(one.owns_path(path) for one in owners)
    }


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


def apply_writes(writes: Writes, *, force: bool = False) -> None:
    """Do it, all or nothing. Raises EditedByHand without `force`, FileFailure, PenguinError."""
    if not force:
        refuse_edited(writes)
    if writes.clean:
        return
    edited = [*writes.created, *writes.changed, *writes.edited]
    new = [one for one in edited if one.new is not None]
    gone = [*writes.removed, *(one for one in writes.edited if one.new is None)]
    if writes.manifest is not None:
        new.append(writes.manifest)  # last: until then the old one tells whose the files are
    with _explained(writes.folder, "write"):
        _replace(writes.folder, new, [one.path for one in gone])


def _replace(folder: Path, new: list[Write], gone: list[str]) -> None:
    undo: list[Callable[[], object]] = []
    stage: Path | None = None
    try:
        _make_folder(folder, undo)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=_stage_parent(folder)))
        undo.append(partial(shutil.rmtree, stage, ignore_errors=True))  # it is in those folders
        staged = [_stage(stage / str(index), one) for index, one in enumerate(new)]
        for index, path in enumerate(gone):
            _move_away(folder / path, stage / f"gone-{index}", undo)
            _remove_empty_folders(folder, folder / path, undo)
        for index, (source, one) in enumerate(zip(staged, new, strict=True)):
            _make_folder((folder / one.path).parent, undo)
            _move_in(source, folder / one.path, stage / f"old-{index}", undo)
    except BaseException:  # Ctrl-C too: what was moved goes back
        for step in reversed(undo):
            with suppress(OSError):
                step()
        raise
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


def _stage_parent(folder: Path) -> Path:
    """Beside the folder, so that moves are renames; inside it where it is a mount of its own."""
    parent = folder.resolve().parent
    beside = parent.stat().st_dev == folder.stat().st_dev and os.access(parent, os.W_OK)
    return parent if beside else folder


def _stage(path: Path, write: Write) -> Path:
    """A new file with its content and mode, to be moved into place."""
    mode = 0o777 if write.executable else 0o666  # less the umask, as any new file
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(write.new or b"")
    return path


# An undo step is noted before what it undoes is done: Ctrl-C may come between the two. Each
# does nothing where there is nothing to undo.


def _make_folder(folder: Path, undo: list[Callable[[], object]]) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        undo.append(one.rmdir)
        one.mkdir(exist_ok=True)


def _move_away(target: Path, backup: Path, undo: list[Callable[[], object]]) -> None:
    undo.append(partial(backup.replace, target))
    target.replace(backup)


def _remove_empty_folders(folder: Path, path: Path, undo: list[Callable[[], object]]) -> None:
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            return
        undo.append(partial(parent.mkdir, exist_ok=True))
        parent.rmdir()


def _move_in(source: Path, target: Path, backup: Path, undo: list[Callable[[], object]]) -> None:
    if os.path.lexists(target):
        _keep(target, backup)
        undo.append(partial(backup.replace, target))
    else:
        undo.append(partial(target.unlink, missing_ok=True))
    source.replace(target)


def _keep(target: Path, backup: Path) -> None:
    """A second name for the old file, so that there is no moment without one."""
    try:
        os.link(target, backup, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(target, backup, follow_symlinks=False)


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


def _not_a_folder(folder: Path) -> FileFailure:
    return FileFailure(
        f"{folder} is a file where a folder is needed",
        hint="move it away, or name another folder with --out",
    )


_HINTS = {
    errno.ENOSPC: "free some space on that disk and run the same command again",
    errno.EDQUOT: "free some of your quota there and run the same command again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f) and run it again",
    errno.EACCES: "allow this user to write there, or name another folder with --out",
    errno.EPERM: "allow this user to write there, or name another folder with --out",
    errno.EROFS: "mount it for writing, or name another folder with --out",
    errno.ENOTDIR: "move away the file that stands where a folder is needed",
    errno.EEXIST: "move away the file that stands where a folder is needed",
    errno.EISDIR: "move away the folder that stands where a file is needed",
    errno.ENAMETOOLONG: "shorten the name in the spec",
    errno.ELOOP: "remove the link that leads to itself",
}


@contextmanager
def _explained(folder: Path, what: str) -> Iterator[None]:
    """What the operating system refused, as a failure that names the place and the way out."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or folder
        untouched = "; nothing was changed" if what == "write" else ""
        raise FileFailure(
            f"can't {what} {_shown(place, folder)}: {error.strerror}{untouched}",
            hint=_HINTS.get(error.errno or 0, "mend that and run the same command again"),
        ) from error


def _shown(place: object, folder: Path) -> str:
    """A file in the stage means nothing to a person: the folder stands for it."""
    text = os.fsdecode(place) if isinstance(place, str | bytes) else str(place)
    inside = Path(text).is_relative_to(folder)
    return text if inside else str(folder)
