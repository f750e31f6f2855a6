from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.artifacts.check import read_schema
from penguin_compile.artifacts.manifest import Manifest, hash_bytes, is_inside, parse_manifest
from penguin_compile.core.errors import FileFailure

PATH = Path("generated/x/manifest.json")
DIGEST = hash_bytes(b"x")


def test_there_and_back_sorted():
    manifest = Manifest(spec=DIGEST, artifacts={"b/ü": DIGEST, "a": DIGEST})
    text = manifest.text()
    assert list(json.loads(text)) == ["artifacts", "format", "spec"]
    assert list(json.loads(text)["artifacts"]) == ["a", "b/ü"]
    assert parse_manifest(text.encode(), PATH) == manifest
    import jsonschema_rs

    jsonschema_rs.validate(read_schema("manifest.schema.json"), json.loads(text))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "damaged: it is not JSON"),
        (b"{", "damaged: it is not JSON"),
        (b"\xff", "damaged: it is not JSON"),
        (b"[" * 100_000, "damaged: it is not JSON"),
        (b"[]", "not a manifest of penguin-compile"),
        (b'{"name": "web app", "icons": []}', "not a manifest of penguin-compile"),
        (b'{"format": 2}', "has format 2, this version reads 1"),
        (b'{"format": 1}', "its entries are not those"),
        (b'{"format": 1, "spec": "", "artifacts": {"a": 1}}', "its entries are not those"),
        (b'{"format": 1, "spec": "", "artifacts": {"../a": ""}}', "its entries are not those"),
    ],
)
def test_what_is_no_manifest_is_told(content, told):
    with pytest.raises(FileFailure, match=told) as caught:
        parse_manifest(content, PATH)
    assert str(PATH) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a/b.json", True),
        (".env", True),
        ("..a/b", True),
        ("", False),
        (".", False),
        ("/etc/passwd", False),
        ("../a", False),
        ("a/../../b", False),
        ("a//b", False),
        ("./a", False),
        ("a\\b", False),
        ("a\0b", False),
        ("manifest.json", False),
    ],
)
def test_paths_that_stay_inside(path, inside):
    assert is_inside(path) is inside
