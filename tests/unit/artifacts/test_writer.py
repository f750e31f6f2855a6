from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from penguin_compile.artifacts.manifest import hash_bytes
from penguin_compile.artifacts.writer import apply_writes
from penguin_compile.artifacts.writes import EditedByHand, plan_writes
from penguin_compile.core.errors import FileFailure, PenguinError
from penguin_compile.targets.target import Artifact

SPEC = hash_bytes(b"spec")


def artifacts(**texts):
    """Artifacts by path, a slash as two underscores and a dot as one."""
    return [
        Artifact(path=path.replace("__", "/").replace("_", "."), text=text)
        for path, text in texts.items()
    ]


def write(folder, *, only=None, force=False, spec=SPEC, **texts):
    writes = plan_writes(folder, artifacts(**texts), spec, only=only)
    apply_writes(writes, force=force)
    return writes


def tree(folder):
    """Every file with its content, and every empty folder."""
    return {
        str(path.relative_to(folder)): path.read_text("utf-8") if path.is_file() else None
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    }


def without_manifest(folder):
    return {path: text for path, text in tree(folder).items() if path != "manifest.json"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "generated" / "myapp" / "dev"


def paths(writes):
    return [one.path for one in writes]


def test_a_first_compile(folder, tmp_path):
    writes = plan_writes(folder, artifacts(a_txt="é\n", sql__b_sql="b\n"), SPEC)
    assert paths(writes.created) == ["a.txt", "sql/b.sql"]
    assert not writes.clean
    assert not folder.exists()
    apply_writes(writes)
    assert without_manifest(folder) == {"a.txt": "é\n", "sql/b.sql": "b\n"}
    assert json.loads((folder / "manifest.json").read_text()) == {
        "format": 1,
        "spec": SPEC,
        "artifacts": {"a.txt": hash_bytes("é\n".encode()), "sql/b.sql": hash_bytes(b"b\n")},
    }
    assert [path.name for path in folder.parent.iterdir()] == ["dev"]


def test_what_is_right_is_not_written_again(folder):
    write(folder, a_txt="a", b_txt="b")
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    writes = write(folder, a_txt="a", b_txt="new")
    assert writes.unchanged == ("a.txt",)
    assert paths(writes.changed) == ["b.txt"]
    assert (writes.changed[0].old_text, writes.changed[0].new_text) == ("b", "new")
    assert (folder / "a.txt").stat().st_mtime == 1
    assert (folder / "b.txt").stat().st_mtime > 1
    os.utime(folder / "manifest.json", (1, 1))
    assert write(folder, a_txt="a", b_txt="new").clean
    assert (folder / "manifest.json").stat().st_mtime == 1


def test_a_new_spec_digest_alone_writes_the_manifest(folder):
    write(folder, a_txt="a")
    writes = write(folder, spec=hash_bytes(b"other"), a_txt="a")
    assert not writes.clean
    assert (writes.created, writes.changed) == ((), ())
    assert json.loads((folder / "manifest.json").read_text())["spec"] == hash_bytes(b"other")


def test_what_the_spec_no_longer_yields_is_removed(folder):
    write(folder, a_txt="a", sql__x__b_sql="b", sql__c_sql="c")
    (folder / "notes.txt").write_text("mine")
    writes = write(folder, a_txt="a", sql__c_sql="c")
    assert paths(writes.removed) == ["sql/x/b.sql"]
    assert without_manifest(folder) == {"a.txt": "a", "sql/c.sql": "c", "notes.txt": "mine"}
    write(folder, a_txt="a")
    assert without_manifest(folder) == {"a.txt": "a", "notes.txt": "mine"}


def test_a_file_becomes_a_folder_and_back(folder):
    write(folder, a="a")
    write(folder, a__b="b")
    assert without_manifest(folder) == {"a/b": "b"}
    write(folder, a="a")
    assert without_manifest(folder) == {"a": "a"}


def test_an_edit_by_hand_is_told_and_needs_force(folder):
    write(folder, a_txt="a", b_txt="b")
    (folder / "a.txt").write_text("edited")
    writes = plan_writes(folder, artifacts(a_txt="new", b_txt="new"), SPEC)
    assert paths(writes.edited) == ["a.txt"]
    assert (writes.edited[0].old_text, writes.edited[0].new_text) == ("edited", "new")
    with pytest.raises(EditedByHand, match=r"a\.txt") as caught:
        apply_writes(writes)
    assert "--force" in (caught.value.hint or "")
    assert isinstance(caught.value, PenguinError)
    assert without_manifest(folder) == {"a.txt": "edited", "b.txt": "b"}
    apply_writes(writes, force=True)
    assert without_manifest(folder) == {"a.txt": "new", "b.txt": "new"}


def test_an_edit_is_told_even_where_the_spec_did_not_change(folder):
    write(folder, a_txt="a")
    (folder / "a.txt").write_text("edited")
    with pytest.raises(EditedByHand):
        write(folder, a_txt="a")


def test_an_edit_that_says_what_compile_says_is_no_edit(folder):
    write(folder, a_txt="a")
    (folder / "a.txt").write_text("new")
    assert write(folder, a_txt="new").unchanged == ("a.txt",)


def test_an_orphan_that_was_edited_needs_force(folder):
    write(folder, a_txt="a", b_txt="b")
    (folder / "b.txt").write_text("edited")
    with pytest.raises(EditedByHand, match=r"b\.txt"):
        write(folder, a_txt="a")
    write(folder, a_txt="a", force=True)
    assert without_manifest(folder) == {"a.txt": "a"}


def test_a_file_that_the_manifest_does_not_know_needs_force(folder):
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"mine \xff")
    with pytest.raises(EditedByHand, match="not written by penguin-compile"):
        write(folder, a_txt="a")
    assert (folder / "a.txt").read_bytes() == b"mine \xff"
    write(folder, a_txt="a", force=True)
    assert without_manifest(folder) == {"a.txt": "a"}


