"""Whatever stops the writer, the old tree is as it was and nothing is left beside it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from penguin_compile.artifacts import writer
from penguin_compile.artifacts.manifest import hash_bytes
from penguin_compile.artifacts.writer import apply_writes
from penguin_compile.artifacts.writes import plan_writes
from penguin_compile.core.errors import FileFailure
from penguin_compile.targets.target import Artifact

SPEC = hash_bytes(b"spec")
OLD = {"a.txt": "old a", "sql/b.sql": "old b", "env/gone": "orphan", "c.txt": "same"}
NEW = {"a.txt": "new a", "sql/b.sql": "new b", "deep/er/d.txt": "created", "c.txt": "same"}


def artifacts(texts):
    return [Artifact(path=path, text=text) for path, text in texts.items()]


def snapshot(folder):
    """Every path below with its content, modification time and inode."""
    return {
        str(path.relative_to(folder)): (
            (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
            if path.is_file()
            else None
        )
        for path in folder.rglob("*")
    }


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "generated" / "dev"
    apply_writes(plan_writes(folder, artifacts(OLD), SPEC))
    (folder / "mine.txt").write_text("mine")
    return folder


class Stop(BaseException):
    """What no `except Exception` catches."""


def count_replaces(folder):
    """Moves of one whole run, on a copy."""
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    moves = []
    original = Path.replace
    try:
        Path.replace = lambda self, target: (moves.append(target), original(self, target))[1]
        apply_writes(plan_writes(copy, artifacts(NEW), SPEC))
    finally:
        Path.replace = original
        shutil.rmtree(copy)
    return len(moves)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt(), Stop()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_move_that_fails_undoes_those_before_it(folder, monkeypatch, error, when):
    total = count_replaces(folder)
    assert total == 5  # one orphan, three files and the manifest
    before = snapshot(folder.parent)
    original = Path.replace
    for number in range(total):
        calls = iter(range(100))

        def failing(self, target, number=number, calls=calls):
            stop = next(calls) == number
            if stop and when == "before":
                raise error
            done = original(self, target)
            if stop:
                raise error
            return done

        monkeypatch.setattr(Path, "replace", failing)
        expected = FileFailure if isinstance(error, OSError) else type(error)
        with pytest.raises(expected):
            apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
        monkeypatch.setattr(Path, "replace", original)
        assert snapshot(folder.parent) == before
    apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert {path for path, content in snapshot(folder).items() if content} == {
        *NEW,
        "mine.txt",
        "manifest.json",
    }


def test_a_first_compile_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    def failing(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(FileFailure, match="nothing was changed"):
        apply_writes(plan_writes(tmp_path / "x" / "y", artifacts(NEW), SPEC))
    assert snapshot(tmp_path) == {}


def test_a_file_system_without_hard_links(folder, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(writer, "_stage", fail_at_manifest(writer._stage))
    before = {path: content and content[:2] for path, content in snapshot(folder.parent).items()}
    with pytest.raises(FileFailure):
        apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    after = {path: content and content[:2] for path, content in snapshot(folder.parent).items()}
    assert after == before
    monkeypatch.undo()
    monkeypatch.setattr(os, "link", refuse)
    apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert (folder / "a.txt").read_text() == "new a"


def fail_at_manifest(stage):
    def staged(path, write):
        if write.path == "manifest.json":
            raise OSError(28, "No space left on device")
        return stage(path, write)

    return staged


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 KiB, where this user may mount one."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)]
    if (
        os.geteuid() != 0
        or subprocess.run(command, capture_output=True, check=False).returncode != 0
    ):
        pytest.skip("only root may mount a small file system")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.parametrize("inside", ["", "generated/dev"])
def test_a_full_disk(tiny_disk, inside):
    """Also where the folder is the mount itself, so that no folder beside it is on that disk."""
    folder = tiny_disk / inside
    apply_writes(plan_writes(folder, artifacts(OLD), SPEC))
    before = snapshot(tiny_disk)
    large = {**NEW, "large.txt": "x" * 100_000}
    with pytest.raises(FileFailure, match="No space left") as caught:
        apply_writes(plan_writes(folder, artifacts(large), SPEC))
    assert str(folder) in caught.value.message
    assert "free some space" in (caught.value.hint or "")
    assert snapshot(tiny_disk) == before
    apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert (folder / "a.txt").read_text() == "new a"


def test_a_file_larger_than_the_limit(folder):
    """The limit is that of a child, so that this process keeps its own."""
    before = snapshot(folder.parent)
    program = (
        "import resource, sys; sys.path[:0] = [sys.argv[2]]\n"
        "from tests.faults.test_writer import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "large = {**NEW, 'large.txt': 'x' * 100_000}\n"
        "try:\n"
        "    apply_writes(plan_writes(Path(sys.argv[1]), artifacts(large), SPEC))\n"
        "except FileFailure as failure:\n"
        "    print(failure.message, failure.hint, sep='\\n')\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(folder), str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "File too large; nothing was changed" in done.stdout
    assert str(folder) in done.stdout
    assert "ulimit -f" in done.stdout
    assert snapshot(folder.parent) == before


def test_a_folder_that_may_not_be_written(folder):
    """As another user where this one is root, whom no mode stops."""
    before = snapshot(folder.parent)
    for path in (folder.parent, folder):
        path.chmod(0o555)
    try:
        if os.geteuid() != 0:
            with pytest.raises(FileFailure, match="Permission denied") as caught:
                apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
            assert "--out" in (caught.value.hint or "")
        else:
            pytest.skip("root may write everywhere")
    finally:
        for path in (folder.parent, folder):
            path.chmod(0o755)
    assert snapshot(folder.parent) == before


def test_a_read_only_disk(tiny_disk):
    folder = tiny_disk / "dev"
    apply_writes(plan_writes(folder, artifacts(OLD), SPEC))
    before = snapshot(tiny_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(FileFailure, match="Read-only file system") as caught:
        apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert str(folder) in caught.value.message
    assert "--out" in (caught.value.hint or "")
    assert snapshot(tiny_disk) == before


@pytest.mark.parametrize(
    ("in_the_way", "told"),
    [("dev", "is a file where a folder is needed"), ("", "can't (read|write) ")],
)
def test_a_file_where_a_folder_is_needed(tmp_path, in_the_way, told):
    parent = tmp_path / "generated"
    (parent / in_the_way if in_the_way else parent).parent.mkdir(exist_ok=True)
    (parent / in_the_way if in_the_way else parent).write_text("mine")
    with pytest.raises(FileFailure, match=told) as caught:
        apply_writes(plan_writes(parent / "dev", artifacts(NEW), SPEC))
    assert str(parent) in caught.value.message
    assert caught.value.hint


def test_a_file_where_a_folder_of_artifacts_is_needed(folder):
    (folder / "deep").write_text("mine")
    before = snapshot(folder.parent)
    with pytest.raises(FileFailure, match="deep") as caught:
        apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert "move away the file" in (caught.value.hint or "")
    assert snapshot(folder.parent) == before


def test_a_folder_where_an_artifact_is_needed(folder):
    (folder / "deep/er/d.txt").mkdir(parents=True)
    before = snapshot(folder.parent)
    with pytest.raises(FileFailure, match=r"d\.txt.*directory") as caught:
        apply_writes(plan_writes(folder, artifacts(NEW), SPEC))
    assert "move away the folder" in (caught.value.hint or "")
    assert snapshot(folder.parent) == before


KILLED = """
import os, signal, sys; sys.path[:0] = [sys.argv[2]]
from tests.faults.test_writer import *
original, calls = Path.replace, []
def replace(self, target):
    calls.append(target)
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, target)
Path.replace = replace
apply_writes(plan_writes(Path(sys.argv[1]), artifacts(NEW), SPEC))
"""


def write_and_be_killed(folder, move):
    """SIGKILL just before a move."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-B", "-c", KILLED, str(folder), str(root), str(move)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9
    for path in OLD.keys() - {"env/gone"}:
        assert (folder / path).exists()


