"""The manifest: what an earlier compile wrote into a folder, and with which hashes.

By it the writer tells its own files from a person's: the former may be replaced and removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Any

from penguin_compile.core.errors import FileFailure
from penguin_compile.core.records import dataclass

NAME = "manifest.json"
FORMAT = 1
_HINT = "restore it from git, or delete it: files that differ then count as edited by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`spec` is the digest of the resolved spec, `artifacts` maps paths to SHA-256 of bytes."""

    spec: str = ""
    artifacts: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Its JSON, sorted, so that two runs write the same."""
        document = {"format": FORMAT, "spec": self.spec, "artifacts": dict(self.artifacts)}
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def hash_bytes(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def parse_manifest(content: bytes, path: Path) -> Manifest:
    """From a file's bytes; FileFailure where they are no manifest of ours."""
    try:
        document = json.loads(content.decode())
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise FileFailure(f"{path} is damaged: it is not JSON", hint=_HINT) from None
    if not isinstance(document, dict) or "format" not in document:
        raise FileFailure(f"{path} is not a manifest of penguin-compile", hint=_HINT)
    if document["format"] != FORMAT:
        raise FileFailure(
            f"{path} has format {document['format']!r}, this version reads {FORMAT}",
            hint="use the version of penguin-compile that wrote it, or a newer one",
        )
    spec, artifacts = document.get("spec"), document.get("artifacts")
    if isinstance(spec, str) and isinstance(artifacts, dict) and _is_table(artifacts):
        return Manifest(spec=spec, artifacts=artifacts)
    raise FileFailure(f"{path} is damaged: its entries are not those of a manifest", hint=_HINT)


def _is_table(artifacts: dict[str, Any]) -> bool:
    return all(is_inside(path) and isinstance(one, str) for path, one in artifacts.items())


def is_inside(path: str) -> bool:
    """Whether an artifact's path stays in its folder, and is not the manifest's own."""
    pure = PurePosixPath(path)
    plain = str(pure) == path and not pure.is_absolute() and "\\" not in path and "\0" not in path
    return plain and ".." not in pure.parts and path.casefold() not in {"", ".", NAME}