def test_a_file_that_went_missing_comes_back(folder):
    write(folder, a_txt="a")
    (folder / "a.txt").unlink()
    assert paths(write(folder, a_txt="a").created) == ["a.txt"]
    assert without_manifest(folder) == {"a.txt": "a"}


def test_other_targets_stay_when_some_are_compiled(folder):
    everything = {"sql__a_sql": "a", "env__b": "b", "scripts__marchproxy-import_sh": "c"}
    write(folder, **everything)
    write(folder, only={"sql"}, sql__n_sql="n")
    assert without_manifest(folder) == {
        "sql/n.sql": "n",
        "env/b": "b",
        "scripts/marchproxy-import.sh": "c",
    }
    write(folder, only=["marchproxy", "env"])
    assert without_manifest(folder) == {"sql/n.sql": "n"}
    assert list(json.loads((folder / "manifest.json").read_text())["artifacts"]) == ["sql/n.sql"]


def test_scripts_are_executable_and_stay_so(folder):
    script = [Artifact(path="x.sh", text="#!/bin/sh\n", executable=True)]
    apply_writes(plan_writes(folder, script, SPEC))
    assert os.access(folder / "x.sh", os.X_OK)
    assert not os.access(folder / "manifest.json", os.X_OK)
    (folder / "x.sh").chmod(0o644)
    assert paths(plan_writes(folder, script, SPEC).changed) == ["x.sh"]
    apply_writes(plan_writes(folder, script, SPEC))
    assert os.access(folder / "x.sh", os.X_OK)


@pytest.mark.parametrize("link", ["sql", "sql/a.sql"])
def test_links_that_lead_out_are_refused(folder, tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.sql").write_text("mine")
    target = folder / link
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(outside / "a.sql" if link.endswith(".sql") else outside)
    with pytest.raises(FileFailure, match="leads out of"):
        plan_writes(folder, artifacts(sql__a_sql="a"), SPEC)
    assert tree(outside) == {"a.sql": "mine"}


def test_an_orphan_behind_a_link_that_leads_out_is_not_removed(folder, tmp_path):
    write(folder, sql__a_sql="a")
    outside = tmp_path / "outside"
    (folder / "sql").rename(outside)
    (folder / "sql").symlink_to(outside)
    with pytest.raises(FileFailure, match="leads out of"):
        write(folder)
    assert tree(outside) == {"a.sql": "a"}


def test_a_link_inside_gives_way_to_the_file(folder):
    folder.mkdir(parents=True)
    (folder / "real.txt").write_text("a")
    (folder / "a.txt").symlink_to("real.txt")
    (folder / "b.txt").symlink_to("nowhere.txt")
    write(folder, a_txt="new", b_txt="b", force=True)
    assert without_manifest(folder) == {"real.txt": "a", "a.txt": "new", "b.txt": "b"}


@pytest.mark.parametrize("path", ["../x", "/x", "manifest.json"])
def test_a_target_cannot_name_a_file_outside(folder, path):
    with pytest.raises(PenguinError, match="outside of its folder"):
        plan_writes(folder, [Artifact(path=path, text="")], SPEC)


def test_text_that_is_no_unicode(folder):
    with pytest.raises(PenguinError, match=r"a\.txt would hold half of a surrogate"):
        plan_writes(folder, artifacts(a_txt="\ud800"), SPEC)


def test_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path(), a_txt="a")
    assert without_manifest(tmp_path) == {"a.txt": "a"}
