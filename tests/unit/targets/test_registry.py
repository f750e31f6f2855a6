from __future__ import annotations

import pytest

from penguin_compile.targets import TARGETS
from penguin_compile.targets.target import RESOURCE_KINDS
from tests.models import example_app, render


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_kind_of_resource_is_rendered_or_ignored_with_a_reason(name):
    target = TARGETS.load(name)
    assert target.name == name
    assert sorted([*target.renders, *target.ignores]) == sorted(RESOURCE_KINDS)
    assert all(target.ignores.values())


@pytest.mark.parametrize("name", list(TARGETS))
def test_artifacts_are_the_targets_own_and_the_same_every_time(name):
    artifacts = render(name, example_app())
    assert artifacts == render(name, example_app())
    for path, artifact in artifacts.items():
        assert path.startswith(TARGETS.load(name).owns)
        assert artifact.text.endswith("\n")
        assert not artifact.text.endswith("\n\n")
        assert "\r" not in artifact.text
