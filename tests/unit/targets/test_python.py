"""The stub before mypy, beside the module that an app writes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from penguin_compile.runtime import Settings, Snapshot
from penguin_compile.runtime import snapshot as runtime
from penguin_compile.targets.python import METHODS
from tests.models import ROOT, read_app, render

SPEC = r"""
penguin: 1
app: {name: shop, version: "2.0.0"}
config:
  port: {type: integer, default: 25, description: "The \"port\" \\ of '''mail''', \"\"\"so\"\"\""}
  host: {required: true}
  off: {type: boolean, default: false}
  ratio: {type: number, default: 1}
  seats: {type: integer}
  limits: {type: json, description: "Zürich\n2nd line \u2028 end"}
  api.key: {sensitive: true, secret: "env:API_KEY"}
  class: {default: a}
  source: {default: a}
"""
MODULE = """
from penguin_compile.runtime import open_settings
settings = open_settings("manifest.json")
"""
USE = """
from settings import settings, Settings
reveal_type(settings.port)
reveal_type(settings.host)
reveal_type(settings.off)
reveal_type(settings.ratio)
reveal_type(settings.seats)
reveal_type(settings.limits)
reveal_type(settings["api.key"])
reveal_type(settings["class"])
reveal_type(settings["source"])
reveal_type(settings.source("port"))
reveal_type(settings.snapshot().port)
settings.prot
settings.port = 26
def use(settings: Settings) -> None:
    settings.on_change(lambda changed: print(changed.keys), "port")
"""
REVEALED = [
    *("int", "str", "bool", "float", "int | None", "Any", "str | None", "str", "str"),
    *("penguin_compile.runtime.resolution.Source", "int"),
]


def check(folder, text):
    (folder / "use.py").write_text(text)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--no-error-summary",
            "use.py",
        ],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT), "MYPY_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return [line.partition("use.py:")[2] for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("spec", [SPEC, "penguin: 1\napp: {name: shop, version: '1'}\n"])
def test_a_type_checker_knows_every_key_and_no_other(spec, tmp_path):
    text = render("python", read_app(spec))["python/settings.pyi"].text
    (tmp_path / "settings.pyi").write_text(text, encoding="utf-8")
    (tmp_path / "settings.py").write_text(MODULE)
    if spec is not SPEC:
        assert check(tmp_path, "from settings import settings\nsettings.source('x')\n") == []
        return
    said = check(tmp_path, USE)
    revealed = [line.split('"')[1] for line in said if "Revealed type" in line]
    assert [one.removeprefix("builtins.") for one in revealed] == REVEALED
    errors = [line for line in said if "error:" in line]
    assert len(errors) == 2
    assert 'no attribute "prot"' in errors[0]
    assert 'Property "port"' in errors[1]


def test_the_keys_that_methods_hide_are_those_that_the_library_has():
    public = {name for one in (Settings, Snapshot) for name in dir(one) if name[0] != "_"}
    assert public == METHODS == runtime.METHODS
