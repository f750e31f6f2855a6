"""What some tests need and not every machine has: skipped with a reason, or required.

`PENGUIN_TEST_REQUIRE` names what may not be missing: `databases`, `clients`, `inputs`,
`editor`, `mermaid`, `typescript`, `compose`, `kubectl`, `sops`, `vault`, `browser`,
`linters`, `shells`, `docs`, `valgrind`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"
INPUTS = _SHARED / "inputs"
API_SERVER = _SHARED / "reference" / "marchproxy-api-server.openapi.json"
STANDARDS = _SHARED / "reference" / "integration-standards.md"


def database_url(variable: str) -> str:
    """The URL of a real server, or the test ends here."""
    url = os.environ.get(variable)
    if not url:
        end_without("databases", f"{variable} is not set: no such server to test with")
    return str(url)


def inputs_folder() -> Path:
    """The files of real apps, which stand beside the checkout, or the test ends here."""
    if not INPUTS.is_dir():
        end_without("inputs", f"the files of real apps are not beside this repository: {INPUTS}")
    return INPUTS


def standards_document() -> str:
    """The standards that this project implements, which stand beside the checkout."""
    if not STANDARDS.is_file():
        end_without("inputs", f"the standards are not beside this repository: {STANDARDS}")
    return STANDARDS.read_text(encoding="utf-8")


def api_server_document() -> dict[str, Any]:
    """The OpenAPI document of the real api-server, which stands beside the checkout."""
    if not API_SERVER.is_file():
        end_without("inputs", f"the real server's document is not beside this: {API_SERVER}")
    document: dict[str, Any] = json.loads(API_SERVER.read_text(encoding="utf-8"))
    return document


def end_without(what: str, reason: str) -> None:
    """End the test: it fails where `what` is required, and is skipped elsewhere."""
    if what in os.environ.get("PENGUIN_TEST_REQUIRE", "").split():
        pytest.fail(reason)
    pytest.skip(reason)
