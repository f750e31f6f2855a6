"""docs/secrets-at-rest.md: its test vector opens here and with the code that the page shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.live.config.sealing import read_keyring, seal, unseal
from tests.requirements import end_without

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "secrets-at-rest.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


VECTOR = json.loads(block("json"))


def test_the_vector_opens_here() -> None:
    ring = read_keyring({"PENGUIN_CONFIG_KEYS": VECTOR["keys"]})
    assert unseal(ring, VECTOR["config_key"], VECTOR["stored"]) == VECTOR["value"]


def test_the_pages_python_opens_what_is_sealed_here() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    ring = read_keyring({"PENGUIN_CONFIG_KEYS": VECTOR["keys"]})
    assert ring is not None
    for stored in (VECTOR["stored"], seal(ring, VECTOR["config_key"], VECTOR["value"])):
        assert names["unseal"](VECTOR["keys"], VECTOR["config_key"], stored) == VECTOR["value"]


def test_the_pages_javascript_opens_what_is_sealed_here() -> None:
    node = shutil.which("node")
    if node is None:
        end_without("editor", "node is not installed")
    ring = read_keyring({"PENGUIN_CONFIG_KEYS": VECTOR["keys"]})
    assert ring is not None
    fresh = seal(ring, VECTOR["config_key"], VECTOR["value"])
    given = [[VECTOR["keys"], VECTOR["config_key"], one] for one in (VECTOR["stored"], fresh)]
    program = f"{block('javascript')}\nconsole.log(JSON.stringify(GIVEN.map((g) => unseal(...g))))"
    done = subprocess.run(
        [str(node), "-e", program.replace("GIVEN", json.dumps(given))],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout) == [VECTOR["value"]] * 2


@pytest.mark.parametrize("name", ["PENGUIN_CONFIG_KEYS", "PENGUIN_CONFIG_KEYS_FILE"])
def test_the_pages_variables_are_those_that_are_read(name: str, tmp_path: Path) -> None:
    assert f"`{name}`" in PAGE
    path = tmp_path / "keys"
    path.write_text(VECTOR["keys"])
    path.chmod(0o600)
    ring = read_keyring({name: str(path) if name.endswith("FILE") else VECTOR["keys"]})
    assert ring is not None
    assert ring.first == "2026-11"
