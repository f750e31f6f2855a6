"""What an app may do with its settings, and what it may not, without any database."""

from __future__ import annotations

import copy
import pickle

import pytest

from penguin_compile.runtime import open_settings
from tests.models import read_app, render

SPEC = """
penguin: 1
app: {name: shop, version: "1"}
config:
  port: {type: integer, default: 25}
  limits: {type: json, default: {seats: [1, 2], more: {a: 1}}}
  source: {default: a}
  refresh: {type: integer, default: 5}
  unset: {type: number}
  token: {sensitive: true, secret: "env:TOKEN"}
"""


@pytest.fixture
def settings(tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(render("runtime", read_app(SPEC))["runtime/manifest.json"].text)
    return open_settings(manifest, environment={"TOKEN": "tr0ub4dor"})


@pytest.mark.filterwarnings("error")
def test_a_key_that_is_called_like_a_method_hides_none(settings):
    for reader in (settings, settings.snapshot()):
        assert reader["source"] == "a"
        assert reader["source"] == "a"
        assert reader.source("port") == "default"
    assert settings["refresh"] == 5
    assert settings.refresh() is False  # nothing is followed


def test_nobody_changes_them_here(settings):
    assert settings.port == 25
    for reader in (settings, settings.snapshot()):
        with pytest.raises(AttributeError, match="in their table"):
            reader.port = 26
    limits = settings.limits
    for change in (
        lambda: limits.update(a=1),
        limits["more"].clear,
        lambda: limits["seats"].append(3),
        lambda: limits.__setitem__("a", 1),
        lambda: limits.__ior__({}),
        lambda: limits["seats"].__iadd__([3]),
    ):
        with pytest.raises(TypeError, match="change a copy"):
            change()
    mine = copy.deepcopy(limits)
    mine["seats"].append(3)
    assert (mine["seats"], limits["seats"]) == ([1, 2, 3], [1, 2])
    assert pickle.loads(pickle.dumps(limits)) == limits


def test_secrets_are_read_and_never_shown(settings):
    assert settings.token == "tr0ub4dor"
    snapshot = settings.snapshot()
    shown = [repr(settings), repr(snapshot), repr(vars(settings)), settings.explain("token")]
    shown += [repr(settings.__dict__.resolver), snapshot.explain("token"), str(settings)]
    assert "tr0ub4dor" not in "".join(shown)
    for reader in (settings, snapshot):
        with pytest.raises(TypeError, match="may hold secrets"):
            pickle.dumps(reader)
        with pytest.raises(TypeError, match="may hold secrets"):
            copy.copy(reader)


def test_what_has_no_value_is_none(settings):
    assert (settings.unset, settings.source("unset")) == (None, "nowhere")
    assert settings.explain("unset") == "unset = None, which nothing gives a value"
