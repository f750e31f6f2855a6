"""What many specs import is read and parsed once; what each depends on is noted."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from penguin_compile.pipeline import check_spec
from penguin_compile.source.load import load_spec
from penguin_compile.source.shared_files import SharedFiles


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("shared.yaml").write_text("config: {size: {type: integer, default: x, description: D}}\n")
    for name in ("a", "b"):
        text = (
            f"penguin: 1\nimports: [shared.yaml]\napp: {{name: {name}}}\nconfig: {{{name}: {{}}}}\n"
        )
        Path(f"{name}.yaml").write_text(text)
    return tmp_path


def test_each_spec_is_what_it_is_alone(home: Path) -> None:
    files = SharedFiles()
    for name in ("a", "b", "a"):
        path = Path(f"{name}.yaml")
        files.begin(path)
        shared, alone = load_spec(path, files=files), load_spec(path)
        assert shared.document is not None
        assert alone.document is not None
        assert shared.document.root == alone.document.root
        told = [(one.code, str(one.span)) for one in check_spec(shared).findings]
        assert told == [(one.code, str(one.span)) for one in check_spec(alone).findings] != []
        assert files.hashes == {
            str(home / one): sha256((home / one).read_bytes()).hexdigest()
            for one in (f"{name}.yaml", "shared.yaml")
        }


def test_an_import_is_read_once(home: Path) -> None:
    files = SharedFiles()
    sources = []
    for name in ("a", "b"):
        files.begin(Path(f"{name}.yaml"))
        loaded = load_spec(Path(f"{name}.yaml"), files=files)
        sources.append(loaded.sources[home / "shared.yaml"])
        Path("shared.yaml").write_text("{}\n")
    assert sources[0] is sources[1]
    assert files.parse(sources[0]) is files.parse(sources[1])


def test_what_is_not_there_and_links_are_noted(home: Path) -> None:
    Path("linked.yaml").symlink_to("shared.yaml")
    Path("a.yaml").write_text("penguin: 1\nimports: [linked.yaml, gone.yaml]\napp: {name: a}\n")
    files = SharedFiles()
    files.begin(Path("a.yaml"))
    load_spec(Path("a.yaml"), files=files)
    assert files.hashes[str(home / "gone.yaml")] is None
    assert files.links == {str(home / "linked.yaml"): str(home / "shared.yaml")}