@pytest.mark.parametrize("texts", [NEW, OLD, {"a.txt": "a third text", "e.txt": "e"}, {}])
def test_a_run_that_was_killed_is_finished_by_the_next(folder, texts):
    """Whatever the spec says by then; nothing of the killed run counts as edited by hand."""
    for move in range(1, 6):
        write_and_be_killed(folder, move)
        apply_writes(plan_writes(folder, artifacts(texts), SPEC))
        assert plan_writes(folder, artifacts(texts), SPEC).clean
        found = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
        assert found == {*texts, "manifest.json", "mine.txt"}
        assert [one.name for one in folder.parent.iterdir()] == ["dev"]  # no stage is left
        apply_writes(plan_writes(folder, artifacts(OLD), SPEC))


def test_what_a_killed_run_wrote_for_other_targets_stays_known(folder):
    write_and_be_killed(folder, 5)  # the manifest's move; all else is in place
    env_alone = plan_writes(folder, artifacts({"env/x": "x"}), SPEC, only=["env"])
    apply_writes(env_alone)
    assert (folder / "sql/b.sql").read_text() == "new b"
    assert plan_writes(folder, artifacts(OLD), SPEC).edited == ()


def test_an_edit_after_a_killed_run_is_still_an_edit(folder):
    write_and_be_killed(folder, 5)
    (folder / "a.txt").write_text("a person's")
    assert [one.path for one in plan_writes(folder, artifacts(OLD), SPEC).edited] == ["a.txt"]


def test_two_folders_are_written_both_or_none(folder, monkeypatch):
    second = folder.parent / "prod"
    apply_writes(plan_writes(second, artifacts(OLD), SPEC))
    before = snapshot(folder.parent)
    original, moves = Path.replace, []

    def replace(self, target):
        moves.append(target)
        if Path(target) == second / "deep/er/d.txt":
            raise OSError(errno.EIO, "Input/output error", str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(FileFailure, match="nothing was changed"):
        apply_writes(*(plan_writes(one, artifacts(NEW), SPEC) for one in (folder, second)))
    assert folder / "manifest.json" in moves  # the first one was whole already
    assert snapshot(folder.parent) == before
