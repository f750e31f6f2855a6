"""An app taken over, compiled, and both Compose files put before the real program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penguin_compile.adoption import Adoption, Request, adopt
from penguin_compile.compilation import compile_spec
from tests.compose_program import resolve


@dataclass(frozen=True)
class RoundTrip:
    """What went in and what came out, each as the real program resolves it."""

    adoption: Adoption
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def untold(self) -> list[str]:
        """Differences that the report doesn't tell."""
        told = [one.path for one in self.adoption.differences]
        return [
            f"{'.'.join(path)}: {one!r} -> {other!r}"
            for path, one, other in differences((), self.before, self.after)
            if not any(path[: len(known)] == known or known[: len(path)] == path for known in told)
        ]


def go_round(folder: Path, compose: list[str], env: list[str], app: str | None = None) -> RoundTrip:
    """`init` and `compile` in a folder; the spec is written there as `init` writes it."""
    files = [folder / one for one in compose]
    env_files = [folder / one for one in env]
    request = Request(directory=folder, compose_files=files, env_files=env_files, app=app)
    adoption = adopt(request)
    adoption.path.parent.mkdir(exist_ok=True)
    adoption.path.write_text(adoption.text, encoding="utf-8")
    assert not adoption.checked.has_errors, [
        f"{one.span}: {one.code} {one.message}" for one in adoption.checked.findings
    ]
    compiled = write_compiled(adoption, folder)
    brought = {one.name: one.value for one in adoption.intake.draft.brought.values()}
    own = [one for one in [folder / ".env"] if one.exists() and not env]
    env_file = joined([*env_files, *own], folder)
    home = {"HOME": str(folder)}
    before = resolve(*files, env_file=env_file, variables=home, may_warn=True)
    after = resolve(compiled, env_file=env_file, variables=brought | home, may_warn=True)
    return RoundTrip(adoption, before, after)


def write_compiled(adoption: Adoption, folder: Path) -> Path:
    """The compiled Compose file, where `compile` writes it."""
    for one in compile_spec(adoption.checked, out=folder / "generated", targets=("compose",)):
        for artifact in one.artifacts["compose"]:
            path = one.folder.path / artifact.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(artifact.text, encoding="utf-8")
            return path
    raise AssertionError("no Compose file was compiled")


def joined(env_files: list[Path], folder: Path) -> Path | None:
    """Several env files as one, as Compose reads them one after the other."""
    if len(env_files) < 2:
        return env_files[0] if env_files else None
    path = folder / "joined.env"
    path.write_text("\n".join(one.read_text("utf-8") for one in env_files), encoding="utf-8")
    return path


def differences(path: tuple[str, ...], one: Any, other: Any):
    """Where two models differ, as deep as they can be followed."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences((*path, key), one.get(key), other.get(key))
    elif json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        yield path, one, other
