"""The library beside the app needs none of the compiler's dependencies, and httpx only to ask."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCK = """
import sys
for name in (
    "alembic", "click", "cryptography", "filelock", "jinja2", "jsonschema_rs", "orjson",
    "pydantic", "ruamel", "sqlalchemy", "tenacity", *sys.argv[1:],
):
    sys.modules[name] = None
from penguin_compile.runtime import (
    AIError, Telemetry, continue_trace, open_ai, open_license, open_telemetry, requires_feature
)
"""
USE = """
from penguin_compile.runtime.license_terms import Entitlements
import os
os.environ |= {"RELEASE_MODE": "false", "KILLKRILL_ENABLED": "false"}
os.environ.pop("LICENSE_KEY", None)
license_ = open_license(Entitlements(product="shop"))
assert requires_feature("sso")(lambda: "done")() == "done"
from penguin_compile.runtime.telemetry_catalogue import Catalogue
with open_telemetry(Catalogue(app="shop")) as telemetry:
    telemetry.log("info", "here")
assert open_ai()
"""


@pytest.mark.parametrize("missing", [[], ["httpx", "flask", "starlette", "werkzeug"]])
def test_with_the_standard_library_alone(missing: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCK + USE, *missing],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"message": "here"' in done.stderr
