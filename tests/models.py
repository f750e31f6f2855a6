"""Apps for tests: from a spec's text to the model, through the real stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penguin_compile.compiler.lower import lower
from penguin_compile.compiler.shape import read_shapes
from penguin_compile.core.span import Source
from penguin_compile.model.app import App
from penguin_compile.pipeline import check_file
from penguin_compile.source.environments import resolve_environment
from penguin_compile.source.load import load_text
from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import Artifact, Placement

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "spec" / "myapp.yaml"
PLACEMENT = Placement(spec="spec/myapp.yaml", to_root="../../..")


def read_app(text: str, environment: str = "default") -> App:
    """The model of a spec's text; fails on any complaint about its shape."""
    loaded = load_text(Source("app.yaml", text), ROOT / "app.yaml", [])
    assert loaded.document is not None, loaded.findings
    assert not loaded.findings, loaded.findings
    resolved, findings = resolve_environment(loaded.document, environment)
    shape, complaints = read_shapes(resolved.document)
    assert shape is not None, complaints
    assert not findings, findings
    return lower(shape, environment)


def example_app(environment: str = "dev") -> App:
    """The model of the example spec."""
    return read_app(EXAMPLE.read_text(encoding="utf-8"), environment)


def example_apps() -> list[Any]:
    """The models of all example specs, in each of their environments, for `parametrize`."""
    return [
        pytest.param(checked.app, id=f"{path.stem}-{name}")
        for path in sorted(EXAMPLE.parent.glob("*.yaml"))
        for name, checked in check_file(path).environments.items()
    ]


def render(target: str, app: App, placement: Placement = PLACEMENT) -> dict[str, Artifact]:
    """What a target makes of an app, by path."""
    return {one.path: one for one in TARGETS.load(target).render(app, placement)}
